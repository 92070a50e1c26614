// Random life of a file system, its crashes, and an independent model of what they may leave.
//
// The model knows no disk and no journal: it keeps every state the files have had, as lists of (length, tag), and three
// facts about each: which prefix a completed fsync promised, which bytes anybody ever asked to write back, and which a
// failed fsync may have marked clean.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/hash.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {

using namespace sim::literals;

struct Chunk {
  std::int64_t length = 0;
  ContentTag tag = kNoTag;
  bool operator==(const Chunk&) const = default;
};
using Content = std::vector<Chunk>;

[[nodiscard]] std::int64_t length_of(const Content& content);

/// All names and contents at one moment, by the model's own file numbers.
struct State {
  std::map<std::string, int> names;
  std::map<int, Content> contents;
};

struct Promise {
  std::size_t state = 0;  // index into states_ when the fsync was called
  int file = -1;
  std::size_t committed = 0;  // state up to which names and truncations are durable once it is complete
  Outcome* outcome = nullptr;

  /// A failed fsync promises nothing.
  [[nodiscard]] bool kept() const { return outcome->complete && outcome->status == Status::ok; }
};

class Model {
 public:
  Model() { states_.emplace_back(); }

  State& next() {
    states_.push_back(states_.back());
    return states_.back();
  }
  [[nodiscard]] const State& now() const { return states_.back(); }
  [[nodiscard]] std::size_t index() const { return states_.size() - 1; }

  std::vector<State> states_;
  std::vector<Promise> promises_;
  std::map<int, std::size_t> journal_touch_;  // file -> state after its latest change of name or truncation
  std::map<int, std::size_t> latest_append_;
  std::map<ContentTag, bool> tag_asked_;  // somebody asked for write-back while it was there
};

enum class Rules : std::uint8_t { ordered, writeback, xfs };

struct Settings {
  Rules rules = Rules::ordered;
  DiskConfig disk;
};

/// What a crash may leave behind. Counted over files, appends or changes, as each says.
enum class Fate : std::uint8_t {
  everything,      ///< Crashes after which nothing was missing.
  prefix,          ///< Files that end earlier, at the end of an append.
  cut,             ///< Files that end in the middle of an append.
  hole,            ///< Appends that are damaged before one that is intact.
  zero_tail,       ///< Files whose last append has its length and not its bytes.
  torn,            ///< Appends of which single sectors are there.
  reordered,       ///< Crashes that kept an append and lost an earlier one to another file.
  no_creation,     ///< Files gone, because their name was not committed.
  no_removal,      ///< Files back.
  no_truncation,   ///< Truncations taken back.
  old_name,        ///< Renames taken back.
  new_name_empty,  ///< New names with none of the bytes written before the rename.
  failed_sync,     ///< Appends lost by an fsync that failed once, though a later one of the file was content.
  count,
};
inline const char* const fate_names[] = {"everything",  "prefix",        "cut",       "hole",
                                         "zero tail",   "torn",          "reordered", "no creation",
                                         "no removal",  "no truncation", "old name",  "new name, no bytes",
                                         "failed fsync"};
using Fates = std::array<int, static_cast<std::size_t>(Fate::count)>;

class Episode {
 public:
  Episode(std::uint64_t seed, const Settings& settings)
      : seed_(seed), settings_(settings), rig_(seed, settings.disk, file_system(settings.rules)) {}

  std::uint64_t run();
  [[nodiscard]] const Fates& fates() const { return fates_; }
  [[nodiscard]] int losses() const { return losses_; }

 private:
  static FileSystemConfig file_system(Rules rules);

  std::uint64_t pick(std::uint64_t n) { return sim::mix64(seed_ * 1'000'003 + ++draws_) % n; }

  std::optional<std::string> any_name();

  void operate();

  void wait();

  void create();

  void create(const std::string& name);

  void append();

  void append(const std::string& name, std::int64_t length);

  /// The moment that leaves most behind: the flusher is at work on one file when an fsync of another commits the sizes.
  void catch_the_flusher();

  void ask(int file);

  void start_sync();

  void start_sync(const std::string& name);

  /// An fsync that fails once: what nobody has asked to write before may be on no disk for good.
  void fail_sync();

  void start_datasync();

  void sync_names();

  void write_back();

  void truncate();

  void rename();

  void remove();

  /// Could anything have sent this append to the disk? An fsync, a request, or 30 s since the file got dirty.
  bool may_be_written(int file, const Chunk& piece);

  /// What is read of a file after the crash; nothing if the order of tags and offsets is not even plausible.
  struct Read {
    Content content;
    std::vector<bool> intact;
  };

  Read read(FileId id);

  /// Bytes of `file` that every image taken at state k or later must hold, by promises up to now.
  std::int64_t floor_of(int file, std::size_t k);
  std::int64_t base_floor_of(int file, std::size_t k);

  /// Empty if the image could be that of state k; else why not.
  std::string mismatch(std::size_t k, const std::map<std::string, Read>& image);

  void crash_and_check(bool power);

  /// Every append of the files before the crash is either reported lost or intact in the image, never both or neither.
  void check_report(const CrashReport& report, const State& before, const std::map<std::string, Read>& image);

  void note(Fate fate) { ++fates_[static_cast<std::size_t>(fate)]; }

  void count_fates(const CrashReport& report, const State& before, std::size_t match,
                   const std::map<std::string, Read>& image);

  /// Appends of which a part is there that begins or ends within a command, at a sector.
  void count_torn(FileId id, const Read& have, bool is_cut);

  void count_failed_syncs(int file, const Read& have);

  /// Goes on from what survived.
  void adopt(std::size_t matched, const std::map<std::string, Read>& image);

  std::uint64_t seed_;
  Settings settings_;
  Rig rig_;
  Model model_;
  std::map<int, FileId> ids_;
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  std::map<int, sim::SimTime> dirty_since_;  // first append since the last crash
  std::map<ContentTag, bool> damaged_;
  std::map<ContentTag, bool> ghosts_;  // perhaps marked clean by a failed fsync
  std::size_t names_changed_ = 0;      // state after the latest change of a name
  std::uint64_t draws_ = 0;
  ContentTag next_tag_ = 0;
  int next_file_ = 0;
  std::map<int, Content> renamed_;  // what a file held when it last replaced another, since the last crash
  Fates fates_{};
  int losses_ = 0;
};

}  // namespace brokersim::storage
