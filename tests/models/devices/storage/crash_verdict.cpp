// What an episode makes of a crash: is the image that of a state the rules allow, is the report true, which fates occurred.
#include <algorithm>

#include "tests/models/devices/storage/crash_episode.h"

namespace brokersim::storage {

bool Episode::may_be_written(int file, const Chunk& piece) {
  if (model_.tag_asked_.contains(piece.tag)) return true;
  const auto since = dirty_since_.find(file);
  return since != dirty_since_.end() && rig_.sim.now() - since->second >= 30_s;
}

Episode::Read Episode::read(FileId id) {
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

std::int64_t Episode::floor_of(int file, std::size_t k) {
  std::int64_t floor = 0;
  for (const Promise& promise : model_.promises_) {
    if (promise.file != file || !promise.kept() || promise.state > k) continue;
    std::int64_t kept = length_of(model_.states_[promise.state].contents.at(file));
    for (std::size_t s = promise.state; s <= k; ++s) {
      kept = std::min(kept, length_of(model_.states_[s].contents.at(file)));
    }
    floor = std::max(floor, kept);
  }
  return std::max(floor, base_floor_of(file, k));
}

std::int64_t Episode::base_floor_of(int file, std::size_t k) {
  if (!model_.states_[0].contents.contains(file)) return 0;
  std::int64_t kept = length_of(model_.states_[0].contents.at(file));
  for (std::size_t s = 0; s <= k; ++s) kept = std::min(kept, length_of(model_.states_[s].contents.at(file)));
  return kept;
}

std::string Episode::mismatch(std::size_t k, const std::map<std::string, Read>& image) {
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
      const bool ghost = ghosts_.contains(want[i].tag);
      if (at <= floor_of(file, k) && !have.intact[i] && !ghost) return name + " damaged promised bytes";
      if (have.intact[i] && !may_be_written(file, want[i]))
        return name + " shows bytes that nobody wrote back";
      if (settings_.rules != Rules::writeback && !cut && !have.intact[i] && !ghost)
        return name + " has zeros in ordered mode";
    }
  }
  return "";
}

void Episode::crash_and_check(bool power) {
  std::size_t earliest = 0;
  for (const Promise& promise : model_.promises_) {
    if (promise.kept()) earliest = std::max(earliest, promise.committed);
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
                                 << sim::to_string(rig_.sim.now()) << ": the image is that of no state from "
                                 << earliest << " on:" << why;
  check_report(report, before, image);
  count_fates(report, before, *match, image);
  EXPECT_EQ(rig_.cache.dirty(), 0_B);
  EXPECT_EQ(rig_.sim.pending_events(), 0u) << "a fresh mount has nothing to do";
  adopt(*match, image);
}

void Episode::count_torn(FileId id, const Read& have, bool is_cut) {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < have.content.size(); ++i) {
    const std::int64_t end = at + have.content[i].length;
    const bool last_is_cut = is_cut && i + 1 == have.content.size();
    if (!have.intact[i] && !last_is_cut && !ghosts_.contains(have.content[i].tag)) {
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

void Episode::adopt(std::size_t matched, const std::map<std::string, Read>& image) {
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

void Episode::check_report(const CrashReport& report, const State& before,
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

void Episode::count_fates(const CrashReport& report, const State& before, std::size_t match,
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
    count_failed_syncs(file, have);
    const auto renamed = renamed_.find(file);
    const bool got_name = model_.states_[0].names.contains(name) && model_.states_[0].names.at(name) != file;
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

/// Appends that a failed fsync took, of files that were synced later and were told that all is well.
void Episode::count_failed_syncs(int file, const Read& have) {
  for (std::size_t i = 0; i < have.content.size(); ++i) {
    const ContentTag tag = have.content[i].tag;
    if (have.intact[i] || !ghosts_.contains(tag)) continue;
    const bool told =
        std::any_of(model_.promises_.begin(), model_.promises_.end(), [&](const Promise& promise) {
          if (promise.file != file || !promise.kept()) return false;
          const Content& then = model_.states_[promise.state].contents.at(file);
          return std::any_of(then.begin(), then.end(), [tag](const Chunk& c) { return c.tag == tag; });
        });
    if (told) note(Fate::failed_sync);
  }
}

}  // namespace brokersim::storage
