// CPU-1, CPU-2: the codec model on the machine it was measured on. CPU-3: draws of the collector's law. KFK-1: a scenario.
#include <algorithm>
#include <vector>

#include "models/devices/compute/codec.h"
#include "models/devices/compute/jvm.h"
#include "sim/simulation.h"
#include "tests/validation/areas.h"

namespace brokersim::validation {

namespace {

constexpr std::int64_t kBatch = 1'000'000;

void validate_codec(Report& report, const char* row, compute::Codec codec) {
  const compute::CodecModel model = compute::codec_model(codec);
  report.predict(row, "compress", static_cast<double>(model.compress(kBatch).ns) / 1e6);
  report.predict(row, "decompress", static_cast<double>(model.decompress(kBatch).ns) / 1e6);
  report.predict(row, "size", static_cast<double>(model.compressed(kBatch)) / 1e6);
}

/// A thousand hours of one broker: young and mixed collections, in the order of their law.
void validate_collector(Report& report) {
  sim::Simulation sim(1);
  const sim::Component broker(sim, "host/b/broker");
  const compute::PauseDraws draws(broker, {.collector = compute::Collector::g1}, 1);
  constexpr std::int64_t kHours = 1'000;
  std::vector<std::int64_t> pauses;
  std::int64_t young = 0;
  for (const std::size_t kind : {std::size_t{0}, std::size_t{1}}) {
    std::int64_t now = 0;
    for (std::uint64_t n = 0;; ++n) {
      now += draws.gap(kind, n).ns;
      if (now > kHours * 3'600'000'000'000) break;
      const std::int64_t length = draws.length(kind, n).ns;
      now += length;
      pauses.push_back(length);
      young += kind == 0 ? 1 : 0;
    }
  }
  const auto p90 = pauses.begin() + static_cast<std::ptrdiff_t>(pauses.size() * 9 / 10);
  std::nth_element(pauses.begin(), p90, pauses.end());
  report.predict("CPU-3", "p90 pause", static_cast<double>(*p90) / 1e6);
  report.predict("CPU-3", "young collections", static_cast<double>(young) / (kHours * 3'600.0));
}

}  // namespace

void validate_compute(Report& report) {
  validate_codec(report, "CPU-1", compute::Codec::lz4);
  validate_codec(report, "CPU-2", compute::Codec::gzip);
  validate_collector(report);
}

}  // namespace brokersim::validation
