#include "models/checkers/replica_logs.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::checkers {

void ReplicaLogs::append_tail(Replica& replica, const Run& run) {
  if (replica.tail.empty()) replica.tail.clear(replica.agreed);
  replica.tail.append(run);
}

void ReplicaLogs::append(std::size_t index, const Run& run) {
  Replica& replica = replicas_[index];
  SIM_CHECK(run.base == replica.end());
  if (run.count <= 0) return;
  if (!replica.tail.empty()) return append_tail(replica, run);
  if (replica.agreed < reference_.end()) {
    const std::int64_t matched = reference_.matching(run);
    replica.agreed += matched;
    const Run rest = clip(run, replica.agreed, run.end());
    if (rest.count == 0) return;
    if (replica.agreed < reference_.end()) return append_tail(replica, rest);
    reference_.append(rest);
  } else {
    reference_.append(run);
  }
  replica.agreed = run.end();
}

void ReplicaLogs::cut(std::size_t index, std::int64_t offset) {
  Replica& replica = replicas_[index];
  if (offset >= replica.end()) return;
  replica.start = std::min(replica.start, offset);
  if (offset <= replica.agreed) {
    replica.tail.clear(offset);
    replica.agreed = offset;
  } else {
    replica.tail.cut(offset);
  }
  trim();
}

void ReplicaLogs::punch(std::size_t index, std::int64_t from, std::int64_t to) {
  Replica& replica = replicas_[index];
  to = std::min(to, replica.end());
  if (from >= to) return;
  std::vector<Run> runs;
  const Run hole{from, to - from, 0, Run::kHole, -1};
  runs.push_back(hole);
  for_each(index, to, replica.end(), [&](const Run& run) { runs.push_back(run); });
  if (from <= replica.agreed) {
    replica.agreed = from;
    replica.tail.clear(from);
  } else {
    replica.tail.cut(from);
  }
  for (const Run& run : runs) append_tail(replica, run);
  trim();
}

void ReplicaLogs::match_again(Replica& replica) {
  if (replica.tail.empty()) return;
  std::vector<Run> rest;
  bool equal = true;
  for (const Run& run : replica.tail.runs()) {
    if (!equal) {
      rest.push_back(run);
      continue;
    }
    const Run kept = clip(run, std::max(replica.agreed, expired_), run.end());
    replica.agreed += run.count - kept.count;
    if (kept.count == 0) continue;
    const std::int64_t matched = reference_.matching(kept);
    replica.agreed += matched;
    if (matched == kept.count) continue;
    equal = false;
    rest.push_back(clip(run, replica.agreed, run.end()));
  }
  replica.tail.clear(replica.agreed);
  for (const Run& run : rest) replica.tail.append(run);
}

void ReplicaLogs::promote(std::size_t index) {
  Replica& leader = replicas_[index];
  if (leader.agreed == reference_.end()) {
    if (leader.tail.empty()) return;
  }
  const std::int64_t fork = leader.agreed;
  if (fork < committed_) ++times_given_up_;
  committed_ = std::min(committed_, fork);
  expired_ = std::min(expired_, fork);
  for (Replica& other : replicas_) {
    if (other.agreed <= fork) continue;
    RunLog tail(fork);
    // A leader that ends below where everybody else's log begins: the offsets between are nobody's records.
    if (const std::int64_t begin = std::min(reference_.start(), other.agreed); begin > fork)
      tail.append({fork, begin - fork, 0, Run::kHole, -1});
    reference_.for_each(fork, other.agreed, [&](const Run& run) { tail.append(run); });
    for (const Run& run : other.tail.runs()) tail.append(run);
    other.tail = std::move(tail);
    other.agreed = fork;
  }
  reference_.cut(fork);
  for (const Run& run : leader.tail.runs()) reference_.append(run);
  leader.agreed = reference_.end();
  leader.tail.clear(leader.agreed);
  for (Replica& other : replicas_) match_again(other);
}

void ReplicaLogs::commit(std::int64_t offset) {
  SIM_CHECK(offset <= reference_.end());
  committed_ = std::max(committed_, offset);
}

void ReplicaLogs::uncommit(std::int64_t offset) {
  if (offset < committed_) ++times_given_up_;
  committed_ = std::min(committed_, offset);
  trim();
}

void ReplicaLogs::expire(std::int64_t offset) {
  offset = std::min(offset, committed_);
  if (offset <= expired_) return;
  expired_ = offset;
  for (Replica& replica : replicas_) match_again(replica);
}

void ReplicaLogs::set_start(std::size_t index, std::int64_t offset) {
  Replica& replica = replicas_[index];
  SIM_CHECK(offset <= replica.end(), "a log begins beyond its end");
  replica.start = std::min(std::max(offset, std::min(replica.start, reference_.start())), replica.end());
  trim_front();
}

void ReplicaLogs::restart(std::size_t index, std::int64_t offset) {
  Replica& replica = replicas_[index];
  if (offset > reference_.end()) {
    const std::int64_t end = reference_.end();
    reference_.append({end, offset - end, 0, Run::kHole, -1});
  }
  replica.start = offset;
  replica.agreed = offset;
  replica.tail.clear(offset);
  trim();
  trim_front();
}

void ReplicaLogs::trim_front() {
  std::int64_t start = reference_.end();
  for (const Replica& replica : replicas_) start = std::min(start, replica.start);
  reference_.drop_front(start);
}

bool ReplicaLogs::holds(std::size_t index, const Run& all) const {
  const Replica& replica = replicas_[index];
  const Run run = clip(all, replica.start, all.end());
  if (run.end() > replica.end()) return false;
  if (run.count == 0) return true;
  const Run shared = clip(run, run.base, replica.agreed);
  if (shared.count > 0) {
    if (reference_.matching(shared, true) < shared.count) return false;
  }
  const Run own = clip(run, replica.agreed, run.end());
  if (own.count <= 0) return true;
  return replica.tail.matching(own, true) == own.count;
}

void ReplicaLogs::trim() {
  std::int64_t needed = committed_;
  for (const Replica& replica : replicas_) needed = std::max(needed, replica.agreed);
  if (needed < reference_.end()) reference_.cut(needed);
}

std::size_t ReplicaLogs::runs() const {
  std::size_t total = reference_.runs().size();
  for (const Replica& replica : replicas_) total += replica.tail.runs().size();
  return total;
}

}  // namespace brokersim::checkers
