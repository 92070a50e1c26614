#include "app/trace/tracer.h"

#include <algorithm>

#include "app/trace/flows.h"
#include "models/kafka/wire/errors.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::trace {
namespace {

std::string ids_text(const std::vector<history::BrokerId>& ids) {
  std::string text;
  for (const history::BrokerId id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

const char* state_name(history::BrokerEvent event) {
  using enum history::BrokerEvent;
  switch (event) {
    case process_started: return "starting";
    case running: return "running";
    case fenced: return "fenced";
    case process_killed: return "killed";
    case stopped_clean: return "stopped";
    case paused: return "paused";
    case resumed: return "resumed";
    case kernel_panicked: return "kernel panicked";
    case power_lost: return "without power";
    case storage_damaged: return "storage damaged";
  }
  return "?";
}

}  // namespace

Tracer::Tracer(world::World& world, const world::Config& config, sim::SimTime from, sim::SimTime to,
               std::size_t slices_max)
    : world_(world),
      spans_(from, to, slices_max),
      meter_(world, config),
      distance_{std::max<std::int64_t>((to - from).ns / kSamples, 1)} {
  wrong_ = spans_.process("what went wrong");
  partitions_process_ = spans_.process("partitions");
  partitions_.resize(world.history().partitions().size());
  host_brokers_.assign(meter_.hosts().size(), -1);
  for (const kafka::ClusterConfig& cluster : config.clusters) {
    for (std::size_t b = 0; b < cluster.broker_hosts.size(); ++b) {
      Broker broker;
      broker.host = cluster.broker_hosts[b];
      broker.process = spans_.process("broker " + std::to_string(b) + " (" + broker.host + ")");
      brokers_.push_back(std::move(broker));
      const auto host = std::find(meter_.hosts().begin(), meter_.hosts().end(), cluster.broker_hosts[b]);
      if (host != meter_.hosts().end())
        host_brokers_[static_cast<std::size_t>(host - meter_.hosts().begin())] = static_cast<std::int32_t>(b);
    }
    for (std::size_t c = 0; c < cluster.controller_hosts.size(); ++c)
      controllers_.push_back(
          spans_.process("controller " + std::to_string(c) + " (" + cluster.controller_hosts[c] + ")"));
    active_.resize(controllers_.size());
  }
  for (const history::ClientInfo& client : world.history().clients())
    clients_.push_back(spans_.process("client " + client.name));
  world.history().attach(*this);
  if (world.kafka() != nullptr) world.kafka()->show_to(*this);
}

Tracer::Broker* Tracer::broker(std::int32_t id) {
  return id >= 0 && static_cast<std::size_t>(id) < brokers_.size() ? &brokers_[static_cast<std::size_t>(id)]
                                                                   : nullptr;
}

/// Topics may be made while the run goes on.
Tracer::Partition& Tracer::partition_at(history::PartitionId id) {
  const auto number = static_cast<std::size_t>(id.n);
  if (number >= partitions_.size()) partitions_.resize(number + 1);
  return partitions_[number];
}

std::int32_t Tracer::place(std::int32_t process, std::int32_t rank, const char* track) {
  return spans_.place({process, rank, track});
}

std::string Tracer::name(history::PartitionId partition) const {
  return world_.history().partition(partition).name();
}

/// "" for what no client of the scenario sent, such as markers of transactions.
std::string Tracer::client_name(history::ClientId client) const {
  return client.n < 0 ? std::string() : world_.history().client(client).name;
}

std::string Tracer::batch_name(const history::RecordRange& records) const {
  return name(records.partition) + " [" + std::to_string(records.first) + ".." +
         std::to_string(records.first + records.count - 1) + "]";
}

/// The batch that holds the first of `records`, as a leader received it.
const Tracer::Batch* Tracer::batch_of(const history::RecordRange& records) const {
  auto at = batches_.upper_bound({records.producer.n, records.partition.n, records.first});
  if (at == batches_.begin()) return nullptr;
  --at;
  if (at->first.producer != records.producer.n || at->first.partition != records.partition.n) return nullptr;
  return records.first < at->first.first + at->second.count ? &at->second : nullptr;
}

// --- Clients -----------------------------------------------------------------------------------------------------

void Tracer::on(const history::ProduceOutcome& e) {
  if (e.at < spans_.from() || e.first_sent > spans_.to() || e.records.producer.n < 0) return;
  Slice slice{
      .place = place(clients_[static_cast<std::size_t>(e.records.producer.n)], rank_produce, "produce"),
      .from = e.first_sent,
      .to = e.at,
      .category = "client",
      .name = batch_name(e.records)};
  slice.arguments = {{"outcome", e.outcome == history::Outcome::acknowledged ? "acknowledged"
                                 : e.outcome == history::Outcome::failed     ? "failed"
                                                                             : "unknown"},
                     {"acks", e.acks < 0 ? std::string("all") : std::to_string(e.acks)},
                     {"records", e.records.count},
                     {"bytes", e.payload.n},
                     {"attempts", std::int64_t{e.attempts}},
                     {"broker", std::int64_t{e.broker}},
                     {"base_offset", e.base_offset},
                     {"waited_us", (e.first_sent - e.intended_first).ns / 1'000}};
  if (e.error != 0)
    slice.arguments.push_back(
        {"error", std::string(kafka::wire::name(static_cast<kafka::wire::ErrorCode>(e.error)))});
  if (e.attempts > 0) slice.flows.push_back(flow_of(e.records, kToLeader));
  spans_.add(std::move(slice));
}

void Tracer::on(const history::Consumed& e) {
  if (!spans_.within(e.at)) return;
  Slice slice{.place = place(clients_[static_cast<std::size_t>(e.consumer.n)], rank_consume, "consume"),
              .from = e.at,
              .to = std::max(e.at, e.processed_from + e.process_cost * e.records.count),
              .category = "client",
              .name = batch_name(e.records)};
  slice.arguments = {{"records", e.records.count},
                     {"base_offset", e.base_offset},
                     {"broker", std::int64_t{e.broker}},
                     {"producer", client_name(e.records.producer)}};
  if (const Batch* batch = batch_of(e.records); batch != nullptr) {
    if (Slice* request = spans_.find(batch->request); request != nullptr) {
      const std::uint64_t flow = flow_of(e.records, to_consumer(e.consumer));
      request->flows.push_back(flow);
      slice.flows.push_back(flow);
    }
  }
  spans_.add(std::move(slice));
}

void Tracer::on(const history::ClientRestarted& e) {
  spans_.instant(place(clients_[static_cast<std::size_t>(e.client.n)], rank_state, "process"), e.at, "client",
                 "restarted");
}

void Tracer::on(const history::OwnershipChanged& e) {
  const char* what = e.change == history::OwnershipChange::assigned  ? "assigned"
                     : e.change == history::OwnershipChange::revoked ? "revoked"
                                                                     : "lost";
  std::string partitions;
  for (const history::PartitionId partition : e.partitions)
    partitions += (partitions.empty() ? "" : " ") + name(partition);
  spans_.instant(place(clients_[static_cast<std::size_t>(e.consumer.n)], rank_group, "assignment"), e.at,
                 "client", what, {{"partitions", partitions}, {"generation", std::int64_t{e.generation}}});
}

void Tracer::on(const history::OffsetReset& e) {
  spans_.instant(place(clients_[static_cast<std::size_t>(e.consumer.n)], rank_group, "assignment"), e.at,
                 "client", "offset reset",
                 {{"partition", name(e.partition)}, {"from", e.from}, {"to", e.to}});
}

// --- Who is there, who leads --------------------------------------------------------------------------------------

void Tracer::stop(Broker& broker, sim::SimTime at, bool process_gone) {
  if (broker.stopped == sim::SimTime::max()) broker.stopped = at;
  if (!process_gone) return;
  for (const auto& [slot, id] : broker.requests) {
    if (Slice* slice = spans_.find(id); slice != nullptr) {
      slice->arguments.push_back({"ended", "the process died"});
      spans_.close(id, at);
    }
  }
  broker.requests.clear();
  broker.fetchers.clear();
}

void Tracer::on(const history::BrokerChanged& e) {
  using enum history::BrokerEvent;
  Broker* one = broker(e.broker);
  if (one == nullptr) return;
  switch (e.event) {
    case process_killed:
    case stopped_clean:
    case kernel_panicked:
    case power_lost: stop(*one, e.at, true); break;
    case paused: stop(*one, e.at, false); break;
    case resumed:
    case running: one->stopped = sim::SimTime::max(); break;
    case process_started:
    case fenced:
    case storage_damaged: break;
  }
  const std::int32_t where = place(one->process, rank_state, "state");
  // The controller fences whom it does not hear: one that is down or paused stays that until it does something itself.
  if (e.event == fenced && one->stopped != sim::SimTime::max()) return;
  if (e.event == storage_damaged) {
    spans_.instant(where, e.at, "state", "storage damaged");
    return;
  }
  spans_.close(one->state, e.at);
  one->state =
      spans_.open({.place = where, .from = e.at, .to = {}, .category = "state", .name = state_name(e.event)});
}

void Tracer::on(const history::ControllerChanged& e) {
  const auto node = static_cast<std::size_t>(e.node);
  if (node >= controllers_.size()) return;
  spans_.close(active_[node], e.at);
  active_[node] = {};
  const std::int32_t where = place(controllers_[node], rank_state, "state");
  if (e.event == history::ControllerEvent::active) {
    active_[node] = spans_.open({.place = where,
                                 .from = e.at,
                                 .to = {},
                                 .category = "state",
                                 .name = "active",
                                 .arguments = {{"epoch", std::int64_t{e.epoch}}}});
  } else {
    spans_.instant(where, e.at, "state",
                   e.event == history::ControllerEvent::resigned ? "resigned" : "stopped");
  }
}

/// An election begins when the leader stops, is committed by the controller, and is over when the new leader acts as one.
void Tracer::elect(std::size_t number, const history::PartitionChanged& e) {
  Partition& partition = partitions_[number];
  const std::int32_t before = partition.leader;
  if (const Broker* old = broker(before); old != nullptr) partition.left = std::min(old->stopped, e.at);
  spans_.close(partition.election, e.at);  // superseded
  partition.election = {};
  if (e.leader < 0) return;
  partition.committed = e.at;
  partition.election = spans_.open({.place = place(partitions_process_, rank_elections, "elections"),
                                    .from = partition.left,
                                    .to = {},
                                    .category = "election",
                                    .name = "election " + name(e.partition) + (e.unclean ? " (unclean)" : ""),
                                    .arguments = {{"from_broker", std::int64_t{before}},
                                                  {"to_broker", std::int64_t{e.leader}},
                                                  {"epoch", std::int64_t{e.leader_epoch}},
                                                  {"isr", ids_text(e.isr)}}});
}

void Tracer::on(const history::PartitionChanged& e) {
  const auto number = static_cast<std::size_t>(e.partition.n);
  Partition& partition = partition_at(e.partition);
  const bool other = !partition.known || partition.leader != e.leader || partition.epoch != e.leader_epoch;
  if (partition.known && partition.leader != e.leader) elect(number, e);
  const auto rank = rank_partitions + e.partition.n;
  if (other && number < kPartitionsMax) {
    spans_.close(partition.leading, e.at);
    const std::string title = e.leader < 0 ? "no leader" : "led by broker " + std::to_string(e.leader);
    partition.leading =
        spans_.open({.place = spans_.place({partitions_process_, rank, "", name(e.partition)}),
                     .from = e.at,
                     .to = {},
                     .category = "leadership",
                     .name = title,
                     .arguments = {{"epoch", std::int64_t{e.leader_epoch}},
                                   {"isr", ids_text(e.isr)},
                                   {"unclean", std::int64_t{e.unclean ? 1 : 0}}}});
  }
  if (number < kPartitionsMax)
    spans_.count({partitions_process_, rank, "", name(e.partition) + " ISR"}, "members", e.at,
                 static_cast<std::int64_t>(e.isr.size()));
  partition.known = true;
  partition.leader = e.leader;
  partition.epoch = e.leader_epoch;
}

void Tracer::on(const history::RoleChanged& e) {
  Partition& partition = partition_at(e.partition);
  if (e.leader != e.broker || e.broker != partition.leader || e.leader_epoch != partition.epoch) return;
  if (Slice* election = spans_.find(partition.election); election != nullptr)
    election->parts = {{"nobody elected yet", election->from, partition.committed},
                       {"elected, not yet acting", partition.committed, e.at}};
  spans_.close(partition.election, e.at);
  partition.election = {};
}

void Tracer::on(const history::FaultFired& e) {
  const auto open = faults_.find(e.fault);
  if (e.healed && open != faults_.end()) {
    if (Slice* slice = spans_.find(open->second); slice != nullptr && e.effects >= 0)
      slice->arguments.push_back({"effects", e.effects});
    spans_.close(open->second, e.at);
    faults_.erase(open);
    return;
  }
  if (e.healed) return;
  const std::int32_t where = place(wrong_, rank_faults, "faults");
  if (!e.fired) {
    spans_.instant(where, e.at, "fault", e.kind + ": no target");
    return;
  }
  faults_[e.fault] = spans_.open({.place = where,
                                  .from = e.at,
                                  .to = {},
                                  .category = "fault",
                                  .name = e.kind,
                                  .arguments = {{"target", e.target}, {"fault", std::int64_t{e.fault}}}});
}

// --- Counters ------------------------------------------------------------------------------------------------------

sim::SimTime Tracer::next_sample() const {
  const sim::SimTime at = spans_.from() + distance_ * sampled_;
  return at <= spans_.to() && sampled_ <= kSamples ? at : sim::SimTime::max();
}

void Tracer::sample() {
  const sim::SimTime at = world_.sim().now();
  const sim::Duration since = sampled_ == 0 ? std::max(spans_.from() - sim::SimTime{}, distance_) : distance_;
  ++sampled_;
  for (std::size_t h = 0; h < host_brokers_.size(); ++h) {
    const Broker* one = broker(host_brokers_[h]);
    if (one == nullptr) continue;
    const report::HostSample sample = meter_.sample(h, since);
    const auto count = [&](std::int32_t rank, const char* what, const char* unit, double value) {
      spans_.count({one->process, rank_counters + rank, what}, unit, at,
                   static_cast<std::int64_t>(value + 0.5));
    };
    const kafka::broker::BrokerService* service = world_.kafka()->broker(host_brokers_[h]);
    count(0, "requests queued", "requests",
          service == nullptr ? 0 : static_cast<double>(service->server().queued()));
    count(1, "page cache dirty", "bytes", static_cast<double>(sample.dirty));
    count(2, "disk busy", "percent", sample.disk_busy * 100);
    count(3, "network out", "bytes/s", sample.out_bytes);
    count(4, "network in", "bytes/s", sample.in_bytes);
    count(5, "processor", "millicores", sample.cpu_cores * 1'000);
  }
  for (std::size_t p = 0; p < std::min(partitions_.size(), kPartitionsMax); ++p) {
    const Partition& partition = partitions_[p];
    const history::PartitionId id{static_cast<std::int32_t>(p)};
    if (!partition.known || world_.history().partition(id).internal) continue;
    spans_.count({partitions_process_, rank_partitions + id.n, "", name(id) + " above high watermark"},
                 "records", at, std::max<std::int64_t>(partition.log_end - partition.high_watermark, 0));
  }
}

}  // namespace brokersim::trace
