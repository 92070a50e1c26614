#include "app/branch/frames.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "sim/check.h"

namespace brokersim::branch {
namespace {

constexpr std::size_t kHeader = 9;  // length, kind

bool known(std::uint8_t kind) {
  for (const FrameKind k :
       {FrameKind::request, FrameKind::outcome, FrameKind::died, FrameKind::refused, FrameKind::done}) {
    if (static_cast<std::uint8_t>(k) == kind) return true;
  }
  return false;
}

}  // namespace

std::string encode_u64(std::uint64_t value) {
  std::string bytes(8, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xFF);
    value >>= 8;
  }
  return bytes;
}

std::optional<std::uint64_t> take_u64(std::string_view& text) {
  if (text.size() < 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[i]);
  text.remove_prefix(8);
  return value;
}

std::optional<Frame> FrameReader::next() {
  std::string_view rest = std::string_view(bytes_).substr(at_);
  if (broken_ || rest.size() < kHeader) return std::nullopt;
  const std::uint64_t size = take_u64(rest).value_or(0);
  const auto kind = static_cast<std::uint8_t>(rest[0]);
  if (size > kPayloadMax || !known(kind)) {
    broken_ = true;
    return std::nullopt;
  }
  rest.remove_prefix(1);
  if (rest.size() < size) return std::nullopt;
  Frame frame{static_cast<FrameKind>(kind), std::string(rest.substr(0, size))};
  at_ += kHeader + size;
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  } else if (at_ > bytes_.size() / 2) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
  return frame;
}

bool send_frame(int fd, FrameKind kind, std::string_view payload) {
  SIM_CHECK(payload.size() <= kPayloadMax, "a message is too long");
  const std::string header = encode_u64(payload.size()) + static_cast<char>(kind);
  std::array<iovec, 2> parts{{{const_cast<char*>(header.data()), header.size()},
                              {const_cast<char*>(payload.data()), payload.size()}}};
  std::size_t left = header.size() + payload.size();
  while (left > 0) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    auto gone = static_cast<std::size_t>(sent);
    left -= gone;
    for (iovec& part : parts) {
      const std::size_t of_part = gone < part.iov_len ? gone : part.iov_len;
      part.iov_base = static_cast<char*>(part.iov_base) + of_part;
      part.iov_len -= of_part;
      gone -= of_part;
    }
  }
  return true;
}

Received receive(int fd, FrameReader& reader) {
  std::array<char, 64 << 10> chunk;
  const ssize_t got = ::recv(fd, chunk.data(), chunk.size(), 0);
  if (got > 0) {
    reader.feed({chunk.data(), static_cast<std::size_t>(got)});
    return Received::bytes;
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Received::nothing;
  return Received::ended;
}

}  // namespace brokersim::branch
