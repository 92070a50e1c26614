#include "app/sweep/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/results/model_version.h"
#include "app/scenario/content.h"

namespace brokersim::sweep {
namespace {

constexpr std::string_view kFirstLine = "{\"brokersim_sweep\":1}\n";

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int descriptor, std::string& out) {
  constexpr std::size_t piece = 1 << 20;
  for (;;) {
    const std::size_t at = out.size();
    out.resize(at + piece);
    const ssize_t got = ::read(descriptor, out.data() + at, piece);
    out.resize(at + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
  }
}

/// The id of a line, "" if it has none.
std::string id_of(std::string_view line) {
  const auto value = nlohmann::json::parse(line, nullptr, false);
  if (!value.is_object()) return "";
  const auto id = value.find("id");
  return id != value.end() && id->is_string() ? id->get<std::string>() : "";
}

}  // namespace

std::string run_id(const std::string& content, std::uint64_t seed) {
  return scenario::hash_text(content + " " + results::model_version() + " " + std::to_string(seed));
}

Store::~Store() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string Store::open(const std::string& path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  if (descriptor_ < 0) return "cannot open " + path + ": " + std::strerror(errno);
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) return path + " is not a regular file";
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return path + " is in use by another sweep";
  std::string content;
  if (!read_all(descriptor_, content)) return "cannot read " + path + ": " + std::strerror(errno);
  const std::size_t end = content.rfind('\n');
  const std::size_t whole = end == std::string::npos ? 0 : end + 1;
  const bool ours = whole > 0 ? content.starts_with(kFirstLine) : kFirstLine.starts_with(content);
  if (!ours) return path + " is not the store of a sweep";
  torn_ = content.size() - whole;
  if (torn_ > 0 && ::ftruncate(descriptor_, static_cast<off_t>(whole)) != 0)
    return "cannot mend " + path + ": " + std::strerror(errno);
  if (whole == 0) {
    return write_all(descriptor_, kFirstLine) ? "" : "cannot write " + path + ": " + std::strerror(errno);
  }
  std::size_t number = 1;
  for (std::size_t at = kFirstLine.size(); at < whole;) {
    ++number;
    const std::size_t stop = content.find('\n', at);
    std::string line = content.substr(at, stop - at);
    at = stop + 1;
    std::string id = id_of(line);
    if (id.empty()) return path + ":" + std::to_string(number) + " is not a run of a sweep";
    lines_[std::move(id)] = std::move(line);
  }
  return "";
}

const std::string* Store::find(const std::string& id) const {
  const auto at = lines_.find(id);
  return at == lines_.end() ? nullptr : &at->second;
}

bool Store::add(const std::string& id, const std::string& line) {
  lines_[id] = line;
  return write_all(descriptor_, line + "\n");
}

}  // namespace brokersim::sweep
