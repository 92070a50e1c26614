// The folder of a search: what has been run, line by line, and what was found.
//
//   explore.jsonl        a line for the search, then one for each piece that has ended, in order; only ever added to
//   findings/NNN-RULE/   scenario.json, tape.json, finding.json of each finding; minimal.json after --shrink
//
// A search that was killed goes on from its last whole line; half a line at the end is cut off. A damaged line before that is
// told, and it and all behind it are done again: trials depend on those before. One process at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/trial/json.h"

namespace brokersim::explore {

class Store {
 public:
  Store() = default;
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Makes the folder, or goes on with one whose first line is `header`. "" or what is wrong.
  [[nodiscard]] std::string open(const std::string& folder, const trial::Json& header);

  /// What of the folder could not be used and is done again; "": nothing. After open().
  [[nodiscard]] const std::string& note() const { return note_; }

  /// The lines that were there, without the header.
  [[nodiscard]] std::vector<trial::Json> take_lines() { return std::move(lines_); }

  /// Adds a line. "" or what is wrong ("No space left on device"); then nothing was added, or half a line that the next
  /// open() cuts off.
  [[nodiscard]] std::string add(const trial::Json& line);
  /// Has everything on the disk.
  [[nodiscard]] std::string sync();

  /// Puts a file into the folder, whole or not at all. "" or what is wrong.
  [[nodiscard]] std::string put(const std::string& name, const std::string& text) const;
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
  int file_ = -1;
  std::string note_;
  std::vector<trial::Json> lines_;
};

}  // namespace brokersim::explore
