// Hand-written histories for the tests of checkers: a cluster of three brokers in a few words.
//
// Every helper records one event at the current time `at`, which a test sets in milliseconds.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "models/checkers/run_observer.h"
#include "models/history/history.h"

namespace brokersim::checkers::test {

class Synthetic {
 public:
  explicit Synthetic(history::PartitionInfo info = {.topic = "orders",
                                                    .replicas = {1, 2, 3},
                                                    .min_insync_replicas = 2},
                     std::int8_t acks = -1, bool idempotent = true, bool invariants = false)
      : observer(history, invariants) {
    orders = history.add_partition(std::move(info));
    producer = history.add_client(
        {.name = "checkout-0", .workload = "checkout", .acks = acks, .idempotent = idempotent});
    other = history.add_client(
        {.name = "billing-0", .workload = "billing", .acks = acks, .idempotent = idempotent});
    consumer = history.add_client({.name = "reader-0", .workload = "reader", .producer = false});
  }

  void ms(std::int64_t t) { at = {t * 1'000'000}; }

  void leader(std::int32_t broker, std::int32_t epoch, std::vector<history::BrokerId> isr,
              bool unclean = false) {
    history.record(
        history::PartitionChanged{at, orders, broker, epoch, ++partition_epoch, std::move(isr), {}, unclean});
  }
  /// As leader(), with an ELR.
  void leader_elr(std::int32_t broker, std::int32_t epoch, std::vector<history::BrokerId> isr,
                  std::vector<history::BrokerId> elr, bool unclean = false) {
    history.record(history::PartitionChanged{at, orders, broker, epoch, ++partition_epoch, std::move(isr),
                                             std::move(elr), unclean});
  }
  /// What the leader `broker` takes for the committed and for the maximal ISR.
  void leader_isr(std::int32_t broker, std::int32_t epoch, std::vector<history::BrokerId> committed,
                  std::vector<history::BrokerId> maximal) {
    const bool pending = maximal != committed;
    history.record(
        history::LeaderIsr{at, broker, orders, epoch, std::move(committed), std::move(maximal), pending});
  }
  void metadata(std::int32_t node, history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                std::int64_t to, bool observer_ = false) {
    history.record(history::MetadataLogChanged{at, node, observer_, change, epoch, from, to});
  }
  void role(std::int32_t broker, std::int32_t of, std::int32_t epoch) {
    history.record(history::RoleChanged{at, broker, orders, of, epoch, 0});
  }
  /// The controller elects, and everybody in `informed` learns of it at once.
  void elect(std::int32_t broker, std::int32_t epoch, std::vector<history::BrokerId> isr,
             std::initializer_list<std::int32_t> informed = {1, 2, 3}, bool unclean = false) {
    leader(broker, epoch, std::move(isr), unclean);
    for (const std::int32_t replica : informed) role(replica, broker, epoch);
  }
  void sent(std::int64_t first, std::int64_t count) { sent_by(producer, first, count); }
  void sent_by(history::ClientId who, std::int64_t first, std::int64_t count) {
    history.record(history::Sent{at, {who, orders, first, count}});
  }
  void append(std::int32_t broker, std::int64_t base, std::int64_t first, std::int64_t count,
              std::int32_t epoch, bool as_leader) {
    append_by(producer, broker, base, first, count, epoch, as_leader);
  }
  void append_by(history::ClientId who, std::int32_t broker, std::int64_t base, std::int64_t first,
                 std::int64_t count, std::int32_t epoch, bool as_leader) {
    const auto role = as_leader ? history::AppendRole::leader : history::AppendRole::follower;
    history.record(history::Appended{at, broker, role, {who, orders, first, count}, base, epoch});
  }
  void high_watermark(std::int32_t broker, std::int64_t offset, bool leads) {
    history.record(history::HighWatermark{at, broker, orders, offset, leads});
  }
  void truncate(std::int32_t broker, std::int64_t to, std::int64_t from,
                history::TruncateReason reason = history::TruncateReason::divergence) {
    history.record(history::Truncated{at, broker, orders, to, from, reason});
  }
  void recovered(std::int32_t broker, std::int64_t end, bool clean = false) {
    history.record(history::Recovered{at, broker, orders, end, clean, 0});
  }
  void flushed(std::int32_t broker, std::int64_t offset) {
    history.record(history::Flushed{at, broker, orders, offset});
  }
  void broker(std::int32_t id, history::BrokerEvent event) {
    history.record(history::BrokerChanged{at, id, event});
  }
  void storage_lost(std::int32_t broker, std::int64_t base, std::int64_t first, std::int64_t count,
                    history::LostState state) {
    history.record(history::StorageLost{at, broker, {producer, orders, first, count}, base, state});
  }
  /// `intended_ms` before now for all of them; one attempt.
  void outcome(std::int64_t first, std::int64_t count, history::Outcome what, std::int32_t by,
               std::int64_t base, std::int64_t intended_ms_ago = 5, std::int8_t acks = -1) {
    const sim::SimTime began{at.ns - intended_ms_ago * 1'000'000};
    history.record(history::ProduceOutcome{at,
                                           {producer, orders, first, count},
                                           what,
                                           0,
                                           by,
                                           base,
                                           acks,
                                           began,
                                           began,
                                           began,
                                           1,
                                           {count * 1'000}});
  }
  void ack(std::int64_t first, std::int64_t count, std::int32_t by, std::int64_t base,
           std::int8_t acks = -1) {
    outcome(first, count, history::Outcome::acknowledged, by, base, 5, acks);
  }
  void consume(std::int64_t base, std::int64_t first, std::int64_t count) {
    history.record(history::Consumed{
        at, consumer, {producer, orders, first, count}, base, {at.ns - 9'000'000}, {at.ns - 9'000'000}});
  }

  /// Records first .. first + count - 1 at `base`, sent, on all of `brokers` (the first leads), committed and
  /// acknowledged with acks=all.
  void replicated(std::int64_t base, std::int64_t first, std::int64_t count, std::int32_t epoch,
                  std::initializer_list<std::int32_t> brokers = {1, 2, 3}) {
    sent(first, count);
    bool leads = true;
    for (const std::int32_t replica : brokers) {
      append(replica, base, first, count, epoch, leads);
      leads = false;
    }
    high_watermark(*brokers.begin(), base + count, true);
    for (const std::int32_t replica : brokers) {
      if (replica != *brokers.begin()) high_watermark(replica, base + count, false);
    }
    ack(first, count, *brokers.begin(), base);
  }

  Findings finish(std::int32_t final_leader) { return observer.finish(at, {final_leader}); }

  history::History history;
  RunObserver observer;
  history::PartitionId orders;
  history::ClientId producer;
  history::ClientId other;
  history::ClientId consumer;
  sim::SimTime at;
  std::int32_t partition_epoch = 0;
};

inline const CheckResult& check(const Findings& findings, const std::string& id) {
  for (const CheckResult& result : findings.checks) {
    if (result.id == id) return result;
  }
  static const CheckResult none{.id = "no such check"};
  return none;
}

/// Ids of all violated checks, in order: "S1 S12".
inline std::string violated(const Findings& findings) {
  std::string ids;
  for (const CheckResult& result : findings.checks) {
    if (result.verdict == Verdict::violated) ids += (ids.empty() ? "" : " ") + result.id;
  }
  return ids;
}

}  // namespace brokersim::checkers::test
