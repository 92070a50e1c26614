// The clean histories that mutations start from: four runs of small worlds, two written by hand.
#include <map>
#include <memory>
#include <stdexcept>

#include "app/scenario/scenario.h"
#include "models/history/keys.h"
#include "models/world/world.h"
#include "tests/models/checkers/history_tape.h"
#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers::test {
namespace {

constexpr const char* kOrders = R"({
  "title": "orders", "seed": 3, "duration": "30 s",
  "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 3},
    "config": {"broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500,
               "replica.lag.time.max.ms": 3000, "offsets.topic.num.partitions": 1,
               "group.initial.rebalance.delay.ms": 500},
    "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [
    {"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s", "arrivals": "constant",
     "records_per_send": 5, "record_size": "100 B", "stop": "26 s", "config": {"acks": "all", "linger.ms": 0}},
    {"name": "billing", "kind": "kafka_consumer", "topic": "orders", "group": "billing", "count": 2,
     "config": {"auto.offset.reset": "earliest", "auto.commit.interval.ms": 500, "session.timeout.ms": 6000}}],
  "faults": [{"at": "9 s", "kind": "kill_process", "target": {"broker": 0}, "restart_after": "4 s"},
             {"at": "18 s", "kind": "power_loss", "target": {"broker": 2}, "restart_after": "1 s"}]})";

/// As kOrders, and then nothing for 50 s.
std::string calm_text() {
  std::string text = kOrders;
  text.replace(text.find("\"30 s\""), 6, "\"76 s\"");
  return text;
}

constexpr const char* kBank = R"({
  "title": "bank", "seed": 5, "duration": "20 s",
  "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
    "config": {"broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500,
               "transaction.state.log.num.partitions": 1, "offsets.topic.num.partitions": 1},
    "topics": [{"name": "transfers", "assignment": [[0, 1, 2], [1, 2, 0]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [
    {"name": "bank", "kind": "kafka_transactions", "topic": "transfers", "rate": "5 /s", "accounts": 10,
     "on_fenced": "restart", "abort_permille": 300,
     "config": {"transaction.timeout.ms": 10000, "request.timeout.ms": 3000, "delivery.timeout.ms": 8000}},
    {"name": "auditor", "kind": "kafka_consumer", "topic": "transfers",
     "config": {"auto.offset.reset": "earliest", "isolation.level": "read_committed"}}],
  "faults": [{"at": "8 s", "kind": "kill_process", "target": {"broker": 0}, "restart_after": "2 s"}]})";

constexpr const char* kOutbox = R"({
  "title": "outbox", "seed": 7, "duration": "12 s",
  "hosts": [{"name": "b", "count": 1, "hardware": "i3en.2xlarge"},
            {"name": "db", "count": 1, "hardware": "i3en.2xlarge"},
            {"name": "billing-db", "count": 1, "hardware": "i3en.2xlarge"}],
  "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
                        "config": {"offsets.topic.num.partitions": 1},
                        "topics": [{"name": "events", "assignment": [[0]]}]},
              "db": {"kind": "database", "on": "db"}, "billing_db": {"kind": "database", "on": "billing-db"}},
  "workloads": [
    {"name": "orders", "kind": "outbox_service", "topic": "events", "publishing": "outbox", "rate": "10 /s",
     "aggregates": 3, "lock_aggregate": true, "stop": "8 s", "database": "db"},
    {"name": "publisher", "kind": "outbox_publisher", "topic": "events", "find": "flag", "batch": 50,
     "interval": "200 ms", "database": "db"},
    {"name": "billing", "kind": "inbox_consumer", "database": "billing_db", "topic": "events",
     "commit_interval": "1 s", "config": {"auto.offset.reset": "earliest"}}]})";

constexpr const char* kParcels = R"({
  "title": "parcels", "seed": 11, "duration": "30 s",
  "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
    "config": {"broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500,
               "group.share.record.lock.duration.ms": 2000, "group.share.delivery.count.limit": 3,
               "share.coordinator.state.topic.num.partitions": 1, "offsets.topic.num.partitions": 1},
    "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [
    {"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s", "records_per_send": 5,
     "record_size": "100 B", "stop": "22 s", "config": {"acks": "all", "linger.ms": 0}},
    {"name": "parcels", "kind": "kafka_share_consumer", "topic": "orders", "count": 3, "process_cost": "20 ms",
     "poison_permille": 50,
     "config": {"share.auto.offset.reset": "earliest", "share.acknowledgement.mode": "explicit", "max.poll.records": 10}}],
  "faults": [{"at": "6 s", "kind": "kill_process", "target": {"workload": "parcels"}, "restart_after": "1 s"},
             {"at": "9 s", "kind": "pause_process", "target": {"host": "parcels-1"}, "lasts": "4 s"},
             {"at": "15 s", "kind": "kill_process", "target": {"broker": 0}, "restart_after": "3 s"}]})";

Tape record(const char* text, const std::string& name) {
  scenario::LoadResult loaded = scenario::load_text(text, name);
  if (!loaded.scenario) throw std::runtime_error(scenario::render(loaded.diagnostics));
  const auto scenario = std::make_unique<scenario::Scenario>(std::move(*loaded.scenario));
  const auto world = std::make_unique<world::World>(scenario->config, scenario->config.seed);
  Recorder recorder;
  world->history().attach(recorder);
  const world::RunEnd end = world::run(*world);
  if (!end.bug.empty()) throw std::runtime_error(end.bug);
  Tape tape{facts_of(world->history()), std::move(recorder.events), end.ended_at, {}};
  for (const world::FinalPartition& partition : world->final_partitions())
    tape.leaders.push_back(partition.leader);
  return tape;
}

/// Facts in which the first client's records have keys.
history::History keyed(const history::History& history, const history::KeySpace& keys) {
  history::History facts;
  for (const history::PartitionInfo& partition : history.partitions()) facts.add_partition(partition);
  for (history::ClientInfo client : history.clients()) {
    if (facts.clients().empty()) client.keys = keys;
    facts.add_client(client);
  }
  return facts;
}

/// 40 records of 4 keys in batches of 5; what lies below 20 and is superseded there is compacted on every replica, then
/// retention takes what lies below 10. Records 40 to 44 are with the leader only, and stay uncommitted.
Tape prices() {
  Synthetic s({.topic = "prices", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .compacted = true});
  Recorder recorder;
  s.history.attach(recorder);
  const history::KeySpace keys{.keys = 4, .seed = 9};
  s.elect(1, 1, {1, 2, 3});
  s.leader_isr(1, 1, {1, 2, 3}, {1, 2, 3});
  for (std::int64_t n = 0; n < 8; ++n) {
    s.ms(10 * (n + 1));
    s.replicated(5 * n, 5 * n, 5, 1);
  }
  std::map<std::int64_t, std::int64_t> last;
  for (std::int64_t n = 0; n < 20; ++n) last[history::key_of(keys, s.producer, s.orders, n)] = n;
  std::vector<history::OffsetRange> removed;
  for (std::int64_t n = 0; n < 20; ++n) {
    if (last.at(history::key_of(keys, s.producer, s.orders, n)) > n) removed.push_back({n, n + 1});
  }
  s.ms(200);
  for (const std::int32_t broker : {1, 2, 3})
    s.history.record(history::Compacted{s.at, broker, s.orders, removed});
  s.ms(300);
  for (const std::int32_t broker : {1, 2, 3}) {
    const auto cause = broker == 1 ? history::LogStartCause::retention : history::LogStartCause::followed;
    s.history.record(history::LogStartMoved{s.at, broker, s.orders, 10, cause});
  }
  s.ms(400);
  s.sent(40, 5);
  s.append(1, 40, 40, 5, 1, true);
  s.ms(500);
  return {keyed(s.history, keys), std::move(recorder.events), s.at, {1}};
}

/// a owns the partition in epoch 1, gives it up, b has it in epoch 2; b is removed, and a has it again in epoch 3.
Tape membership() {
  Tape tape;
  tape.facts.add_partition({.topic = "orders", .replicas = {0}});
  const history::GroupId group = tape.facts.group("billing");
  const history::ClientId a = tape.facts.add_client({.name = "a", .producer = false, .group = group});
  const history::ClientId b = tape.facts.add_client({.name = "b", .producer = false, .group = group});
  const history::PartitionId orders{0};
  const auto at = [](std::int64_t ms) { return sim::SimTime{ms * 1'000'000}; };
  const auto own = [&](std::int64_t ms, history::ClientId who, std::int32_t epoch,
                       history::OwnershipChange change) {
    tape.events.emplace_back(history::OwnershipChanged{at(ms), who, group, epoch, change, {orders}});
  };
  const auto generation = [&](std::int64_t ms, std::int32_t number, std::int32_t members) {
    tape.events.emplace_back(history::GroupGeneration{at(ms), 0, group, number, members, true});
  };
  const auto commit = [&](std::int64_t ms, std::int64_t offset, std::int32_t epoch) {
    tape.events.emplace_back(history::OffsetCommitted{at(ms), 0, group, orders, offset, epoch});
  };
  using enum history::OwnershipChange;
  generation(10, 1, 1);
  own(20, a, 1, assigned);
  commit(30, 10, 1);
  commit(40, 20, 1);
  generation(50, 2, 2);
  own(60, a, 2, revoked);
  own(70, b, 2, assigned);
  commit(80, 30, 2);
  tape.events.emplace_back(history::MemberRemoved{at(90), group, b});
  generation(90, 3, 1);
  own(100, a, 3, assigned);
  commit(110, 40, 3);
  own(120, b, 2, lost);
  tape.end = at(200);
  tape.leaders = {0};
  return tape;
}

}  // namespace

std::string to_string(Source source) {
  switch (source) {
    case Source::orders: return "orders";
    case Source::calm: return "calm";
    case Source::bank: return "bank";
    case Source::outbox: return "outbox";
    case Source::prices: return "prices";
    case Source::parcels: return "parcels";
    case Source::membership: return "membership";
  }
  return "";
}

const Tape& tape_of(Source source) {
  static std::map<Source, Tape> tapes;
  const auto known = tapes.find(source);
  if (known != tapes.end()) return known->second;
  switch (source) {
    case Source::orders: return tapes[source] = record(kOrders, "orders.json");
    case Source::calm: return tapes[source] = record(calm_text().c_str(), "calm.json");
    case Source::bank: return tapes[source] = record(kBank, "bank.json");
    case Source::outbox: return tapes[source] = record(kOutbox, "outbox.json");
    case Source::prices: return tapes[source] = prices();
    case Source::parcels: return tapes[source] = record(kParcels, "parcels.json");
    case Source::membership: return tapes[source] = membership();
  }
  return tapes[source];
}

}  // namespace brokersim::checkers::test
