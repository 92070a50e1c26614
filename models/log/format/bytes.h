// Big-endian numbers and zigzag varints in byte strings, as Kafka writes them.
//
// The reader is for hostile input: it never reads past its end, and says so once instead of at every call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace brokersim::log::format {

/// Appends to a byte string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void i8(std::int64_t value) { big_endian(value, 1); }
  void i16(std::int64_t value) { big_endian(value, 2); }
  void i32(std::int64_t value) { big_endian(value, 4); }
  void i64(std::int64_t value) { big_endian(value, 8); }
  void bytes(std::string_view value) { out_.append(value); }
  /// Zigzag, base 128, least significant group first (Protocol Buffers' sint64).
  void varint(std::int64_t value) {
    std::uint64_t rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    while (rest >= 0x80) {
      out_.push_back(static_cast<char>(rest | 0x80));
      rest >>= 7;
    }
    out_.push_back(static_cast<char>(rest));
  }

 private:
  void big_endian(std::int64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
    }
  }
  std::string& out_;
};

/// Overwrites 4 bytes at `at`, which must be inside `out`.
inline void patch_i32(std::string& out, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    out[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
}

/// Takes from the front of a byte string. Past the end every call gives 0 or nothing, and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::int8_t i8() { return static_cast<std::int8_t>(big_endian(1)); }
  [[nodiscard]] std::int16_t i16() { return static_cast<std::int16_t>(big_endian(2)); }
  [[nodiscard]] std::int32_t i32() { return static_cast<std::int32_t>(big_endian(4)); }
  [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  [[nodiscard]] std::int64_t i64() { return static_cast<std::int64_t>(big_endian(8)); }
  [[nodiscard]] std::string_view bytes(std::int64_t count) {
    if (count < 0 || count > static_cast<std::int64_t>(rest_.size())) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::int64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    fail();
    return 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::uint64_t big_endian(std::size_t bytes) {
    if (rest_.size() < bytes) {
      fail();
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(bytes);
    return value;
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace brokersim::log::format
