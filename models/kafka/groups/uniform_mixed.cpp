// The server's uniform assignor for members with different subscriptions (UniformHeterogeneousAssignmentBuilder of 4.1).
//
// What a member has and still wants stays with it; what nobody has goes to the subscribers with the least; then, topic by
// topic, single partitions go from those with the most to those with the least until no topic's subscribers differ by more
// than one, or after 16 rounds (with overlapping subscriptions the last move may never come). Balance goes before stickiness.
// Topics go by partitions per subscriber, most first; then by fewest subscribers; then by id, for which the name stands here.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/kafka/groups/assignor.h"
#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::groups {

namespace {

/// How often all topics are gone through (MAX_ITERATION_COUNT).
constexpr int kRounds = 16;
constexpr int kNobody = -1;

/// A topic with its subscribers, in the order of the members, and the owner of each partition.
struct Shared {
  const Topic* topic = nullptr;
  std::vector<int> subscribers;
  std::vector<int> owners;
};

/// Subscribers of one topic by load. From the left a range of the least loaded grows as they are given partitions, from the
/// right one of the most loaded as they give; within a range all have, or had, the same number.
class Scales {
 public:
  Scales(const std::vector<int>& subscribers, const std::vector<int>& load) : load_(load), order_(subscribers) {
    SIM_CHECK(!order_.empty());
    std::sort(order_.begin(), order_.end(),
              [&](int a, int b) { return std::pair(load_at(a), a) < std::pair(load_at(b), b); });
    least_ = load_at(order_.front()) - 1;
    most_ = load_at(order_.back()) + 1;
    most_begin_ = size();
    most_end_ = size();
    next_most_ = size() - 1;
  }

  [[nodiscard]] int spread() const { return load_at(order_.back()) - load_at(order_.front()); }
  [[nodiscard]] bool balanced() const { return most_ - least_ <= 1; }

  [[nodiscard]] int take_least() {
    if (next_least_ >= least_end_) {
      ++least_;
      while (least_end_ < size() && load_at(at(least_end_)) == least_) ++least_end_;
      next_least_ = 0;
    }
    return at(next_least_++);
  }

  /// kNobody: nobody is left who could give.
  [[nodiscard]] int take_most() {
    if (next_most_ < most_begin_) {
      if (most_end_ <= most_begin_ && most_begin_ > 0) {
        most_ = load_at(at(most_begin_ - 1));  // all of the range had nothing to give
      } else {
        --most_;
      }
      while (most_begin_ > 0 && load_at(at(most_begin_ - 1)) == most_) --most_begin_;
      next_most_ = most_end_ - 1;
    }
    return next_most_ < 0 ? kNobody : at(next_most_--);
  }

  /// The one that take_most() gave last has nothing of this topic.
  void pass_over() {
    std::swap(order_[static_cast<std::size_t>(next_most_ + 1)], order_[static_cast<std::size_t>(most_end_ - 1)]);
    --most_end_;
  }

 private:
  [[nodiscard]] int load_at(int member) const { return load_[static_cast<std::size_t>(member)]; }
  [[nodiscard]] int at(int place) const { return order_[static_cast<std::size_t>(place)]; }
  [[nodiscard]] int size() const { return static_cast<int>(order_.size()); }

  const std::vector<int>& load_;
  std::vector<int> order_;
  int least_end_ = 0;
  int least_ = 0;
  int next_least_ = 0;
  int most_begin_ = 0;
  int most_end_ = 0;
  int most_ = 0;
  int next_most_ = 0;
};

class Mixed {
 public:
  Mixed(const std::vector<Topic>& topics, const std::vector<MemberInput>& members);
  [[nodiscard]] Assignment run();

 private:
  void place_free();
  /// Partitions that changed hands.
  int balance(Shared& shared);
  void give(Shared& shared, std::int32_t partition, int member);

  std::vector<const MemberInput*> members_;
  std::vector<int> load_;
  std::vector<Shared> shared_;  // sorted
};

Mixed::Mixed(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  std::vector<std::int32_t> hashes;
  for (const MemberInput& member : members) hashes.push_back(java_string_hash(member.id));
  for (const std::size_t index : java_map_order(hashes)) members_.push_back(&members[index]);
  load_.assign(members_.size(), 0);
  for (const Topic& topic : topics) {
    Shared shared;
    shared.topic = &topic;
    shared.owners.assign(static_cast<std::size_t>(topic.partitions), kNobody);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const auto& wanted = members_[m]->topics;
      if (std::find(wanted.begin(), wanted.end(), topic.name) == wanted.end()) continue;
      shared.subscribers.push_back(static_cast<int>(m));
      for (const TopicPartition& owned : members_[m]->owned) {
        if (owned.topic == topic.name && owned.partition < topic.partitions)
          give(shared, owned.partition, static_cast<int>(m));
      }
    }
    if (!shared.subscribers.empty()) shared_.push_back(std::move(shared));
  }
  std::sort(shared_.begin(), shared_.end(), [](const Shared& a, const Shared& b) {
    const auto a_share = static_cast<std::int64_t>(a.topic->partitions) * static_cast<std::int64_t>(b.subscribers.size());
    const auto b_share = static_cast<std::int64_t>(b.topic->partitions) * static_cast<std::int64_t>(a.subscribers.size());
    if (a_share != b_share) return a_share > b_share;
    if (a.subscribers.size() != b.subscribers.size()) return a.subscribers.size() < b.subscribers.size();
    return a.topic->name < b.topic->name;
  });
}

void Mixed::give(Shared& shared, std::int32_t partition, int member) {
  int& owner = shared.owners[static_cast<std::size_t>(partition)];
  if (owner != kNobody) --load_[static_cast<std::size_t>(owner)];
  owner = member;
  ++load_[static_cast<std::size_t>(member)];
}

void Mixed::place_free() {
  for (Shared& shared : shared_) {
    Scales scales(shared.subscribers, load_);
    for (std::int32_t partition = 0; partition < shared.topic->partitions; ++partition) {
      if (shared.owners[static_cast<std::size_t>(partition)] == kNobody) give(shared, partition, scales.take_least());
    }
  }
}

int Mixed::balance(Shared& shared) {
  Scales scales(shared.subscribers, load_);
  if (scales.spread() <= 1) return 0;
  std::map<int, std::vector<std::int32_t>> held;  // by owner; the highest goes first
  for (std::int32_t partition = 0; partition < shared.topic->partitions; ++partition)
    held[shared.owners[static_cast<std::size_t>(partition)]].push_back(partition);
  int moved = 0;
  while (!scales.balanced()) {
    int giver = scales.take_most();
    while (giver != kNobody && held[giver].empty()) {
      scales.pass_over();
      giver = scales.take_most();
    }
    if (giver == kNobody) break;
    const std::int32_t partition = held[giver].back();
    held[giver].pop_back();
    const int taker = scales.take_least();
    if (scales.balanced()) break;
    give(shared, partition, taker);
    ++moved;
  }
  return moved;
}

Assignment Mixed::run() {
  place_free();
  // Stops when a whole turn over the topics has moved nothing.
  std::size_t last_moved = shared_.size();
  bool settled = false;
  for (int round = 0; round < kRounds && !settled; ++round) {
    for (std::size_t i = 0; i < shared_.size() && !settled; ++i) {
      if (shared_[i].subscribers.size() < 2) continue;
      if (i == last_moved) {
        settled = true;
      } else if (balance(shared_[i]) > 0 || last_moved == shared_.size()) {
        last_moved = i;
      }
    }
  }
  Assignment result;
  for (const MemberInput* member : members_) result[member->id];
  SIM_CHECK(result.size() == members_.size(), "two members of a group have the same id");
  for (const Shared& shared : shared_) {
    for (std::size_t p = 0; p < shared.owners.size(); ++p) {
      const MemberInput& owner = *members_[static_cast<std::size_t>(shared.owners[p])];
      result[owner.id].push_back({shared.topic->name, static_cast<std::int32_t>(p)});
    }
  }
  for (auto& [id, list] : result) std::sort(list.begin(), list.end());
  return result;
}

}  // namespace

Assignment assign_uniform_mixed(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  return Mixed(topics, members).run();
}

}  // namespace brokersim::kafka::groups
