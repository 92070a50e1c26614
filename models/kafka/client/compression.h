// What compression does to the client: fuller batches, and time per record in the thread that calls send().
//
// Rules (ProducerBatch, MemoryRecordsBuilder, CompressionRatioEstimator): a batch takes records until its estimated
// compressed size reaches batch.size. The estimate is the uncompressed size times a ratio that the producer learns per
// topic and codec, times 1.05. The ratio starts at 1; after a batch that came out larger it rises by at least 0.05, after
// a smaller one it falls by at most 0.005.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/kafka/config.h"
#include "models/log/batch.h"
#include "sim/time.h"

namespace brokersim::kafka::client {

/// CPU time per record of `record_size` bytes: the stream is fed in send(). The codec's start is shared by the records
/// of a full batch.
[[nodiscard]] inline sim::Duration compression_cost(const ProducerConfig& config, std::int64_t record_size,
                                                    std::int32_t compressed_percent) {
  const compute::CodecModel model = config.compression.model(compressed_percent);
  if (model.codec == compute::Codec::none) return {};
  const std::int64_t in_batch =
      std::max<std::int64_t>(config.batch_size.n * 1'000'000 / std::max<std::int64_t>(model.ratio_ppm, 1),
                             1) /
      std::max<std::int64_t>(record_size, 1);
  const sim::Duration bytes = model.compress(record_size) - model.start;
  return bytes + sim::Duration{model.start.ns / std::max<std::int64_t>(in_batch, 1)};
}

/// How many uncompressed bytes a batch takes. Pure; one per producer, whose topic is one.
class RatioEstimator {
 public:
  /// `record_alone` is the encoded batch of one record.
  RatioEstimator(const compute::CodecModel& model, std::int64_t batch_size, std::int64_t record_alone)
      : model_(model), batch_size_(batch_size), record_(record_alone - log::kBatchHeaderBytes) {}

  /// Estimated compressed bytes of `raw` uncompressed ones.
  [[nodiscard]] std::int64_t estimate(std::int64_t raw) const {
    return model_.codec == compute::Codec::none ? raw : raw * factor_ppm() / kOne;
  }
  /// Uncompressed bytes that are estimated at `compressed`.
  [[nodiscard]] std::int64_t raw(std::int64_t compressed) const {
    return model_.codec == compute::Codec::none ? compressed : compressed * kOne / factor_ppm();
  }
  /// A batch takes a record if it has no more uncompressed bytes with it than this: the records before it are estimated,
  /// the record itself counts whole.
  [[nodiscard]] std::int64_t raw_limit() const {
    const std::int64_t rest = batch_size_ - log::kBatchHeaderBytes - record_;
    if (model_.codec == compute::Codec::none || rest <= 0) return batch_size_;
    return log::kBatchHeaderBytes + record_ + raw(rest);
  }
  /// A batch of `raw` bytes is closed: its compressed size, from which the next estimate is learnt.
  [[nodiscard]] std::int64_t close(std::int64_t raw) {
    const std::int64_t size = log::compressed_batch_bytes(model_, raw);
    if (model_.codec == compute::Codec::none || raw <= log::kBatchHeaderBytes) return size;
    const std::int64_t observed = (size - log::kBatchHeaderBytes) * kOne / (raw - log::kBatchHeaderBytes);
    if (observed > ratio_ppm_) ratio_ppm_ = std::max(ratio_ppm_ + kRise, observed);
    if (observed < ratio_ppm_) ratio_ppm_ = std::max(ratio_ppm_ - kFall, observed);
    return size;
  }
  [[nodiscard]] std::int64_t ratio_ppm() const { return ratio_ppm_; }

 private:
  static constexpr std::int64_t kOne = 1'000'000;
  static constexpr std::int64_t kRise = 50'000;
  static constexpr std::int64_t kFall = 5'000;
  [[nodiscard]] std::int64_t factor_ppm() const { return ratio_ppm_ * 105 / 100; }

  compute::CodecModel model_;
  std::int64_t batch_size_;
  std::int64_t record_;
  std::int64_t ratio_ppm_ = kOne;
};

}  // namespace brokersim::kafka::client
