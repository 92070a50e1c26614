// Reading files that somebody else made: regular files only, never more than was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/log/format/segment_scan.h"

namespace brokersim::logdir {

/// An open regular file. A pipe, a device or a directory does not open, and nothing waits for one.
class RealFile final : public log::format::ByteSource {
 public:
  explicit RealFile(const std::string& path);
  ~RealFile() override;
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  [[nodiscard]] bool opened() const { return descriptor_ >= 0; }
  [[nodiscard]] std::int64_t size() const override { return size_; }
  [[nodiscard]] bool read(std::int64_t at, std::int64_t count, std::string& out) override;

 private:
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// The whole content of a regular file of at most `limit` bytes; nothing if there is none such.
[[nodiscard]] std::optional<std::string> read_small(const std::string& path, std::int64_t limit);

}  // namespace brokersim::logdir
