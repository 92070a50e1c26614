// What an episode does: appends, fsyncs, truncations, renames, removals, and a few of them at bad moments.
#include "tests/models/devices/storage/crash_episode.h"

namespace brokersim::storage {

std::int64_t length_of(const Content& content) {
  std::int64_t total = 0;
  for (const Chunk& piece : content) total += piece.length;
  return total;
}

std::uint64_t Episode::run() {
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

FileSystemConfig Episode::file_system(Rules rules) {
  FileSystemConfig config;
  if (rules == Rules::writeback) config.data = JournalData::writeback;
  if (rules == Rules::xfs) config.kind = FileSystemKind::xfs;
  return config;
}

std::optional<std::string> Episode::any_name() {
  const auto& names = model_.now().names;
  if (names.empty()) return std::nullopt;
  auto it = names.begin();
  std::advance(it, pick(names.size()));
  return it->first;
}

void Episode::operate() {
  switch (pick(29)) {
    case 0:
    case 1: create(); break;
    case 2:
    case 3: truncate(); break;
    case 4:
    case 5: rename(); break;
    case 6:
    case 7: remove(); break;
    case 8:
    case 9: write_back(); break;
    case 10:
    case 11: sync_names(); break;
    case 12:
    case 13: start_datasync(); break;
    case 14:
    case 15: wait(); break;
    case 16: fail_sync(); break;
    case 17:
    case 18:
    case 19:
    case 20: start_sync(); break;
    default: append(); break;
  }
  if (pick(3) == 0) wait();
}

void Episode::wait() {
  static constexpr std::int64_t lengths_us[] = {7,      30,      100,       400,      3'000,
                                                30'000, 700'000, 4'000'000, 9'000'000};
  // The longest waits stay below 30 s in sum for a file only by chance; the flusher's age rule is in asked().
  rig_.run_for({lengths_us[pick(9)] * 1'000});
}

void Episode::create() {
  const std::string name = "f" + std::to_string(pick(6));
  if (!model_.now().names.contains(name)) create(name);
}

void Episode::create(const std::string& name) {
  const FileId id = rig_.fs.create(name);
  const int file = next_file_++;
  State& state = model_.next();
  state.names[name] = file;
  state.contents[file] = {};
  ids_[file] = id;
  model_.journal_touch_[file] = model_.index();
  names_changed_ = model_.index();
}

void Episode::append() {
  const auto name = any_name();
  if (!name) return create();
  static constexpr std::int64_t lengths[] = {1, 100, 3'000, 4'096, 70'000, 300'000, 5'000'000};
  append(*name, lengths[pick(7)]);
}

void Episode::append(const std::string& name, std::int64_t length) {
  const int file = model_.now().names.at(name);
  const ContentTag tag = ++next_tag_;
  EXPECT_EQ(rig_.fs.append(ids_.at(file), {length}, tag), 0_ns);
  model_.next().contents[file].push_back({length, tag});
  model_.latest_append_[file] = model_.index();
  dirty_since_.try_emplace(file, rig_.sim.now());
}

void Episode::catch_the_flusher() {
  const auto name = any_name();
  if (!name) return;
  static constexpr std::int64_t lengths[] = {3'000, 70'000, 300'000, 9'000'000};
  for (std::uint64_t i = 0; i < 1 + pick(6); ++i) append(*name, lengths[pick(4)]);
  const std::int64_t before = rig_.disk.counters().writes;
  const sim::SimTime limit = rig_.sim.now() + 40_s;
  while (rig_.disk.counters().writes == before && rig_.sim.now() < limit && rig_.sim.step()) {
  }
  static constexpr std::int64_t waits_us[] = {0, 50, 400, 3'000, 13'000, 20'000, 45'000, 90'000, 200'000};
  rig_.run_for({waits_us[pick(6)] * 1'000});
  const std::string other = "g" + std::to_string(pick(3));
  if (!model_.now().names.contains(other)) create(other);
  append(other, 100);
  start_sync(other);
  rig_.run_for({waits_us[pick(9)] * 1'000});
}

void Episode::ask(int file) {
  for (const Chunk& piece : model_.now().contents.at(file)) model_.tag_asked_[piece.tag] = true;
}

void Episode::start_sync() {
  if (const auto name = any_name()) start_sync(*name);
}

void Episode::start_sync(const std::string& name) {
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

void Episode::fail_sync() {
  const auto name = any_name();
  if (!name) return;
  const int file = model_.now().names.at(*name);
  for (const Chunk& piece : model_.now().contents.at(file)) {
    if (!model_.tag_asked_.contains(piece.tag)) ghosts_[piece.tag] = true;
  }
  outcomes_.push_back(std::make_unique<Outcome>());
  Outcome* const outcome = outcomes_.back().get();
  rig_.fs.fail_next_sync(ids_.at(file));
  rig_.spawn(sync_file(&rig_, ids_.at(file), outcome));
  rig_.run_for(0_ns);
  EXPECT_TRUE(outcome->complete);
  EXPECT_EQ(outcome->status, Status::io_error);
}

void Episode::start_datasync() {
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

void Episode::sync_names() {
  outcomes_.push_back(std::make_unique<Outcome>());
  Promise promise;
  promise.state = model_.index();
  promise.committed = names_changed_;
  promise.outcome = outcomes_.back().get();
  model_.promises_.push_back(promise);
  rig_.spawn(sync_directory(&rig_, promise.outcome));
  rig_.run_for(0_ns);
}

void Episode::write_back() {
  const auto name = any_name();
  if (!name) return;
  const int file = model_.now().names.at(*name);
  ask(file);
  rig_.fs.write_back_async(ids_.at(file));
}

void Episode::truncate() {
  const auto name = any_name();
  if (!name) return;
  const int file = model_.now().names.at(*name);
  Content content = model_.now().contents.at(file);
  if (content.empty()) return;
  content.resize(pick(content.size()));
  renamed_.erase(file);  // an empty file may be one that was cut
  rig_.fs.truncate(ids_.at(file), {length_of(content)});
  model_.next().contents[file] = content;
  model_.journal_touch_[file] = model_.index();
}

void Episode::rename() {
  const auto name = any_name();
  if (!name) return;
  const std::string to = "f" + std::to_string(pick(6));
  if (to == *name) return;
  const int file = model_.now().names.at(*name);
  if (model_.now().names.contains(to) && settings_.rules != Rules::xfs) ask(file);  // auto_da_alloc
  renamed_.erase(file);
  if (model_.now().names.contains(to)) renamed_[file] = model_.now().contents.at(file);
  EXPECT_TRUE(rig_.fs.rename(*name, to));
  State& state = model_.next();
  state.names.erase(*name);
  state.names[to] = file;
  model_.journal_touch_[file] = model_.index();
  names_changed_ = model_.index();
}

void Episode::remove() {
  const auto name = any_name();
  if (!name) return;
  EXPECT_TRUE(rig_.fs.remove(*name));
  model_.next().names.erase(*name);
  names_changed_ = model_.index();
}

}  // namespace brokersim::storage
