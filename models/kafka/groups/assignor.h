// Who of a group reads which partition: Kafka's assignors as pure functions.
//
// The classic protocol runs one of four in the client that leads the group (kafka-behaviour.md section 6.2); the protocol
// of KIP-848 runs one of two in the broker. Each gives what the class of the same name in Kafka 4.1.0 gives, member for
// member: tests/models/kafka/groups holds answers of those classes, `make conformance-groups` asks them anew.
// Where a class walks a java.util.HashMap the order of that map is followed (java_hash.h), with members in the order in
// which the coordinator lists them. Not modelled: racks (client.rack, KIP-881), and one oddity of the sticky ones: Kafka may
// hand a partition back to a member that missed a rebalance and has unsubscribed from the topic meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brokersim::kafka::groups {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  [[nodiscard]] bool operator==(const TopicPartition&) const = default;
  /// Written out, since libc++ 13 (WebAssembly) has no <=> of strings.
  [[nodiscard]] bool operator<(const TopicPartition& o) const {
    return topic != o.topic ? topic < o.topic : partition < o.partition;
  }
};

struct Topic {
  std::string name;
  std::int32_t partitions = 0;  ///< 1 or more.
};

struct MemberInput {
  std::string id;
  std::string instance;             ///< group.instance.id; empty: a dynamic member.
  std::vector<std::string> topics;  ///< Subscribed to.
  /// What it says it owns; for the server's assignors its present target. Order matters to the sticky ones.
  std::vector<TopicPartition> owned;
  std::int32_t generation = -1;  ///< Of `owned`; -1: it says none.
};

/// By member id; every member has an entry. Lists are sorted.
using Assignment = std::map<std::string, std::vector<TopicPartition>>;

enum class Assignor : std::uint8_t { range, round_robin, sticky, cooperative_sticky };
enum class ServerAssignor : std::uint8_t { uniform, range };

/// "cooperative-sticky", as in the protocol and in a member's list of protocols.
[[nodiscard]] const char* name(Assignor assignor);

/// `topics`: those that exist, each once, sorted by name. Subscriptions to others are ignored.
[[nodiscard]] Assignment assign(Assignor assignor, const std::vector<Topic>& topics,
                                const std::vector<MemberInput>& members);
[[nodiscard]] Assignment assign(ServerAssignor assignor, const std::vector<Topic>& topics,
                                const std::vector<MemberInput>& members);

/// RangeAssignor: per topic, contiguous blocks to the sorted subscribers; the first ones get one more.
[[nodiscard]] Assignment assign_range(const std::vector<Topic>& topics,
                                      const std::vector<MemberInput>& members);
/// RoundRobinAssignor: all partitions dealt in turn to sorted members, past those that are not subscribed.
[[nodiscard]] Assignment assign_round_robin(const std::vector<Topic>& topics,
                                            const std::vector<MemberInput>& members);
/// StickyAssignor: balanced, and as much as possible stays where it is.
[[nodiscard]] Assignment assign_sticky(const std::vector<Topic>& topics,
                                       const std::vector<MemberInput>& members);
/// CooperativeStickyAssignor: the same, but what changes its owner is held back until that owner has given it up.
[[nodiscard]] Assignment assign_cooperative_sticky(const std::vector<Topic>& topics,
                                                   const std::vector<MemberInput>& members);
/// UniformAssignor of the group coordinator.
[[nodiscard]] Assignment assign_uniform(const std::vector<Topic>& topics,
                                        const std::vector<MemberInput>& members);
/// What it does where subscriptions differ (uniform_mixed.cpp).
[[nodiscard]] Assignment assign_uniform_mixed(const std::vector<Topic>& topics,
                                              const std::vector<MemberInput>& members);

}  // namespace brokersim::kafka::groups
