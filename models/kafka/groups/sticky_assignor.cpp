// StickyAssignor and CooperativeStickyAssignor (KIP-54, KIP-429, KIP-480's successor in AbstractStickyAssignor 4.1).
//
// Two ways. Equal subscriptions: everybody keeps up to a quota of what is theirs, the rest is dealt in turn. Else: what is
// free goes to whoever has least, then partitions move until nothing gets more balanced, back to where they came from
// if that is possible.
#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "models/kafka/groups/assignor.h"
#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::groups {

namespace {

constexpr std::int32_t kNoGeneration = -1;

/// A java.util.HashSet of partitions: only which of them comes first is asked.
class PartitionSet {
 public:
  explicit PartitionSet(const std::vector<std::int32_t>& hashes) : hashes_(hashes) {}
  void add(std::size_t partition) {
    members_.push_back(partition);
    capacity_ = std::max(capacity_, java_map_capacity(members_.size()));
  }
  void remove(std::size_t partition) { std::erase(members_, partition); }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] std::size_t first() const {
    return *std::min_element(members_.begin(), members_.end(), [this](std::size_t a, std::size_t b) {
      return java_bucket(hashes_[a], capacity_) < java_bucket(hashes_[b], capacity_);
    });
  }

 private:
  const std::vector<std::int32_t>& hashes_;
  std::vector<std::size_t> members_;  // as they were put
  std::size_t capacity_ = 16;
};

/// Who gave which partition to whom within one assignment, so that two of a topic never cross between the same two.
class Movements {
 public:
  Movements(const std::vector<std::size_t>& topic_of, const std::vector<std::int32_t>& hashes)
      : topic_of_(topic_of), hashes_(hashes) {}

  /// `partition` goes from `from` to `to`; if one of its topic has gone the other way before, that one goes back instead.
  [[nodiscard]] std::size_t actual(std::size_t partition, std::size_t from, std::size_t to) const {
    const auto moved = moved_.find(partition);
    if (moved != moved_.end()) from = moved->second.first;
    const auto reverse = by_pair_.find({topic_of_[partition], {to, from}});
    return reverse == by_pair_.end() ? partition : reverse->second.first();
  }
  void move(std::size_t partition, std::size_t from, std::size_t to) {
    const auto moved = moved_.find(partition);
    if (moved != moved_.end()) {
      const Pair before = moved->second;
      moved_.erase(moved);
      const auto set = by_pair_.find({topic_of_[partition], before});
      set->second.remove(partition);
      if (set->second.empty()) by_pair_.erase(set);
      if (before.first == to) return;  // back where it was
      from = before.first;
    }
    moved_[partition] = {from, to};
    by_pair_.try_emplace({topic_of_[partition], {from, to}}, hashes_).first->second.add(partition);
  }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;
  const std::vector<std::size_t>& topic_of_;
  const std::vector<std::int32_t>& hashes_;
  std::map<std::size_t, Pair> moved_;
  std::map<std::pair<std::size_t, Pair>, PartitionSet> by_pair_;
};

/// One assignment. Members and partitions are numbers: members by id, partitions by topic and number.
class Sticky {
 public:
  Sticky(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) : topics_(topics) {
    for (const MemberInput& member : members) members_.push_back(&member);
    std::vector<std::int32_t> hashes;
    for (const MemberInput& member : members) hashes.push_back(java_string_hash(member.id));
    const std::vector<std::size_t> order = java_map_order(hashes);
    std::sort(members_.begin(), members_.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
    for (const std::size_t index : order) map_order_.push_back(number_of(members[index].id));
    for (std::size_t t = 0; t < topics.size(); ++t) {
      first_of_.push_back(topic_of_.size());
      for (std::int32_t p = 0; p < topics[t].partitions; ++p) {
        topic_of_.push_back(t);
        // TopicPartition.hashCode
        const auto hash = 31u * (31u + static_cast<std::uint32_t>(p)) +
                          static_cast<std::uint32_t>(java_string_hash(topics[t].name));
        hashes_.push_back(static_cast<std::int32_t>(hash));
      }
    }
    lists_.resize(members_.size());
    subscriptions_.resize(members_.size());
    for (std::size_t m = 0; m < members_.size(); ++m) {
      for (const std::string& topic : members_[m]->topics) {
        if (const auto t = topic_number(topic)) subscriptions_[m].push_back(*t);
      }
    }
  }

  void run() {
    take_claims();
    if (equal_) {
      constrained();
    } else {
      general();
    }
  }

  /// What is handed from one member to another, if that is known; else it has to be worked out.
  [[nodiscard]] const std::optional<std::map<std::size_t, std::size_t>>& transferred() const {
    return transferred_;
  }

  [[nodiscard]] Assignment result() const {
    Assignment result;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      auto& list = result[members_[m]->id];
      for (const std::size_t p : lists_[m]) list.push_back(name_of(p));
      std::sort(list.begin(), list.end());
    }
    return result;
  }
  [[nodiscard]] TopicPartition name_of(std::size_t partition) const {
    const std::size_t topic = topic_of_[partition];
    return {topics_[topic].name, static_cast<std::int32_t>(partition - first_of_[topic])};
  }
  [[nodiscard]] const std::string& id_of(std::size_t member) const { return members_[member]->id; }

 private:
  [[nodiscard]] std::size_t number_of(const std::string& id) const {
    const auto at = std::lower_bound(members_.begin(), members_.end(), id,
                                     [](const MemberInput* m, const std::string& i) { return m->id < i; });
    return static_cast<std::size_t>(at - members_.begin());
  }
  [[nodiscard]] std::optional<std::size_t> topic_number(const std::string& name) const {
    const auto at = std::lower_bound(topics_.begin(), topics_.end(), name,
                                     [](const Topic& t, const std::string& n) { return t.name < n; });
    if (at == topics_.end() || at->name != name) return std::nullopt;
    return static_cast<std::size_t>(at - topics_.begin());
  }
  [[nodiscard]] bool reads(std::size_t member, std::size_t topic) const {
    const auto& list = subscriptions_[member];
    return std::find(list.begin(), list.end(), topic) != list.end();
  }

  /// Who may keep what: of two claims the one of the later generation holds, of the same generation neither.
  void take_claims() {
    std::vector<std::size_t> owner(topic_of_.size(), kNobody);
    doubly_claimed_.assign(topic_of_.size(), false);
    for (const std::size_t m : map_order_) {
      const MemberInput& member = *members_[m];
      generation_max_ = std::max(generation_max_, member.generation);
      if (!same_topics(member, *members_[map_order_.front()])) equal_ = false;
      for (const TopicPartition& claimed : member.owned) {
        const auto topic = topic_number(claimed.topic);
        if (!topic || claimed.partition >= topics_[*topic].partitions) continue;
        const std::size_t p = first_of_[*topic] + static_cast<std::size_t>(claimed.partition);
        const std::size_t other = owner[p];
        if (other != kNobody) {
          const std::int32_t theirs = members_[other]->generation;
          if (member.generation < theirs) continue;
          std::erase(lists_[other], p);
          if (member.generation == theirs) doubly_claimed_[p] = true;
        }
        owner[p] = m;
        if (other == kNobody || member.generation > members_[other]->generation) lists_[m].push_back(p);
      }
    }
  }
  [[nodiscard]] static bool same_topics(const MemberInput& a, const MemberInput& b) {
    return std::set<std::string>(a.topics.begin(), a.topics.end()) ==
           std::set<std::string>(b.topics.begin(), b.topics.end());
  }

  // --- equal subscriptions ---------------------------------------------------------------------------------

  void constrained() {
    transferred_.emplace();
    std::vector<std::size_t> all;
    for (std::size_t p = 0; p < topic_of_.size(); ++p) {
      if (reads(0, topic_of_[p])) all.push_back(p);
    }
    const std::size_t count = members_.size();
    const std::size_t quota_min = all.size() / count;
    const std::size_t quota_max = quota_min + (all.size() % count > 0 ? 1 : 0);
    std::size_t rich_left = all.size() % count;  // members that may get one more than the least
    std::vector<bool> revoked(topic_of_.size(), false);
    std::vector<bool> assigned(topic_of_.size(), false);
    std::vector<std::size_t> below;    // the least
    std::deque<std::size_t> at_least;  // exactly the least, and may get one more
    for (const std::size_t m : map_order_) {
      auto& list = lists_[m];
      std::erase_if(list, [this](std::size_t p) { return doubly_claimed_[p]; });
      // Of too many, those with low numbers stay, so that the topics stay spread (KAFKA-16277, 3.8).
      std::stable_sort(list.begin(), list.end(), [this](std::size_t a, std::size_t b) {
        return a - first_of_[topic_of_[a]] < b - first_of_[topic_of_[b]] ||
               (a - first_of_[topic_of_[a]] == b - first_of_[topic_of_[b]] && a < b);
      });
      if (list.size() < quota_min) {
        below.push_back(m);
      } else {
        const bool rich = list.size() >= quota_max && rich_left > 0;
        if (rich && --rich_left == 0) at_least.clear();
        if (!rich && rich_left > 0) at_least.push_back(m);
        const std::size_t keep = rich ? quota_max : quota_min;
        for (std::size_t i = keep; i < list.size(); ++i) revoked[list[i]] = true;
        list.resize(keep);
      }
      for (const std::size_t p : list) assigned[p] = true;
    }
    std::sort(below.begin(), below.end());
    std::sort(at_least.begin(), at_least.end());
    std::size_t turn = 0;
    for (const std::size_t p : all) {
      if (assigned[p]) continue;
      std::size_t m = 0;
      if (below.empty()) {
        SIM_CHECK(!at_least.empty());
        m = at_least.front();
        at_least.pop_front();
      } else {
        if (turn >= below.size()) turn = 0;
        m = below[turn++];
      }
      lists_[m].push_back(p);
      if (revoked[p] || doubly_claimed_[p]) (*transferred_)[p] = m;
      if (lists_[m].size() != quota_min) continue;
      --turn;
      below.erase(below.begin() + static_cast<std::ptrdiff_t>(turn));
      at_least.push_back(m);
    }
  }

  // --- different subscriptions -----------------------------------------------------------------------------

  struct Previous {
    std::size_t member = 0;
    std::int32_t generation = kNoGeneration;
  };

  void general() {
    readers_.assign(topics_.size(), 0);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      for (const std::size_t t : subscriptions_[m]) ++readers_[t];
    }
    find_previous();
    bool revocation = false;
    owner_.assign(topic_of_.size(), kNobody);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const std::size_t before = lists_[m].size();
      std::erase_if(lists_[m], [&](std::size_t p) { return !reads(m, topic_of_[p]); });
      revocation = revocation || lists_[m].size() != before;
      for (const std::size_t p : lists_[m]) owner_[p] = m;
    }
    std::vector<std::size_t> all(topic_of_.size());
    for (std::size_t p = 0; p < all.size(); ++p) all[p] = p;
    std::stable_sort(all.begin(), all.end(), [this](std::size_t a, std::size_t b) {
      return readers_[topic_of_[a]] < readers_[topic_of_[b]];
    });
    std::vector<std::size_t> unassigned;
    for (const std::size_t p : all) {
      if (owner_[p] == kNobody) unassigned.push_back(p);
    }
    for (std::size_t m = 0; m < members_.size(); ++m) by_load_.insert({lists_[m].size(), m});
    balance(std::move(all), std::move(unassigned), revocation);
  }

  /// The last owner before the present one, as members of older generations tell.
  void find_previous() {
    for (const std::size_t m : map_order_) {
      const std::int32_t generation = members_[m]->generation;
      if (generation >= generation_max_) continue;
      for (const TopicPartition& claimed : members_[m]->owned) {
        const auto topic = topic_number(claimed.topic);
        if (!topic || claimed.partition >= topics_[*topic].partitions) continue;
        const std::size_t p = first_of_[*topic] + static_cast<std::size_t>(claimed.partition);
        const auto known = previous_.find(p);
        if (known == previous_.end() || generation > known->second.generation) previous_[p] = {m, generation};
      }
    }
  }

  void balance(std::vector<std::size_t> all, std::vector<std::size_t> unassigned, bool revocation) {
    const bool initial = by_load_.rbegin()->first == 0;
    for (const std::size_t p : unassigned) {
      for (const auto& [size, m] : by_load_) {
        if (!reads(m, topic_of_[p])) continue;
        give(p, m);
        break;
      }
    }
    const auto is_fixed = [this](std::size_t p) { return readers_[topic_of_[p]] < 2; };
    std::erase_if(all, is_fixed);
    std::erase_if(unassigned, is_fixed);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      if (!can_take_part(m)) by_load_.erase({lists_[m].size(), m});
    }
    const auto lists_before = lists_;
    if (!revocation && !unassigned.empty()) static_cast<void>(reassign(unassigned));
    const bool changed = reassign(all);
    if (!initial && changed && score(lists_) >= score(lists_before)) lists_ = lists_before;
  }

  void give(std::size_t partition, std::size_t member) {
    by_load_.erase({lists_[member].size(), member});
    lists_[member].push_back(partition);
    owner_[partition] = member;
    by_load_.insert({lists_[member].size(), member});
  }
  [[nodiscard]] std::size_t could_have(std::size_t member) const {
    std::size_t n = 0;
    for (const std::size_t t : subscriptions_[member]) n += static_cast<std::size_t>(topics_[t].partitions);
    return n;
  }
  [[nodiscard]] bool can_take_part(std::size_t member) const {
    if (lists_[member].size() < could_have(member)) return true;
    return std::any_of(lists_[member].begin(), lists_[member].end(),
                       [this](std::size_t p) { return readers_[topic_of_[p]] >= 2; });
  }
  /// Of those that take part; the others add the same to both sides that are compared only if nothing of theirs moved.
  [[nodiscard]] std::int64_t score(const std::vector<std::vector<std::size_t>>& lists) const {
    std::int64_t sum = 0;
    for (auto a = by_load_.begin(); a != by_load_.end(); ++a) {
      for (auto b = std::next(a); b != by_load_.end(); ++b) {
        const auto first = static_cast<std::int64_t>(lists[a->second].size());
        const auto second = static_cast<std::int64_t>(lists[b->second].size());
        sum += std::max(first - second, second - first);
      }
    }
    return sum;
  }

  [[nodiscard]] bool balanced() const {
    if (by_load_.begin()->first + 1 >= by_load_.rbegin()->first) return true;
    for (const auto& [size, m] : by_load_) {
      if (size == could_have(m)) continue;
      for (const std::size_t t : subscriptions_[m]) {
        for (std::size_t p = first_of_[t]; p < first_of_[t] + static_cast<std::size_t>(topics_[t].partitions);
             ++p) {
          if (owner_[p] != m && size < lists_[owner_[p]].size()) return false;
        }
      }
    }
    return true;
  }

  /// True if anything moved.
  [[nodiscard]] bool reassign(const std::vector<std::size_t>& partitions) {
    bool performed = false;
    for (bool modified = true; modified;) {
      modified = false;
      for (std::size_t i = 0; i < partitions.size() && !balanced(); ++i) {
        const std::size_t p = partitions[i];
        const std::size_t load = lists_[owner_[p]].size();
        const auto previous = previous_.find(p);
        if (previous != previous_.end() && reads(previous->second.member, topic_of_[p]) &&
            load > lists_[previous->second.member].size() + 1) {
          move(p, previous->second.member);
          modified = true;
          continue;
        }
        for (std::size_t m = 0; m < members_.size(); ++m) {
          if (!reads(m, topic_of_[p]) || load <= lists_[m].size() + 1) continue;
          move_to_best(p);
          modified = true;
          break;
        }
      }
      performed = performed || modified;
    }
    return performed;
  }
  void move_to_best(std::size_t partition) {
    for (const auto& [size, m] : by_load_) {
      if (!reads(m, topic_of_[partition])) continue;
      move(partition, m);
      return;
    }
  }
  void move(std::size_t wanted, std::size_t to) {
    const std::size_t partition = movements_.actual(wanted, owner_[wanted], to);
    const std::size_t from = owner_[partition];
    movements_.move(partition, from, to);
    by_load_.erase({lists_[from].size(), from});
    std::erase(lists_[from], partition);
    by_load_.insert({lists_[from].size(), from});
    give(partition, to);
  }

  static constexpr std::size_t kNobody = ~std::size_t{0};

  const std::vector<Topic>& topics_;
  std::vector<const MemberInput*> members_;  // by id
  std::vector<std::size_t> map_order_;       // as Java's map of subscriptions lists them
  std::vector<std::size_t> first_of_;        // partition of a topic
  std::vector<std::size_t> topic_of_;        // by partition
  std::vector<std::int32_t> hashes_;         // by partition
  std::vector<std::vector<std::size_t>> subscriptions_;
  std::vector<std::vector<std::size_t>> lists_;  // by member: what it gets
  std::vector<bool> doubly_claimed_;
  bool equal_ = true;
  std::int32_t generation_max_ = kNoGeneration;
  std::optional<std::map<std::size_t, std::size_t>> transferred_;
  // General case.
  std::vector<std::size_t> readers_;  // by topic: how many subscribe
  std::vector<std::size_t> owner_;    // by partition
  std::map<std::size_t, Previous> previous_;
  std::set<std::pair<std::size_t, std::size_t>> by_load_;  // (partitions, member) of those that take part
  Movements movements_{topic_of_, hashes_};
};

}  // namespace

Assignment assign_sticky(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  if (members.empty()) return {};
  Sticky sticky(topics, members);
  sticky.run();
  return sticky.result();
}

Assignment assign_cooperative_sticky(const std::vector<Topic>& topics,
                                     const std::vector<MemberInput>& members) {
  if (members.empty()) return {};
  Sticky sticky(topics, members);
  sticky.run();
  Assignment result = sticky.result();
  if (sticky.transferred()) {
    for (const auto& [partition, member] : *sticky.transferred())
      std::erase(result[sticky.id_of(member)], sticky.name_of(partition));
    return result;
  }
  std::set<TopicPartition> given_up;
  for (const MemberInput& member : members) {
    const auto& list = result[member.id];
    for (const TopicPartition& owned : member.owned) {
      if (!std::binary_search(list.begin(), list.end(), owned)) given_up.insert(owned);
    }
  }
  for (const MemberInput& member : members) {
    std::erase_if(result[member.id], [&](const TopicPartition& partition) {
      return given_up.contains(partition) &&
             std::find(member.owned.begin(), member.owned.end(), partition) == member.owned.end();
    });
  }
  return result;
}

}  // namespace brokersim::kafka::groups
