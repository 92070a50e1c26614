#include "models/kafka/groups/assignor.h"

#include <algorithm>
#include <set>

#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::groups {

namespace {

/// Static members first, by instance; then dynamic ones by member id (AbstractPartitionAssignor.MemberInfo).
std::vector<const MemberInput*> sorted(const std::vector<MemberInput>& members) {
  std::vector<const MemberInput*> result;
  for (const MemberInput& member : members) result.push_back(&member);
  std::sort(result.begin(), result.end(), [](const MemberInput* a, const MemberInput* b) {
    if (a->instance.empty() != b->instance.empty()) return b->instance.empty();
    return a->instance.empty() ? a->id < b->id : a->instance < b->instance;
  });
  return result;
}

bool subscribed(const MemberInput& member, const std::string& topic) {
  return std::find(member.topics.begin(), member.topics.end(), topic) != member.topics.end();
}

Assignment nothing(const std::vector<MemberInput>& members) {
  Assignment result;
  for (const MemberInput& member : members) result[member.id];
  SIM_CHECK(result.size() == members.size(), "two members of a group have the same id");
  return result;
}

}  // namespace

const char* name(Assignor assignor) {
  switch (assignor) {
    case Assignor::range: return "range";
    case Assignor::round_robin: return "roundrobin";
    case Assignor::sticky: return "sticky";
    case Assignor::cooperative_sticky: return "cooperative-sticky";
  }
  return "range";
}

Assignment assign(Assignor assignor, const std::vector<Topic>& topics,
                  const std::vector<MemberInput>& members) {
  switch (assignor) {
    case Assignor::range: return assign_range(topics, members);
    case Assignor::round_robin: return assign_round_robin(topics, members);
    case Assignor::sticky: return assign_sticky(topics, members);
    case Assignor::cooperative_sticky: return assign_cooperative_sticky(topics, members);
  }
  return {};
}

Assignment assign(ServerAssignor assignor, const std::vector<Topic>& topics,
                  const std::vector<MemberInput>& members) {
  // The server's range assignor keeps nothing of what was and sorts members as the client's does.
  return assignor == ServerAssignor::range ? assign_range(topics, members) : assign_uniform(topics, members);
}

Assignment assign_range(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  Assignment result = nothing(members);
  const std::vector<const MemberInput*> all = sorted(members);
  for (const Topic& topic : topics) {
    std::vector<const MemberInput*> readers;
    for (const MemberInput* member : all) {
      if (subscribed(*member, topic.name)) readers.push_back(member);
    }
    if (readers.empty()) continue;
    const auto count = static_cast<std::int32_t>(readers.size());
    std::int32_t next = 0;
    for (std::int32_t i = 0; i < count; ++i) {
      const std::int32_t share = topic.partitions / count + (i < topic.partitions % count ? 1 : 0);
      auto& list = result[readers[static_cast<std::size_t>(i)]->id];
      for (const std::int32_t end = next + share; next < end; ++next) list.push_back({topic.name, next});
    }
  }
  return result;
}

Assignment assign_round_robin(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  Assignment result = nothing(members);
  const std::vector<const MemberInput*> all = sorted(members);
  std::size_t turn = 0;
  for (const Topic& topic : topics) {
    if (std::none_of(all.begin(), all.end(), [&](const auto* m) { return subscribed(*m, topic.name); }))
      continue;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
      while (!subscribed(*all[turn % all.size()], topic.name)) ++turn;
      result[all[turn++ % all.size()]->id].push_back({topic.name, partition});
    }
  }
  return result;
}

Assignment assign_uniform(const std::vector<Topic>& topics, const std::vector<MemberInput>& members) {
  Assignment result = nothing(members);
  if (members.empty()) return result;
  std::map<TopicPartition, bool> taken;
  const auto wants = [](const MemberInput& member) {
    return std::set<std::string>(member.topics.begin(), member.topics.end());
  };
  const std::set<std::string> first = wants(members.front());
  for (const MemberInput& member : members) {
    if (wants(member) != first) return assign_uniform_mixed(topics, members);
    for (const TopicPartition& partition : member.owned) taken[partition] = true;
  }
  std::vector<TopicPartition> free;
  std::int32_t total = 0;
  for (const Topic& topic : topics) {
    if (!subscribed(members.front(), topic.name)) continue;
    total += topic.partitions;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
      if (!taken[{topic.name, partition}]) free.push_back({topic.name, partition});
    }
  }
  const auto count = static_cast<std::int32_t>(members.size());
  std::int32_t extra = total % count;
  std::vector<std::int32_t> hashes;
  for (const MemberInput& member : members) hashes.push_back(java_string_hash(member.id));
  std::vector<std::pair<const MemberInput*, std::int32_t>> unfilled;
  std::int32_t members_left = count;  // this one included
  for (const std::size_t index : java_map_order(hashes)) {
    const MemberInput& member = members[index];
    bool one_more = extra > 0;
    std::int32_t quota = total / count + (one_more ? 1 : 0);
    for (const Topic& topic : topics) {
      std::vector<std::int32_t> mine;
      for (const TopicPartition& partition : member.owned) {
        if (partition.topic == topic.name && subscribed(member, topic.name))
          mine.push_back(partition.partition);
      }
      std::sort(mine.begin(), mine.end());
      // A HashSet of integers: in buckets of their value.
      const std::size_t capacity = java_map_capacity(mine.size());
      std::stable_sort(mine.begin(), mine.end(), [&](std::int32_t a, std::int32_t b) {
        return java_bucket(a, capacity) < java_bucket(b, capacity);
      });
      for (const std::int32_t partition : mine) {
        if (quota > 0) {
          --quota;
          result[member.id].push_back({topic.name, partition});
        } else {
          free.push_back({topic.name, partition});
        }
      }
    }
    // One who does not hold the extra partition leaves it to a later one, as long as enough of them come.
    if (quota > 0 && one_more && members_left > extra) {
      --quota;
      one_more = false;
    }
    if (quota > 0) unfilled.emplace_back(&member, quota);
    if (one_more) --extra;
    --members_left;
  }
  std::size_t next = 0;
  for (const auto& [member, quota] : unfilled) {
    for (std::int32_t i = 0; i < quota && next < free.size(); ++i) result[member->id].push_back(free[next++]);
  }
  SIM_CHECK(next == free.size());
  for (auto& [id, list] : result) std::sort(list.begin(), list.end());
  return result;
}

}  // namespace brokersim::kafka::groups
