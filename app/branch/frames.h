// Messages between the processes of a branching run: length, kind, payload over a stream socket.
//
// Why frames: a reader sees bytes in pieces of any size, and the other side may die within a message. What has not
// arrived whole is not a message; what cannot be one (a length beyond the limit) breaks the stream for good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brokersim::branch {

enum class FrameKind : std::uint8_t {
  request = 'R',  ///< Driver to worker: what to do; request.h.
  outcome = 'O',  ///< A child's outcome; worker.h.
  died = 'X',     ///< A child ended without one.
  refused = 'E',  ///< The worker cannot do, or go on with, what was asked.
  done = 'D',     ///< The worker has told everything.
};

struct Frame {
  FrameKind kind = FrameKind::done;
  std::string payload;
};

/// Of one payload, in bytes. The largest outcome ever seen here had 3 MB.
inline constexpr std::size_t kPayloadMax = std::size_t{1} << 30;

/// Puts frames together from bytes as they come.
class FrameReader {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// The next whole frame; nothing: more bytes are needed, or broken().
  [[nodiscard]] std::optional<Frame> next();
  /// What came cannot be a frame; next() gives nothing any more.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Bytes have come of a frame that is not whole yet.
  [[nodiscard]] bool amid_frame() const { return at_ < bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;  // of the first byte not yet taken
  bool broken_ = false;
};

/// Sends a frame over the stream socket `fd`; waits while it is full. False: the other side is gone. Raises no signal.
/// Payload at most kPayloadMax.
[[nodiscard]] bool send_frame(int fd, FrameKind kind, std::string_view payload);

/// What one read of `fd` gave.
enum class Received : std::uint8_t {
  bytes,    ///< At least one.
  nothing,  ///< Interrupted, or none there now.
  ended,    ///< The other side has closed, or is gone.
};
/// One read, as much as is there (up to 64 KiB), into `reader`.
[[nodiscard]] Received receive(int fd, FrameReader& reader);

/// 8 bytes, least first.
[[nodiscard]] std::string encode_u64(std::uint64_t value);
/// Takes 8 bytes off the front of `text`; nothing if there are fewer.
[[nodiscard]] std::optional<std::uint64_t> take_u64(std::string_view& text);

}  // namespace brokersim::branch
