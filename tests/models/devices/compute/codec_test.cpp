// Goal: codecs cost and save what was measured, level by level, and small blocks save less.
#include <gtest/gtest.h>

#include "models/devices/compute/codec.h"

namespace brokersim::compute {
namespace {

TEST(Codec, DefaultsAreKafkas) {
  EXPECT_EQ(codec_model(Codec::gzip).ratio_ppm, codec_model(Codec::gzip, 6).ratio_ppm);
  EXPECT_EQ(codec_model(Codec::zstd).ratio_ppm, codec_model(Codec::zstd, 3).ratio_ppm);
  EXPECT_EQ(codec_model(Codec::lz4).compress_ps_per_byte, codec_model(Codec::lz4, 9).compress_ps_per_byte)
      << "level 9 is the name of the fast compressor";
  EXPECT_GT(codec_model(Codec::lz4, 10).compress_ps_per_byte,
            10 * codec_model(Codec::lz4).compress_ps_per_byte);
}

// Method: a third of the way from level 2 to level 5.
TEST(Codec, LevelsBetweenMeasuredOnesAreInterpolated) {
  const CodecModel two = codec_model(Codec::zstd, 2);
  const CodecModel three = codec_model(Codec::zstd, 3);
  EXPECT_EQ(two.ratio_ppm, 327'900);
  EXPECT_EQ(three.ratio_ppm, 327'900 - 30'500 / 3);
  EXPECT_EQ(codec_model(Codec::zstd, 22).ratio_ppm, codec_model(Codec::zstd, 5).ratio_ppm);
  EXPECT_EQ(codec_model(Codec::zstd, -5).ratio_ppm, codec_model(Codec::zstd, 1).ratio_ppm);
}

TEST(Codec, SmallBlocksSaveNothingLargeOnesAll) {
  const CodecModel lz4 = codec_model(Codec::lz4);
  EXPECT_EQ(lz4.compressed(0), 0);
  EXPECT_EQ(lz4.compressed(1), 1);
  EXPECT_EQ(lz4.compressed(1'024), 1'023) << "rounded down twice";
  EXPECT_EQ(lz4.compressed(16'384), 7'798 + 536);
  EXPECT_EQ(lz4.compressed(1'000'000), 476'536);
  std::int64_t before = 0;
  for (std::int64_t bytes = 1; bytes < 100'000; bytes += 97) {
    const std::int64_t now = lz4.compressed(bytes);
    EXPECT_GE(now, before) << "more data is never smaller";
    EXPECT_LE(now, bytes);
    before = now;
  }
}

TEST(Codec, NoneIsFreeAndOwnRatioCounts) {
  const CodecModel none = codec_model(Codec::none);
  EXPECT_EQ(none.compress(1'000'000).ns, 0);
  EXPECT_EQ(none.compressed(1'000'000), 1'000'000);
  EXPECT_EQ(codec_model(Codec::zstd, kDefaultLevel, 1'000'000).compressed(50'000), 50'000) << "random data";
  EXPECT_EQ(codec_model(Codec::zstd, kDefaultLevel, 100'000).compressed(1'000'000), 100'921);
}

}  // namespace
}  // namespace brokersim::compute
