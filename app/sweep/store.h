// What a sweep has run already, in one file that only grows: how it goes on after any interruption.
//
// Format: JSON Lines. The first line says what the file is; every other one is a run, with "id" (run_id) and what the
// sweep keeps of it. A line is handed to the kernel in one call, so that a process that is killed leaves at most one
// torn line, the last: it is cut off when the file is opened again. One sweep at a time has the file (flock), so that
// two never mix; on a file system without locks that is not watched over. Not synced: a power loss may cost the latest
// lines, which are then run again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace brokersim::sweep {

/// 32 hexadecimal digits: the scenario's content (scenario::content_id), the model (results::model_version) and the
/// seed, which together decide everything about a run.
[[nodiscard]] std::string run_id(const std::string& content, std::uint64_t seed);

class Store {
 public:
  Store() = default;
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Opens or makes the file at `path` and reads it. Returns what is wrong, "" if nothing: it cannot be opened, is
  /// no store, or another process has it.
  [[nodiscard]] std::string open(const std::string& path);

  /// The line of the run with that id, or null. Of several the last.
  [[nodiscard]] const std::string* find(const std::string& id) const;
  /// Appends a line. `line` is one JSON object with "id" and without line breaks. False if it could not be written.
  [[nodiscard]] bool add(const std::string& id, const std::string& line);

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  /// Bytes of a torn last line that open() has cut off.
  [[nodiscard]] std::size_t torn() const { return torn_; }

 private:
  int descriptor_ = -1;
  std::size_t torn_ = 0;
  std::map<std::string, std::string> lines_;
};

}  // namespace brokersim::sweep
