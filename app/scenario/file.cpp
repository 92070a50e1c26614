// read_file(): look first, read second. O_NONBLOCK keeps a named pipe from holding us for ever.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/scenario/reader.h"

namespace brokersim::scenario {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string megabytes(std::int64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

}  // namespace

std::optional<std::string> read_file(const std::string& path, std::int64_t bytes_max, Problems& problems) {
  const auto refuse = [&](std::string code, std::string message, std::string hint) {
    problems.add({Severity::error, "scenario/" + std::move(code), std::move(message), path, 0, 0, "",
                  std::move(hint)});
    return std::nullopt;
  };
  if (path.find('\0') != std::string::npos) return refuse("no-file", "the path holds a NUL byte", "");

  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return refuse("no-file", "there is no such file", "");
    if (errno == EACCES)
      return refuse("unreadable", "the file may not be read by this user", "check its permissions");
    return refuse("unreadable", std::string("the file cannot be opened: ") + std::strerror(errno), "");
  }
  struct ::stat facts {};
  if (::fstat(file.get(), &facts) != 0) {
    return refuse("unreadable", std::string("the file cannot be examined: ") + std::strerror(errno), "");
  }
  if (S_ISDIR(facts.st_mode)) {
    return refuse("not-a-file", "this is a directory, not a scenario file",
                  "name a file in it; `brokersim test DIR` runs a whole directory");
  }
  if (!S_ISREG(facts.st_mode)) return refuse("not-a-file", "this is not a regular file", "");
  if (facts.st_size > bytes_max) {
    return refuse(
        "too-large",
        "the file has " + megabytes(facts.st_size) + ", but at most " + megabytes(bytes_max) + " are read",
        "is it the right file?");
  }

  // A file may lie about its size (/proc) or grow under us: the limit holds for what is read, too.
  std::string content;
  content.reserve(static_cast<std::size_t>(facts.st_size) + 1);
  char chunk[64 << 10];
  while (true) {
    const ::ssize_t got = ::read(file.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("unreadable", std::string("reading failed: ") + std::strerror(errno), "");
    if (got == 0) return content;
    content.append(chunk, static_cast<std::size_t>(got));
    if (content.size() > static_cast<std::size_t>(bytes_max)) {
      return refuse("too-large", "the file has more than " + megabytes(bytes_max), "is it the right file?");
    }
  }
}

}  // namespace brokersim::scenario
