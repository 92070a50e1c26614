#include "app/explore/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace brokersim::explore {
namespace {

namespace fs = std::filesystem;

/// "" or why not everything was written.
std::string write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return std::strerror(errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return "";
}

std::string read_all(int file) {
  std::string text;
  std::string block(1 << 16, '\0');
  for (;;) {
    const ssize_t got = ::read(file, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(block, 0, static_cast<std::size_t>(got));
  }
}

std::string line_of(const trial::Json& json) {
  return json.dump(-1, ' ', false, trial::Json::error_handler_t::replace) + "\n";
}

}  // namespace

Store::~Store() {
  if (file_ >= 0) ::close(file_);
}

std::string Store::open(const std::string& folder, const trial::Json& header) {
  folder_ = folder;
  std::error_code error;
  fs::create_directories(fs::path(folder) / "findings", error);
  if (error) return "the folder cannot be made: " + error.message();
  const std::string name = path("explore.jsonl");
  file_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) return name + ": " + std::strerror(errno);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) return "another search is writing to this folder";
  const std::string text = read_all(file_);
  std::size_t whole = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    auto json = trial::parse(std::string_view(text).substr(from, end - from));
    if (!json || !json->is_object()) {
      const auto behind = std::count(text.begin() + static_cast<std::ptrdiff_t>(end) + 1, text.end(), '\n');
      note_ = name + ": line " + std::to_string(lines_.size() + 1) + " is damaged; it and " +
              std::to_string(behind) + " behind it are dropped, and their runs are made again";
      break;
    }
    lines_.push_back(std::move(*json));
    whole = from = end + 1;
  }
  if (whole < text.size() && ::ftruncate(file_, static_cast<off_t>(whole)) != 0)
    return name + ": half a line at its end cannot be cut off: " + std::strerror(errno);
  if (lines_.empty()) {
    const std::string why = write_all(file_, line_of(header));
    return why.empty() ? sync() : name + ": " + why;
  }
  for (const auto& [key, value] : header.items()) {
    if (!lines_.front().contains(key) || lines_.front()[key] != value)
      return "the folder holds another search: its " + key + " is " +
             (lines_.front().contains(key) ? lines_.front()[key].dump() : "not told") + ", now it is " +
             value.dump();
  }
  lines_.erase(lines_.begin());
  return "";
}

std::string Store::add(const trial::Json& line) { return write_all(file_, line_of(line)); }

std::string Store::sync() {
  if (::fdatasync(file_) == 0 || errno == EINVAL || errno == EROFS) return "";
  return std::strerror(errno);
}

std::string Store::put(const std::string& name, const std::string& text) const {
  const fs::path file(path(name));
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return error.message();
  const std::string beside = file.string() + ".part";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return std::strerror(errno);
  std::string why = write_all(descriptor, text);
  if (::close(descriptor) != 0 && why.empty()) why = std::strerror(errno);
  if (why.empty() && std::rename(beside.c_str(), file.c_str()) != 0) why = std::strerror(errno);
  if (!why.empty()) ::unlink(beside.c_str());
  return why;
}

bool Store::has(const std::string& name) const {
  std::error_code error;
  return fs::exists(path(name), error);
}

}  // namespace brokersim::explore
