#include "app/logdir/real_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace brokersim::logdir {

RealFile::RealFile(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) return;
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(descriptor_);
    descriptor_ = -1;
    return;
  }
  size_ = facts.st_size;
}

RealFile::~RealFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RealFile::read(std::int64_t at, std::int64_t count, std::string& out) {
  out.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(size_ - at, 0, count)));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(descriptor_, out.data() + done, out.size() - done, at + static_cast<off_t>(done));
    if (got < 0) return false;
    if (got == 0) break;  // somebody cut the file meanwhile
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return true;
}

std::optional<std::string> read_small(const std::string& path, std::int64_t limit) {
  RealFile file(path);
  if (!file.opened() || file.size() > limit) return std::nullopt;
  std::string content;
  if (!file.read(0, file.size(), content)) return std::nullopt;
  return content;
}

}  // namespace brokersim::logdir
