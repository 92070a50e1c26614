// Never a byte survives that the rules forbid, and never one is lost that they protect.
//
// Method: random appends, fsyncs, truncations, renames, removals and crashes against an independent model. The model
// knows no disk and no journal: it keeps every state the files have had, as lists of (length, tag), and two facts
// about each: which prefix a completed fsync promised, and which bytes anybody ever asked to write back.
// And the other way round: every class of outcome that the rules allow does occur (device-models.md 3.8), counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/hash.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

struct Chunk {
  std::int64_t length = 0;
  ContentTag tag = kNoTag;
  bool operator==(const Chunk&) const = default;
};
using Content = std::vector<Chunk>;

std::int64_t length_of(const Content& content) {
  std::int64_t total = 0;
  for (const Chunk& piece : content) total += piece.length;
  return total;
}

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
  count,
};
const char* const fate_names[] = {"everything", "prefix",        "cut",       "hole",
                                  "zero tail",  "torn",          "reordered", "no creation",
                                  "no removal", "no truncation", "old name",  "new name, no bytes"};
using Fates = std::array<int, static_cast<std::size_t>(Fate::count)>;

class Episode {
 public:
  Episode(std::uint64_t seed, const Settings& settings)
      : seed_(seed), settings_(settings), rig_(seed, settings.disk, file_system(settings.rules)) {}

  std::uint64_t run() {
    for (int crash = 0; crash < 4; ++crash) {
      const std::uint64_t operations = 3 + pick(25);
      for (std::uint64_t i = 0; i < operations; ++i) {
        operate();
        if (testing::Test::HasFatalFailure()) return 0;
      }
      if (pick(3) == 0) catch_the_flusher();
      if (testing::Test::HasFatalFailure()) return 0;
      crash_and_check(pick(2) == 0);
      if (testing::Test::HasFatalFailure()) return 0;
    }
    return rig_.sim.fingerprint().value();
  }
  [[nodiscard]] const Fates& fates() const { return fates_; }
  [[nodiscard]] int losses() const { return losses_; }

 private:
  static FileSystemConfig file_system(Rules rules) {
    FileSystemConfig config;
    if (rules == Rules::writeback) config.data = JournalData::writeback;
    if (rules == Rules::xfs) config.kind = FileSystemKind::xfs;
    return config;
  }

  std::uint64_t pick(std::uint64_t n) { return sim::mix64(seed_ * 1'000'003 + ++draws_) % n; }

  std::optional<std::string> any_name() {
    const auto& names = model_.now().names;
    if (names.empty()) return std::nullopt;
    auto it = names.begin();
    std::advance(it, pick(names.size()));
    return it->first;
  }

  void operate() {
    switch (pick(14)) {
      case 0: create(); break;
      case 1:
      case 2:
      case 3:
      case 4: append(); break;
      case 5:
      case 6: start_sync(); break;
      case 7: truncate(); break;
      case 8: rename(); break;
      case 9: remove(); break;
      case 10: write_back(); break;
      case 11: sync_names(); break;
      case 12: start_datasync(); break;
      default: wait(); break;
    }
    if (pick(3) == 0) wait();
  }

  void wait() {
    static constexpr std::int64_t lengths_us[] = {7,      30,      100,       400,      3'000,
                                                  30'000, 700'000, 4'000'000, 9'000'000};
    // The longest waits stay below 30 s in sum for a file only by chance; the flusher's age rule is in asked().
    rig_.run_for({lengths_us[pick(9)] * 1'000});
  }

  void create() {
    const std::string name = "f" + std::to_string(pick(6));
    if (!model_.now().names.contains(name)) create(name);
  }

  void create(const std::string& name) {
    const FileId id = rig_.fs.create(name);
    const int file = next_file_++;
    State& state = model_.next();
    state.names[name] = file;
    state.contents[file] = {};
    ids_[file] = id;
    model_.journal_touch_[file] = model_.index();
    names_changed_ = model_.index();
  }

  void append() {
    const auto name = any_name();
    if (!name) return create();
    static constexpr std::int64_t lengths[] = {1, 100, 3'000, 4'096, 70'000, 300'000, 5'000'000};
    append(*name, lengths[pick(7)]);
  }

  void append(const std::string& name, std::int64_t length) {
    const int file = model_.now().names.at(name);
    const ContentTag tag = ++next_tag_;
    EXPECT_EQ(rig_.fs.append(ids_.at(file), {length}, tag), 0_ns);
    model_.next().contents[file].push_back({length, tag});
    model_.latest_append_[file] = model_.index();
    dirty_since_.try_emplace(file, rig_.sim.now());
  }

  /// The moment that leaves most behind: the flusher is at work on one file when an fsync of another commits the sizes.
  void catch_the_flusher() {
    const auto name = any_name();
    if (!name) return;
    static constexpr std::int64_t lengths[] = {3'000, 70'000, 300'000, 9'000'000};
    for (std::uint64_t i = 0; i < 1 + pick(6); ++i) append(*name, lengths[pick(4)]);
    const std::int64_t before = rig_.disk.counters().writes;
    const sim::SimTime limit = rig_.sim.now() + 40_s;
    while (rig_.disk.counters().writes == before && rig_.sim.now() < limit && rig_.sim.step()) {
    }
    static constexpr std::int64_t waits_us[] = {0, 50, 400, 3'000, 13'000, 20'000};
    rig_.run_for({waits_us[pick(6)] * 1'000});
    const std::string other = "g" + std::to_string(pick(3));
    if (!model_.now().names.contains(other)) create(other);
    append(other, 100);
    start_sync(other);
    rig_.run_for({waits_us[pick(5)] * 1'000});
  }

  void ask(int file) {
    for (const Chunk& piece : model_.now().contents.at(file)) model_.tag_asked_[piece.tag] = true;
  }

  void start_sync() {
    if (const auto name = any_name()) start_sync(*name);
  }

  void start_sync(const std::string& name) {
    const int file = model_.now().names.at(name);
    ask(file);
    outcomes_.push_back(std::make_unique<Outcome>());
    Promise promise;
    promise.state = model_.index();
    promise.file = file;
    // The journal keeps order: what came before the file's latest append, whose size change it commits, or before its
    // latest change of name or truncation, is committed with it.
    const auto append = model_.latest_append_.find(file);
    if (append != model_.latest_append_.end()) promise.committed = append->second;
    const auto touch = model_.journal_touch_.find(file);
    if (touch != model_.journal_touch_.end()) promise.committed = std::max(promise.committed, touch->second);
    promise.outcome = outcomes_.back().get();
    model_.promises_.push_back(promise);
    rig_.spawn(sync_file(&rig_, ids_.at(file), promise.outcome));
    rig_.run_for(0_ns);  // the call itself happens now
  }

  void start_datasync() {
    const auto name = any_name();
    if (!name) return;
    const int file = model_.now().names.at(*name);
    ask(file);
    outcomes_.push_back(std::make_unique<Outcome>());
    Promise promise;
    promise.state = model_.index();
    promise.file = file;
    // Bytes and size; of names only what came before the append whose size it commits.
    const auto append = model_.latest_append_.find(file);
    if (append != model_.latest_append_.end()) promise.committed = append->second;
    promise.outcome = outcomes_.back().get();
    model_.promises_.push_back(promise);
    rig_.spawn(datasync_file(&rig_, ids_.at(file), promise.outcome));
    rig_.run_for(0_ns);
  }

  void sync_names() {
    outcomes_.push_back(std::make_unique<Outcome>());
    Promise promise;
    promise.state = model_.index();
    promise.committed = names_changed_;
    promise.outcome = outcomes_.back().get();
    model_.promises_.push_back(promise);
    rig_.spawn(sync_directory(&rig_, promise.outcome));
    rig_.run_for(0_ns);
  }

  void write_back() {
    const auto name = any_name();
    if (!name) return;
    const int file = model_.now().names.at(*name);
    ask(file);
    rig_.fs.write_back_async(ids_.at(file));
  }

  void truncate() {
    const auto name = any_name();
    if (!name) return;
    const int file = model_.now().names.at(*name);
    Content content = model_.now().contents.at(file);
    if (content.empty()) return;
    content.resize(pick(content.size()));
    rig_.fs.truncate(ids_.at(file), {length_of(content)});
    model_.next().contents[file] = content;
    model_.journal_touch_[file] = model_.index();
  }

  void rename() {
    const auto name = any_name();
    if (!name) return;
    const std::string to = "f" + std::to_string(pick(6));
    if (to == *name) return;
    const int file = model_.now().names.at(*name);
    if (model_.now().names.contains(to) && settings_.rules != Rules::xfs) ask(file);  // auto_da_alloc
    renamed_[file] = model_.now().contents.at(file);
    EXPECT_TRUE(rig_.fs.rename(*name, to));
    State& state = model_.next();
    state.names.erase(*name);
    state.names[to] = file;
    model_.journal_touch_[file] = model_.index();
    names_changed_ = model_.index();
  }

  void remove() {
    const auto name = any_name();
    if (!name) return;
    EXPECT_TRUE(rig_.fs.remove(*name));
    model_.next().names.erase(*name);
    names_changed_ = model_.index();
  }

  /// Could anything have sent this append to the disk? An fsync, a request, or 30 s since the file got dirty.
  bool may_be_written(int file, const Chunk& piece) {
    if (model_.tag_asked_.contains(piece.tag)) return true;
    const auto since = dirty_since_.find(file);
    return since != dirty_since_.end() && rig_.sim.now() - since->second >= 30_s;
  }

  /// What is read of a file after the crash; nothing if the order of tags and offsets is not even plausible.
  struct Read {
    Content content;
    std::vector<bool> intact;
  };

  Read read(FileId id) {
    Read result;
    std::int64_t at = 0;
    for (const Extent& extent : rig_.fs.extents(id)) {
      EXPECT_EQ(extent.offset.n, at) << "without gaps";
      at += extent.length.n;
      result.content.push_back({extent.length.n, extent.tag});
      result.intact.push_back(extent.intact);
    }
    EXPECT_EQ(at, rig_.fs.size(id).n);
    return result;
  }

  /// Bytes of `file` that every image taken at state k or later must hold, by promises up to now.
  std::int64_t floor_of(int file, std::size_t k) {
    std::int64_t floor = 0;
    for (const Promise& promise : model_.promises_) {
      if (promise.file != file || !promise.outcome->complete || promise.state > k) continue;
      std::int64_t kept = length_of(model_.states_[promise.state].contents.at(file));
      for (std::size_t s = promise.state; s <= k; ++s) {
        kept = std::min(kept, length_of(model_.states_[s].contents.at(file)));
      }
      floor = std::max(floor, kept);
    }
    return std::max(floor, base_floor_of(file, k));
  }
  std::int64_t base_floor_of(int file, std::size_t k) {
    if (!model_.states_[0].contents.contains(file)) return 0;
    std::int64_t kept = length_of(model_.states_[0].contents.at(file));
    for (std::size_t s = 0; s <= k; ++s)
      kept = std::min(kept, length_of(model_.states_[s].contents.at(file)));
    return kept;
  }

  /// Empty if the image could be that of state k; else why not.
  std::string mismatch(std::size_t k, const std::map<std::string, Read>& image) {
    const State& state = model_.states_[k];
    if (state.names.size() != image.size()) return "names";
    for (const auto& [name, file] : state.names) {
      const auto found = image.find(name);
      if (found == image.end()) return "no " + name;
      const Content& want = state.contents.at(file);
      const Read& have = found->second;
      const std::int64_t have_length = length_of(have.content);
      if (have_length > length_of(want)) return name + " is too long";
      if (have_length < floor_of(file, k)) return name + " lost promised bytes";
      std::int64_t at = 0;
      for (std::size_t i = 0; i < have.content.size(); ++i) {
        const bool cut = i + 1 == have.content.size() && have.content[i].length < want[i].length;
        if (i >= want.size()) return name + " has an extra extent";
        if (have.content[i].tag != want[i].tag) return name + " has another tag";
        if (!cut && have.content[i].length != want[i].length) return name + " has another length";
        if (cut && have.intact[i]) return name + " ends in the middle of an intact extent";
        at += have.content[i].length;
        if (at <= floor_of(file, k) && !have.intact[i]) return name + " damaged promised bytes";
        if (have.intact[i] && !may_be_written(file, want[i]))
          return name + " shows bytes that nobody wrote back";
        if (settings_.rules != Rules::writeback && !cut && !have.intact[i])
          return name + " has zeros in ordered mode";
      }
    }
    return "";
  }

  void crash_and_check(bool power) {
    std::size_t earliest = 0;
    for (const Promise& promise : model_.promises_) {
      if (promise.outcome->complete) earliest = std::max(earliest, promise.committed);
    }
    const State before = model_.now();
    const CrashReport report = power ? rig_.cut_power() : rig_.panic();
    std::map<std::string, Read> image;
    for (const std::string& name : rig_.fs.list("")) image[name] = read(*rig_.fs.find(name));

    std::string why;
    std::optional<std::size_t> match;
    for (std::size_t k = model_.states_.size(); k-- > earliest && !match;) {
      const std::string problem = mismatch(k, image);
      if (problem.empty()) match = k;
      why += "\n  state " + std::to_string(k) + ": " + problem;
    }
    ASSERT_TRUE(match.has_value()) << "seed " << seed_ << (power ? " power loss" : " panic") << " at "
                                   << sim::to_string(rig_.sim.now())
                                   << ": the image is that of no state from " << earliest << " on:" << why;
    check_report(report, before, image);
    count_fates(report, before, *match, image);
    EXPECT_EQ(rig_.cache.dirty(), 0_B);
    EXPECT_EQ(rig_.sim.pending_events(), 0u) << "a fresh mount has nothing to do";
    adopt(*match, image);
  }

  /// Every append of the files before the crash is either reported lost or intact in the image, never both or neither.
  void check_report(const CrashReport& report, const State& before,
                    const std::map<std::string, Read>& image) {
    std::map<ContentTag, std::int64_t> reported;
    for (const LostRange& lost : report.lost) reported[lost.tag] += lost.length.n;
    losses_ += static_cast<int>(report.lost.size());
    std::map<ContentTag, bool> present;
    for (const auto& [name, have] : image) {
      for (std::size_t i = 0; i < have.content.size(); ++i) {
        if (have.intact[i]) present[have.content[i].tag] = true;
      }
    }
    for (const auto& [name, file] : before.names) {
      for (const Chunk& piece : before.contents.at(file)) {
        if (damaged_.contains(piece.tag)) continue;
        EXPECT_NE(reported.contains(piece.tag), present.contains(piece.tag))
            << "seed " << seed_ << " tag " << piece.tag << " of " << name;
        if (reported.contains(piece.tag)) {
          EXPECT_LE(reported[piece.tag], piece.length);
        }
      }
    }
  }

  void note(Fate fate) { ++fates_[static_cast<std::size_t>(fate)]; }

  void count_fates(const CrashReport& report, const State& before, std::size_t match,
                   const std::map<std::string, Read>& image) {
    bool complete = report.undone.empty();
    std::map<ContentTag, bool> kept;  // of the appends before the crash
    for (const auto& [name, file] : model_.states_[match].names) {
      const Read& have = image.at(name);
      const Content& want = model_.states_[match].contents.at(file);
      for (std::size_t i = 0; i < have.content.size(); ++i) kept[have.content[i].tag] = have.intact[i];
      const bool is_cut =
          !have.content.empty() && have.content.back().length < want[have.content.size() - 1].length;
      if (is_cut) note(Fate::cut);
      if (have.content.size() < want.size() && !is_cut && !have.content.empty()) note(Fate::prefix);
      if (!is_cut && !have.intact.empty() && !have.intact.back()) note(Fate::zero_tail);
      const auto last_intact = std::find(have.intact.rbegin(), have.intact.rend(), true);
      const auto holes = std::count(last_intact, have.intact.rend(), false);
      for (std::ptrdiff_t i = 0; i < holes; ++i) note(Fate::hole);
      count_torn(*rig_.fs.find(name), have, is_cut);
      const auto renamed = renamed_.find(file);
      const bool got_name =
          model_.states_[0].names.contains(name) && model_.states_[0].names.at(name) != file;
      if (renamed != renamed_.end() && got_name && length_of(renamed->second) > 0 &&
          length_of(have.content) == 0)
        note(Fate::new_name_empty);
      if (before.names.contains(name) && have.content != before.contents.at(before.names.at(name)))
        complete = false;
    }
    if (complete) note(Fate::everything);
    ContentTag earliest_lost = ~ContentTag{0};
    ContentTag latest_kept = 0;
    for (const auto& [name, file] : before.names) {
      for (const Chunk& piece : before.contents.at(file)) {
        const auto found = kept.find(piece.tag);
        const bool there = found != kept.end() && found->second;
        if (there) latest_kept = std::max(latest_kept, piece.tag);
        if (!there) earliest_lost = std::min(earliest_lost, piece.tag);
      }
    }
    if (earliest_lost < latest_kept) note(Fate::reordered);
    for (const UndoneChange& undone : report.undone) {
      switch (undone.kind) {
        case UndoneChange::Kind::create: note(Fate::no_creation); break;
        case UndoneChange::Kind::remove: note(Fate::no_removal); break;
        case UndoneChange::Kind::truncate: note(Fate::no_truncation); break;
        case UndoneChange::Kind::rename: note(Fate::old_name); break;
      }
    }
  }

  /// Appends of which a part is there that begins or ends within a command, at a sector.
  void count_torn(FileId id, const Read& have, bool is_cut) {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < have.content.size(); ++i) {
      const std::int64_t end = at + have.content[i].length;
      const bool last_is_cut = is_cut && i + 1 == have.content.size();
      if (!have.intact[i] && !last_is_cut) {
        for (const Interval& gap : rig_.fs.damage(id)) {
          const bool within = gap.from > at && gap.from < end && gap.from % (128 << 10) != 0;
          if (within && gap.from % settings_.disk.sector.n == 0) {
            note(Fate::torn);
            break;
          }
        }
      }
      at = end;
    }
  }

  /// Goes on from what survived.
  void adopt(std::size_t matched, const std::map<std::string, Read>& image) {
    State base;
    base.names = model_.states_[matched].names;
    for (const auto& [name, file] : base.names) {
      const Read& have = image.at(name);
      base.contents[file] = have.content;
      ids_[file] = *rig_.fs.find(name);
      for (std::size_t i = 0; i < have.content.size(); ++i) {
        model_.tag_asked_[have.content[i].tag] = true;
        if (!have.intact[i]) damaged_[have.content[i].tag] = true;
      }
    }
    // A damaged extent stays so; recovery would cut it. Do that here, durably.
    for (const auto& [name, file] : base.names) {
      Content& content = base.contents[file];
      const auto& intact = image.at(name).intact;
      const auto bad = std::find(intact.begin(), intact.end(), false);
      if (bad == intact.end()) continue;
      content.resize(static_cast<std::size_t>(bad - intact.begin()));
      rig_.fs.truncate(ids_.at(file), {length_of(content)});
      rig_.sync(ids_.at(file));
    }
    std::map<ContentTag, bool> asked = std::move(model_.tag_asked_);
    model_ = Model();
    names_changed_ = 0;
    model_.tag_asked_ = std::move(asked);
    model_.states_[0] = base;
    dirty_since_.clear();
    renamed_.clear();
  }

  std::uint64_t seed_;
  Settings settings_;
  Rig rig_;
  Model model_;
  std::map<int, FileId> ids_;
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  std::map<int, sim::SimTime> dirty_since_;  // first append since the last crash
  std::map<ContentTag, bool> damaged_;
  std::size_t names_changed_ = 0;  // state after the latest change of a name
  std::uint64_t draws_ = 0;
  ContentTag next_tag_ = 0;
  int next_file_ = 0;
  std::map<int, Content> renamed_;  // what a file held when it was last renamed, since the last crash
  Fates fates_{};
  int losses_ = 0;
};

void explore(const Settings& settings, std::uint64_t seeds, int losses_min,
             const std::vector<Fate>& must_occur) {
  int losses = 0;
  Fates fates{};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Episode episode(seed, settings);
    episode.run();
    if (testing::Test::HasFatalFailure()) return;
    losses += episode.losses();
    for (std::size_t i = 0; i < fates.size(); ++i) fates[i] += episode.fates()[i];
  }
  EXPECT_GE(losses, losses_min) << "the search must reach losses";
  for (const Fate fate : must_occur) {
    const auto index = static_cast<std::size_t>(fate);
    EXPECT_GE(fates[index], 10) << fate_names[index];
  }
  std::string counts;
  for (std::size_t i = 0; i < fates.size(); ++i)
    counts += std::string(fate_names[i]) + " " + std::to_string(fates[i]) + ", ";
  testing::Test::RecordProperty("fates", counts);
}

/// What every file system and device may do.
std::vector<Fate> common_and(std::vector<Fate> more) {
  more.insert(more.end(), {Fate::everything, Fate::prefix, Fate::reordered, Fate::no_creation,
                           Fate::no_removal, Fate::no_truncation, Fate::old_name});
  return more;
}

DiskConfig tearing_nvme() {
  DiskConfig disk = protected_nvme();
  disk.shorn_write_permille = 500;
  return disk;
}

TEST(CrashProperty, OrderedOnProtectedNvme) {
  explore({Rules::ordered, protected_nvme()}, 1'500, 4'000, common_and({Fate::cut}));
}
TEST(CrashProperty, OrderedOnVolatileNvme) {
  explore({Rules::ordered, volatile_nvme()}, 1'500, 4'000, common_and({}));
}
TEST(CrashProperty, OrderedOnHdd) { explore({Rules::ordered, plain_hdd()}, 1'500, 4'000, common_and({})); }
TEST(CrashProperty, WritebackOnProtectedNvme) {
  explore({Rules::writeback, protected_nvme()}, 3'000, 4'000,
          common_and({Fate::hole, Fate::zero_tail, Fate::cut}));
}
TEST(CrashProperty, WritebackOnATearingNvme) {
  explore({Rules::writeback, tearing_nvme()}, 3'000, 4'000,
          common_and({Fate::hole, Fate::zero_tail, Fate::torn}));
}
TEST(CrashProperty, WritebackOnVolatileNvme) {
  explore({Rules::writeback, volatile_nvme()}, 1'500, 4'000, common_and({Fate::zero_tail}));
}
TEST(CrashProperty, WritebackOnHdd) {
  explore({Rules::writeback, plain_hdd()}, 1'500, 4'000, common_and({}));
}
TEST(CrashProperty, XfsOnProtectedNvme) {
  explore({Rules::xfs, protected_nvme()}, 1'500, 4'000, common_and({Fate::new_name_empty, Fate::cut}));
}
TEST(CrashProperty, XfsOnVolatileNvme) {
  explore({Rules::xfs, volatile_nvme()}, 1'500, 4'000, common_and({Fate::new_name_empty}));
}
TEST(CrashProperty, XfsOnHdd) {
  explore({Rules::xfs, plain_hdd()}, 1'500, 4'000, common_and({Fate::new_name_empty}));
}

// Goal: the same seed gives the same run. Method: every episode twice, fingerprints equal; another seed differs.
TEST(CrashProperty, RunsTwiceWithTheSameFingerprint) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Settings settings{static_cast<Rules>(seed % 3), seed % 3 == 0 ? plain_hdd() : volatile_nvme()};
    const std::uint64_t first = Episode(seed, settings).run();
    EXPECT_EQ(first, Episode(seed, settings).run());
    EXPECT_NE(first, Episode(seed + 1'000, settings).run());
  }
}

}  // namespace
}  // namespace brokersim::storage
