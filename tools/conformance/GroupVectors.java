// Golden vectors of Kafka's own assignors and hash functions: random inputs (from a seed) and what the published classes
// answer, as lines of text that tests/models/kafka/groups reads. In Kafka's package because StickyAssignor hides how it
// writes its user data. Usage: GroupVectors SEED CASES_PER_ASSIGNOR > FILE
package org.apache.kafka.clients.consumer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractStickyAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.coordinator.group.api.assignor.GroupAssignment;
import org.apache.kafka.coordinator.group.api.assignor.MemberAssignment;
import org.apache.kafka.coordinator.group.api.assignor.PartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

public final class GroupVectors {
    private static final class Member {
        String id;
        String instance;
        int generation = -1;
        List<String> topics = new ArrayList<>();
        List<TopicPartition> owned = new ArrayList<>();
    }

    private final Random random;
    private final StringBuilder out = new StringBuilder();

    private GroupVectors(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) {
        final long seed = Long.parseLong(args[0]);
        final int cases = Integer.parseInt(args[1]);
        final GroupVectors vectors = new GroupVectors(seed);
        System.out.println("# Made by tools/conformance/GroupVectors.java with Kafka 4.1.0, seed " + seed);
        for (final String assignor : List.of("range", "roundrobin", "sticky", "cooperative-sticky", "server-uniform",
                                             "server-range")) {
            for (int i = 0; i < cases; ++i) vectors.history(assignor);
        }
        for (int i = 0; i < cases; ++i) vectors.hashes();
        System.out.print(vectors.out);
    }

    private void hashes() {
        final int length = random.nextInt(24);
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; ++i) text.append((char) ('!' + random.nextInt(94)));
        final byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
        out.append("hash ").append(Utils.murmur2(bytes)).append(' ').append(text.toString().hashCode()).append(" =")
           .append(text).append('\n');
    }

    /** A group that goes through a few rebalances; each is one case. */
    private void history(String assignor) {
        final TreeMap<String, Integer> topics = new TreeMap<>();
        final int topicCount = 1 + random.nextInt(5);
        for (int i = 0; i < topicCount; ++i) topics.put("t" + (char) ('a' + i), 1 + random.nextInt(12));
        final boolean equal = random.nextInt(10) < 6;
        final List<Member> members = new ArrayList<>();
        final int memberCount = 1 + random.nextInt(8);
        for (int i = 0; i < memberCount; ++i) members.add(newMember(topics, equal, members));
        final int rounds = 1 + random.nextInt(3);
        for (int round = 0; round < rounds; ++round) {
            final Map<String, List<TopicPartition>> result;
            try {
                result = assignor.startsWith("server-") ? askServer(assignor, topics, members)
                                                        : askClient(assignor, topics, members);
            } catch (NullPointerException | IllegalStateException refused) {
                return;  // Kafka's own class cannot answer this one
            }
            write(assignor, topics, members, result);
            for (final Member member : members) {
                member.owned = new ArrayList<>(result.getOrDefault(member.id, List.of()));
                member.owned.sort((a, b) -> a.topic().equals(b.topic()) ? a.partition() - b.partition()
                                                                        : a.topic().compareTo(b.topic()));
                member.generation = round + 3;
            }
            change(topics, equal, members, assignor);
        }
    }

    private Member newMember(TreeMap<String, Integer> topics, boolean equal, List<Member> others) {
        final Member member = new Member();
        final String hex = Integer.toHexString(random.nextInt());
        member.id = "c" + random.nextInt(4) + "-" + hex;
        if (random.nextInt(4) == 0) member.instance = "i" + random.nextInt(1000) + "-" + others.size();
        for (final String topic : topics.keySet()) {
            if (equal || random.nextInt(3) > 0) member.topics.add(topic);
        }
        if (member.topics.isEmpty()) member.topics.add(topics.firstKey());
        return member;
    }

    private void change(TreeMap<String, Integer> topics, boolean equal, List<Member> members, String assignor) {
        final int leaving = random.nextInt(3);
        for (int i = 0; i < leaving && members.size() > 1; ++i) members.remove(random.nextInt(members.size()));
        final int joining = random.nextInt(3);
        for (int i = 0; i < joining; ++i) members.add(newMember(topics, equal, members));
        if (random.nextInt(3) == 0) {
            final String topic = new ArrayList<>(topics.keySet()).get(random.nextInt(topics.size()));
            topics.put(topic, topics.get(topic) + 1 + random.nextInt(5));
        }
        if (assignor.startsWith("server-")) return;
        if (random.nextInt(4) == 0) {  // one that missed the last rebalance still claims what it had
            final Member late = members.get(random.nextInt(members.size()));
            if (late.generation >= 0) {
                late.generation -= 1;
                late.owned.addAll(members.get(random.nextInt(members.size())).owned);
                late.owned = new ArrayList<>(new java.util.LinkedHashSet<>(late.owned));
                late.owned.removeIf(partition -> !late.topics.contains(partition.topic()));
            }
        }
        if (random.nextInt(8) == 0) {  // two claim the same in the same generation
            final Member first = members.get(random.nextInt(members.size()));
            final Member second = members.get(random.nextInt(members.size()));
            if (first.generation == second.generation && first != second && !first.owned.isEmpty()) {
                final TopicPartition claimed = first.owned.get(random.nextInt(first.owned.size()));
                if (second.topics.contains(claimed.topic())) second.owned.add(claimed);
            }
        }
    }

    private Map<String, List<TopicPartition>> askClient(String name, TreeMap<String, Integer> topics,
                                                        List<Member> members) {
        final AbstractPartitionAssignor assignor = switch (name) {
            case "range" -> new RangeAssignor();
            case "roundrobin" -> new RoundRobinAssignor();
            case "sticky" -> new StickyAssignor();
            default -> new CooperativeStickyAssignor();
        };
        final Map<String, Subscription> subscriptions = new HashMap<>();
        for (final Member member : members) {
            ByteBuffer userData = null;
            if (name.equals("sticky") && member.generation >= 0) {
                userData = StickyAssignor.serializeTopicPartitionAssignment(
                    new AbstractStickyAssignor.MemberData(member.owned, Optional.of(member.generation)));
            }
            final Subscription subscription =
                new Subscription(member.topics, userData, member.owned, member.generation, Optional.empty());
            if (member.instance != null) subscription.setGroupInstanceId(Optional.of(member.instance));
            subscriptions.put(member.id, subscription);
        }
        final Map<String, Integer> subscribed = new HashMap<>(topics);
        subscribed.keySet().removeIf(topic -> members.stream().noneMatch(m -> m.topics.contains(topic)));
        return assignor.assign(subscribed, subscriptions);
    }

    private Map<String, List<TopicPartition>> askServer(String name, TreeMap<String, Integer> topics,
                                                        List<Member> members) {
        final PartitionAssignor assignor = name.equals("server-range")
            ? new org.apache.kafka.coordinator.group.assignor.RangeAssignor()
            : new org.apache.kafka.coordinator.group.assignor.UniformAssignor();
        final Map<String, Uuid> ids = new LinkedHashMap<>();
        final Map<Uuid, String> names = new HashMap<>();
        for (final String topic : topics.keySet()) {
            final Uuid id = new Uuid(0L, topic.charAt(1) - 'a' + 1L);
            ids.put(topic, id);
            names.put(id, topic);
        }
        final Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        final Map<String, MemberSubscriptionAndAssignmentImpl> spec = new HashMap<>();
        Set<String> first = null;
        boolean homogeneous = true;
        for (final Member member : members) {
            final Set<Uuid> subscribed = new HashSet<>();
            for (final String topic : member.topics) subscribed.add(ids.get(topic));
            if (first == null) first = new HashSet<>(member.topics);
            homogeneous = homogeneous && first.equals(new HashSet<>(member.topics));
            final Map<Uuid, Set<Integer>> assigned = new HashMap<>();
            for (final TopicPartition partition : member.owned) {
                final Uuid id = ids.get(partition.topic());
                assigned.computeIfAbsent(id, x -> new HashSet<>()).add(partition.partition());
                owners.computeIfAbsent(id, x -> new HashMap<>()).put(partition.partition(), member.id);
            }
            spec.put(member.id, new MemberSubscriptionAndAssignmentImpl(
                Optional.empty(), Optional.ofNullable(member.instance), subscribed,
                new Assignment(Collections.unmodifiableMap(assigned))));
        }
        final SubscribedTopicDescriber describer = new SubscribedTopicDescriber() {
            @Override
            public int numPartitions(Uuid id) {
                return names.containsKey(id) ? topics.get(names.get(id)) : -1;
            }

            @Override
            public Set<String> racksForPartition(Uuid id, int partition) {
                return Set.of();
            }
        };
        final GroupAssignment answer = assignor.assign(
            new GroupSpecImpl(spec, homogeneous ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS, owners),
            describer);
        final Map<String, List<TopicPartition>> result = new HashMap<>();
        for (final Map.Entry<String, MemberAssignment> entry : answer.members().entrySet()) {
            final List<TopicPartition> partitions = new ArrayList<>();
            entry.getValue().partitions().forEach((id, numbers) -> {
                for (final int number : numbers) partitions.add(new TopicPartition(names.get(id), number));
            });
            result.put(entry.getKey(), partitions);
        }
        return result;
    }

    private void write(String assignor, TreeMap<String, Integer> topics, List<Member> members,
                       Map<String, List<TopicPartition>> result) {
        out.append("case ").append(assignor).append('\n');
        topics.forEach((topic, partitions) -> out.append("t ").append(topic).append(' ').append(partitions).append('\n'));
        for (final Member member : members) {
            out.append("m ").append(member.id).append(' ').append(member.instance == null ? "-" : member.instance)
               .append(' ').append(member.generation).append(' ').append(String.join(",", member.topics)).append(' ');
            list(member.owned);
        }
        for (final Member member : members) {
            final List<TopicPartition> got = new ArrayList<>(result.getOrDefault(member.id, List.of()));
            got.sort((a, b) -> a.topic().equals(b.topic()) ? a.partition() - b.partition()
                                                           : a.topic().compareTo(b.topic()));
            out.append("r ").append(member.id).append(' ');
            list(got);
        }
    }

    private void list(List<TopicPartition> partitions) {
        if (partitions.isEmpty()) out.append('-');
        for (int i = 0; i < partitions.size(); ++i) {
            out.append(i == 0 ? "" : ",").append(partitions.get(i).topic()).append(':')
               .append(partitions.get(i).partition());
        }
        out.append('\n');
    }
}
