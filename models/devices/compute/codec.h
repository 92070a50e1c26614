// Compression codecs: how long a block takes, and how small it gets.
//
// Model: t = start + bytes / rate, and ratio(b) = r + (1 - r) * min(1, 1 KiB / b): a small block has little to refer back
// to. Rates and r (compressed / original for large blocks) are lzbench's for the Silesia corpus on one core of an
// EPYC 9554 at 3.1 GHz, which is the reference machine; levels between measured ones are interpolated. Data of another
// kind is described by its own r. Starts are assumptions: 3 us for lz4 and snappy, 30 us for the larger contexts of zstd
// and gzip; the small-block law is a first guess.
// Kafka's defaults (KIP-390): gzip 6 (zlib's own), zstd 3, lz4 9, which means the fast compressor; other levels of lz4 are
// lz4hc. zstd levels above 5 count as 5, below 1 as 1, lz4hc as its level 9.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/time.h"

namespace brokersim::compute {

enum class Codec : std::uint8_t { none, gzip, snappy, lz4, zstd };

/// As compression.type says it: "zstd".
[[nodiscard]] std::string_view to_string(Codec codec);

/// No level given: the codec's default.
inline constexpr std::int32_t kDefaultLevel = -1'000'000;

struct CodecModel {
  Codec codec = Codec::none;
  std::int64_t compress_ps_per_byte = 0;    ///< Of original data.
  std::int64_t decompress_ps_per_byte = 0;  ///< Of original data.
  std::int64_t ratio_ppm = 1'000'000;       ///< Compressed / original of a large block, in millionths.
  sim::Duration start;                      ///< Per block, either way.

  /// CPU time on the reference machine for `bytes` of original data; 0 without a codec.
  [[nodiscard]] sim::Duration compress(std::int64_t bytes) const;
  [[nodiscard]] sim::Duration decompress(std::int64_t bytes) const;
  /// Size of `bytes` of original data after compression. Never above `bytes`; at least 1 if bytes is.
  [[nodiscard]] std::int64_t compressed(std::int64_t bytes) const;
};

/// `ratio_ppm` above 0 replaces the corpus's ratio. Levels out of a codec's range count as the nearest.
[[nodiscard]] CodecModel codec_model(Codec codec, std::int32_t level = kDefaultLevel,
                                     std::int64_t ratio_ppm = 0);

}  // namespace brokersim::compute
