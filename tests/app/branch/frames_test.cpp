// Goal: messages arrive whole or not at all, in whatever pieces they come. Method: one stream cut everywhere.
#include "app/branch/frames.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace brokersim::branch {
namespace {

/// What send_frame() puts on a stream.
std::string bytes_of(FrameKind kind, const std::string& payload) {
  return encode_u64(payload.size()) + static_cast<char>(kind) + payload;
}

TEST(Frames, AnyCutGivesTheSameFrames) {
  const std::string stream = bytes_of(FrameKind::outcome, "first") + bytes_of(FrameKind::died, "") +
                             bytes_of(FrameKind::done, std::string("\0\n\xFF", 3));
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameReader reader;
    std::vector<Frame> frames;
    for (const std::string& piece : {stream.substr(0, cut), stream.substr(cut)}) {
      reader.feed(piece);
      while (auto frame = reader.next()) frames.push_back(std::move(*frame));
    }
    ASSERT_EQ(frames.size(), 3u) << "cut at " << cut;
    EXPECT_EQ(frames[0].payload, "first");
    EXPECT_EQ(frames[1].kind, FrameKind::died);
    EXPECT_EQ(frames[2].payload, std::string("\0\n\xFF", 3));
    EXPECT_FALSE(reader.amid_frame());
  }
}

TEST(Frames, ByteByByteNothingIsWholeBeforeItsEnd) {
  const std::string stream = bytes_of(FrameKind::outcome, "payload");
  FrameReader reader;
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
    reader.feed(stream.substr(i, 1));
    ASSERT_FALSE(reader.next().has_value()) << i;
    EXPECT_TRUE(reader.amid_frame());
  }
  reader.feed(stream.substr(stream.size() - 1));
  EXPECT_EQ(reader.next().value().payload, "payload");
}

TEST(Frames, AnImpossibleLengthOrKindBreaksTheStreamForGood) {
  for (const std::string& bad : {encode_u64(kPayloadMax + 1) + "O", encode_u64(~std::uint64_t{0}) + "O",
                                 encode_u64(3) + "zabc", std::string(64, '\xFF')}) {
    FrameReader reader;
    reader.feed(bad);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.broken());
    reader.feed(bytes_of(FrameKind::outcome, "sound"));
    EXPECT_FALSE(reader.next().has_value());
  }
}

TEST(Frames, NumbersOfEightBytes) {
  for (const std::uint64_t n :
       {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    const std::string bytes = encode_u64(n) + "x";
    std::string_view rest = bytes;
    EXPECT_EQ(take_u64(rest), n);
    EXPECT_EQ(rest, "x");
    EXPECT_FALSE(take_u64(rest).has_value());
  }
}

// Method: 8 MiB through a socket, which holds far less, while another thread reads.
TEST(Frames, APayloadLargerThanTheSocketArrives) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  std::string payload(8u << 20, 'x');
  payload[12'345] = 'y';
  Frame got;
  std::thread reading([&] {
    FrameReader reader;
    for (;;) {
      if (auto frame = reader.next()) {
        got = std::move(*frame);
        return;
      }
      if (receive(ends[1], reader) == Received::ended) return;
    }
  });
  EXPECT_TRUE(send_frame(ends[0], FrameKind::outcome, payload));
  reading.join();
  EXPECT_EQ(got.payload, payload);
  ::close(ends[1]);
  EXPECT_FALSE(send_frame(ends[0], FrameKind::outcome, payload)) << "nobody reads: no signal, an answer";
  ::close(ends[0]);
}

}  // namespace
}  // namespace brokersim::branch
