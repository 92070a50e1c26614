#include "models/devices/compute/codec.h"

#include <algorithm>
#include <span>

#include "sim/check.h"

namespace brokersim::compute {

namespace {

/// A row of lzbench: MB/s of original data, and compressed size in millionths.
struct Measured {
  std::int32_t level;
  std::int64_t compress_kb_per_s;
  std::int64_t decompress_kb_per_s;
  std::int64_t ratio_ppm;
};
constexpr Measured lz4_fast = {0, 577'000, 3'716'000, 476'000};
constexpr Measured lz4_hc = {9, 30'900, 3'527'000, 367'500};
constexpr Measured snappy_only = {0, 401'000, 1'077'000, 478'500};
constexpr Measured zstd_levels[] = {
    {1, 422'000, 1'347'000, 346'400}, {2, 344'000, 1'246'000, 327'900}, {5, 125'000, 1'197'000, 297'400}};
constexpr Measured gzip_levels[] = {
    {1, 93'000, 323'000, 364'500}, {6, 25'300, 344'000, 321'900}, {9, 10'300, 348'000, 319'200}};

constexpr std::int32_t kZstdDefault = 3;
constexpr std::int32_t kGzipDefault = 6;
constexpr std::int32_t kLz4Default = 9;
constexpr sim::Duration kSmallStart = {3'000};
constexpr sim::Duration kLargeStart = {30'000};
constexpr std::int64_t kMillion = 1'000'000;
/// Below this a block is not compressed at all, by the small-block law.
constexpr std::int64_t kSmallBlock = 1'024;

Measured interpolate(std::span<const Measured> rows, std::int32_t level) {
  level = std::clamp(level, rows.front().level, rows.back().level);
  std::size_t above = 0;
  while (rows[above].level < level) ++above;
  if (rows[above].level == level) return rows[above];
  const Measured& a = rows[above - 1];
  const Measured& b = rows[above];
  const auto between = [&](std::int64_t from, std::int64_t to) {
    return from + (to - from) * (level - a.level) / (b.level - a.level);
  };
  return {level, between(a.compress_kb_per_s, b.compress_kb_per_s),
          between(a.decompress_kb_per_s, b.decompress_kb_per_s), between(a.ratio_ppm, b.ratio_ppm)};
}

Measured measured(Codec codec, std::int32_t level) {
  const bool by_default = level == kDefaultLevel;
  switch (codec) {
    case Codec::none: break;
    case Codec::gzip: return interpolate(gzip_levels, by_default || level < 1 ? kGzipDefault : level);
    case Codec::snappy: return snappy_only;
    case Codec::lz4: return by_default || level == kLz4Default ? lz4_fast : lz4_hc;
    case Codec::zstd: return interpolate(zstd_levels, by_default ? kZstdDefault : level);
  }
  SIM_CHECK(false, "no such codec");
}

/// Picoseconds per byte at `kb_per_s` thousand bytes per second.
std::int64_t ps_per_byte(std::int64_t kb_per_s) { return (1'000'000'000 + kb_per_s / 2) / kb_per_s; }

}  // namespace

std::string_view to_string(Codec codec) {
  switch (codec) {
    case Codec::none: return "none";
    case Codec::gzip: return "gzip";
    case Codec::snappy: return "snappy";
    case Codec::lz4: return "lz4";
    case Codec::zstd: return "zstd";
  }
  SIM_CHECK(false, "no such codec");
}

CodecModel codec_model(Codec codec, std::int32_t level, std::int64_t ratio_ppm) {
  SIM_CHECK(ratio_ppm >= 0, "a compression ratio is not negative");
  SIM_CHECK(ratio_ppm <= kMillion, "a codec does not make data larger");
  CodecModel model;
  model.codec = codec;
  if (codec == Codec::none) return model;
  const Measured row = measured(codec, level);
  model.compress_ps_per_byte = ps_per_byte(row.compress_kb_per_s);
  model.decompress_ps_per_byte = ps_per_byte(row.decompress_kb_per_s);
  model.ratio_ppm = ratio_ppm > 0 ? ratio_ppm : row.ratio_ppm;
  model.start = codec == Codec::lz4 || codec == Codec::snappy ? kSmallStart : kLargeStart;
  return model;
}

sim::Duration CodecModel::compress(std::int64_t bytes) const {
  if (codec == Codec::none || bytes == 0) return {};
  return start + sim::Duration{bytes * compress_ps_per_byte / 1'000};
}

sim::Duration CodecModel::decompress(std::int64_t bytes) const {
  if (codec == Codec::none || bytes == 0) return {};
  return start + sim::Duration{bytes * decompress_ps_per_byte / 1'000};
}

std::int64_t CodecModel::compressed(std::int64_t bytes) const {
  if (codec == Codec::none || bytes <= 0) return bytes;
  const std::int64_t large = bytes * ratio_ppm / kMillion;
  const std::int64_t overhead = std::min(bytes, kSmallBlock) * (kMillion - ratio_ppm) / kMillion;
  return std::clamp<std::int64_t>(large + overhead, 1, bytes);
}

}  // namespace brokersim::compute
