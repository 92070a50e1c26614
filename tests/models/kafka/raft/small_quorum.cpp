#include "tests/models/kafka/raft/small_quorum.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::kafka::raft {

using sim::Duration;
using sim::SimTime;

SmallQuorum::SmallQuorum(std::uint64_t seed, NodeId voters, const RaftRules& rules)
    : seed_(seed), rules_(rules), laws_(voters) {
  const auto n = static_cast<std::size_t>(voters);
  machines_.resize(n);
  cut_.assign(n, std::vector<bool>(n, false));
  for (NodeId id = 0; id < voters; ++id) restart(id);
}

std::uint64_t SmallQuorum::roll(std::uint64_t n) { return sim::mix64(sim::combine(seed_, rolls_++)) % n; }

bool SmallQuorum::reachable(NodeId a, NodeId b) const {
  return !cut_[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
}

std::optional<NodeId> SmallQuorum::leader() const {
  std::optional<NodeId> found;
  for (const Machine& m : machines_) {
    if (!m.node || m.node->role != Role::leader) continue;
    if (!found || m.node->election.epoch > node(*found)->election.epoch) found = m.node->self;
  }
  return found;
}

const wire::MetadataBatch* SmallQuorum::make_batch(std::int64_t base, std::int32_t epoch, int records) {
  wire::MetadataBatch batch{base, epoch, {}};
  batch.records.resize(static_cast<std::size_t>(records));
  for (auto& record : batch.records)
    record.record.next_producer_id = static_cast<std::int64_t>(next_record_++);
  batches_.push_back(std::move(batch));
  return &batches_.back();
}

void SmallQuorum::append(Machine& m, const wire::MetadataBatch* batch) {
  SIM_CHECK(batch->base_offset == static_cast<std::int64_t>(m.entries.size()), "appended at the wrong place");
  m.log.push_back(batch);
  for (const auto& record : batch->records) {
    const std::uint64_t before = m.entries.empty() ? 0 : m.entries.back().chain;
    m.entries.push_back(
        {batch->epoch,
         chain_after(before, batch->epoch, static_cast<std::uint64_t>(record.record.next_producer_id))});
  }
}

void SmallQuorum::cut_log(Machine& m, std::int64_t offset) {
  while (!m.log.empty() && m.log.back()->base_offset >= offset) m.log.pop_back();
  SIM_CHECK(m.log.empty() ? offset == 0 : m.log.back()->next_offset() == offset, "cut inside a batch");
  m.entries.resize(static_cast<std::size_t>(offset));
}

void SmallQuorum::perform(NodeId id, Output& output, const wire::MetadataFetchResponse* fetched) {
  Machine& m = machine(id);
  if (auto* persist = std::get_if<PersistElection>(&output)) {
    m.durable = persist->election;
  } else if (auto* truncate = std::get_if<TruncateLog>(&output)) {
    cut_log(m, truncate->offset);
    ++seen.truncations;
  } else if (auto* change = std::get_if<AppendLeaderChange>(&output)) {
    append(m, make_batch(static_cast<std::int64_t>(m.entries.size()), change->epoch, 1));
  } else if (std::holds_alternative<AppendFetched>(output)) {
    SIM_CHECK(fetched != nullptr);
    for (const wire::MetadataBatch* batch : fetched->batches) append(m, batch);
  } else if (std::holds_alternative<FlushLog>(output)) {
    m.synced = m.log;
  } else if (auto* install = std::get_if<InstallSnapshot>(&output)) {
    m.log.clear();
    m.entries.clear();
    for (const Made& made : snapshots_) {
      if (&made.snapshot != install->snapshot) continue;
      for (const auto* batch : made.stands_for) append(m, batch);
    }
    m.synced = m.log;
    m.snapshot = install->snapshot->id;
    ++seen.installed;
  } else if (auto* send = std::get_if<Send>(&output)) {
    Letter letter{id, send->to, true, std::move(send->request), tokens_.size(), now_ + Duration{1'000'000}};
    tokens_.emplace_back(id, m.life);
    letters_.push_back(std::move(letter));
  } else if (auto* answer = std::get_if<Respond>(&output)) {
    if (answer->read_from >= 0) {
      auto& response = static_cast<wire::MetadataFetchResponse&>(*answer->response);
      std::size_t batches = 0;
      for (const auto* batch : m.log) {
        if (batch->next_offset() > answer->read_from && batches++ < 3) response.batches.push_back(batch);
      }
    }
    if (answer->snapshot_position >= 0) {
      auto& response = static_cast<wire::FetchSnapshotResponse&>(*answer->response);
      for (const Made& made : snapshots_) {
        if (made.snapshot.id == response.id) response.snapshot = &made.snapshot;
      }
      SIM_CHECK(response.snapshot != nullptr);
      response.bytes = std::min<std::int64_t>(60, response.snapshot->bytes - answer->snapshot_position);
    }
    const auto [asker, life] = tokens_[answer->token];
    if (machine(asker).life != life || !machine(asker).node) return;  // its connection is gone
    letters_.push_back(
        {id, asker, false, std::move(answer->response), answer->token, now_ + Duration{1'000'000}});
  } else {
    SIM_CHECK(false, "a voter was told to cut what is committed");
  }
}

void SmallQuorum::input(NodeId id, Outputs& out, const wire::MetadataFetchResponse* fetched, bool may_crash) {
  const std::size_t crash_after = may_crash && !fair_ && chance(3) ? roll(out.size() + 1) : out.size() + 1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i == crash_after) {
      ++seen.crashes_between_outputs;
      crash(id, rules_.bugs.vote_is_not_durable || machines_.size() > 1 ? chance(60) : false);
      return;
    }
    perform(id, out[i], fetched);
  }
  check(id);
}

void SmallQuorum::check(NodeId id) {
  std::vector<VoterView> views;
  for (const Machine& m : machines_) views.push_back({m.node ? &*m.node : nullptr, &m.entries});
  laws_.check(views, id);
}

void SmallQuorum::deliver(std::size_t index, bool keep) {
  const Letter letter = letters_[index];
  if (!keep) letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(index));
  Machine& m = machine(letter.to);
  if (!m.node || !reachable(letter.from, letter.to)) return;
  Outputs out;
  const Role before = m.node->role;
  if (letter.request) {
    on_request(*m.node, letter.token, *letter.message, now_, out);
  } else {
    if (tokens_[letter.token].second != m.life) return;
    on_response(*m.node, letter.from, *letter.message, now_, out);
  }
  if (before == Role::leader && m.node->role != Role::leader) ++seen.leaders_deposed;
  if (before == Role::prospective && (m.node->role == Role::follower || m.node->role == Role::unattached))
    ++seen.pre_votes_lost;
  const auto* fetched = !letter.request && letter.message->api == wire::Api::metadata_fetch
                            ? static_cast<const wire::MetadataFetchResponse*>(letter.message.get())
                            : nullptr;
  input(letter.to, out, fetched, !keep);
}

void SmallQuorum::tick(NodeId id) {
  Machine& m = machine(id);
  if (!m.node) return;
  Outputs out;
  const Role before = m.node->role;
  raft::tick(*m.node, now_, out);
  if (before == Role::leader && m.node->role == Role::resigned) ++seen.resignations;
  input(id, out, nullptr, true);
}

bool SmallQuorum::propose(NodeId id, int records) {
  Machine& m = machine(id);
  if (!m.node || m.node->role != Role::leader) return false;
  append(m, make_batch(static_cast<std::int64_t>(m.entries.size()), m.node->election.epoch, records));
  Outputs out;
  appended(*m.node, records, now_, out);
  input(id, out, nullptr, true);
  return true;
}

void SmallQuorum::snapshot(NodeId id) {
  Machine& m = machine(id);
  if (!m.node) return;
  const std::int64_t at = m.node->high_watermark;
  if (at <= m.node->latest_snapshot.offset) return;
  if (rules_.bugs.confirm_before_fsync) return;  // it would keep what the medium has not
  // At a batch boundary, as KafkaRaftClient demands.
  const auto ends =
      std::any_of(m.log.begin(), m.log.end(), [&](const auto* batch) { return batch->next_offset() == at; });
  if (!ends) return;
  const OffsetEpoch made{at, m.node->log.epoch_before(at)};
  const bool known = std::any_of(snapshots_.begin(), snapshots_.end(),
                                 [&](const Made& other) { return other.snapshot.id == made; });
  if (!known) {
    snapshots_.push_back({{made, {}, 100}, {}});
    for (const auto* batch : m.log) {
      if (batch->base_offset < at) snapshots_.back().stands_for.push_back(batch);
    }
  }
  snapshot_written(*m.node, made, /*log_start=*/true);
  m.snapshot = made;
  ++seen.snapshots;
  check(id);
}

void SmallQuorum::shut_down(NodeId id) {
  Machine& m = machine(id);
  if (!m.node) return;
  Outputs out;
  raft::shut_down(*m.node, now_, out);
  input(id, out, nullptr, false);
}

void SmallQuorum::crash(NodeId id, bool power) {
  Machine& m = machine(id);
  m.node.reset();
  if (!power) return;
  ++seen.power_losses;
  // What both have begins the same; of the rest, the medium has the old, or the cut, or a part of the new.
  std::size_t common = 0;
  while (common < m.log.size() && common < m.synced.size() && m.log[common] == m.synced[common]) ++common;
  std::vector<const wire::MetadataBatch*> left;
  if (chance(50) || m.snapshot.offset > 0) {
    left = m.synced;
  } else {
    const std::size_t keep = common + roll(m.log.size() - common + 1);
    left.assign(m.log.begin(), m.log.begin() + static_cast<std::ptrdiff_t>(keep));
    if (keep == common && common < m.synced.size() && common != m.log.size()) left = m.synced;
  }
  m.log.clear();
  m.entries.clear();
  for (const auto* batch : left) append(m, batch);
  m.synced = m.log;
}

void SmallQuorum::restart(NodeId id) {
  Machine& m = machine(id);
  if (m.node) return;
  ++m.life;
  laws_.restarted(id);
  EpochLog log(m.snapshot);
  for (const auto* batch : m.log) {
    if (batch->base_offset >= m.snapshot.offset)
      log.append(batch->epoch, static_cast<std::int64_t>(batch->records.size()));
  }
  const sim::Stream dice =
      sim::Stream(fingerprint_, seed_, static_cast<std::uint64_t>(id), "raft").child(m.life);
  m.node = make_node(rules_, id, static_cast<NodeId>(machines_.size()), dice, m.durable, std::move(log),
                     m.snapshot);
  Outputs out;
  raft::start(*m.node, now_, out);
  input(id, out, nullptr, false);
}

void SmallQuorum::cut(NodeId a, NodeId b, bool on) {
  cut_[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] = on;
  cut_[static_cast<std::size_t>(b)][static_cast<std::size_t>(a)] = on;
}

void SmallQuorum::isolate(NodeId id, bool on) {
  for (NodeId other = 0; other < static_cast<NodeId>(machines_.size()); ++other) {
    if (other != id) cut(id, other, on);
  }
}

void SmallQuorum::act() {
  const auto n = machines_.size();
  const auto id = static_cast<NodeId>(roll(n));
  const std::uint64_t what = roll(100);
  if (what < 62) {
    if (letters_.empty()) return tick(id);
    deliver(roll(letters_.size()), /*keep=*/chance(4));
  } else if (what < 66) {
    if (!letters_.empty())
      letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(roll(letters_.size())));
  } else if (what < 80) {
    // Time passes; only one node notices, the others are slow or paused until something wakes them.
    const Machine& m = machine(id);
    const SimTime next = m.node ? next_deadline(*m.node) : now_;
    const Duration step = chance(70) || next <= now_ || next == SimTime::max()
                              ? Duration{static_cast<std::int64_t>(roll(300'000'000))}
                              : next - now_;
    now_ = now_ + step;
    tick(id);
  } else if (what < 90) {
    if (const auto leads = leader()) propose(chance(80) ? *leads : id, static_cast<int>(1 + roll(3)));
  } else if (what < 92) {
    crash(id, n > 1 && chance(50));
  } else if (what < 96) {
    restart(id);
  } else if (what < 98) {
    cut(id, static_cast<NodeId>(roll(n)), chance(40));
  } else {
    snapshot(id);
  }
}

void SmallQuorum::run_fair(Duration span) {
  const SimTime end = now_ + span;
  fair_ = true;
  while (now_ < end) {
    // The earliest letter or timer.
    SimTime next = end;
    for (const Letter& letter : letters_) next = std::min(next, std::max(letter.due, now_));
    for (const Machine& m : machines_) {
      if (m.node) next = std::min(next, std::max(next_deadline(*m.node), now_));
    }
    now_ = next;
    if (now_ >= end) break;
    const auto due = std::find_if(letters_.begin(), letters_.end(),
                                  [&](const Letter& letter) { return letter.due <= now_; });
    if (due != letters_.end()) {
      deliver(static_cast<std::size_t>(due - letters_.begin()), false);
      continue;
    }
    for (NodeId id = 0; id < static_cast<NodeId>(machines_.size()); ++id) {
      if (machine(id).node && next_deadline(*machine(id).node) <= now_) tick(id);
    }
  }
  fair_ = false;
}

bool SmallQuorum::recovers() {
  const auto n = static_cast<NodeId>(machines_.size());
  for (NodeId a = 0; a < n; ++a) isolate(a, false);
  const std::int64_t before = laws_.committed();
  for (int round = 0; round < 120; ++round) {
    for (NodeId id = 0; id < n; ++id) restart(id);
    run_fair(Duration{500'000'000});
    if (const auto leads = leader()) propose(*leads, 1);
    if (laws_.committed() > before + 2) return true;
  }
  return false;
}

}  // namespace brokersim::kafka::raft
