#include "app/capacity/utilisation.h"

#include <algorithm>
#include <map>

#include "app/results/long_run.h"
#include "models/devices/host/host.h"
#include "models/devices/storage/cloud_volume.h"
#include "models/devices/storage/disk.h"
#include "models/kafka/broker/broker_service.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::capacity {
namespace {

constexpr sim::Duration kLook = {10'000'000};

/// Cumulated amounts of every part, in seconds of full use: the difference of two over the time between is utilisation.
using Amounts = std::map<std::string, std::pair<Kind, double>>;

double disk_amount(const storage::Disk& disk) {
  const storage::DiskCounters& counters = disk.counters();
  const storage::DiskConfig& config = disk.config();
  if (config.kind != storage::DiskKind::cloud) return counters.busy.seconds();
  const storage::VolumeLimits limits = storage::volume_limits(config.volume, config.capacity);
  const auto bytes = static_cast<double>(counters.bytes_read.n + counters.bytes_written.n);
  const auto operations = static_cast<double>(counters.reads + counters.writes);
  return std::max(bytes / static_cast<double>(limits.bytes_peak),
                  operations / static_cast<double>(limits.iops_peak));
}

/// Work that the processors of a host can do in a second, on the reference machine.
double cpu_capacity(const compute::CpuConfig& cpu) {
  const double physical = static_cast<double>(cpu.cores) / cpu.threads_per_core;
  const double threads =
      physical +
      (cpu.cores - physical) *
          (cpu.threads_per_core > 1 ? cpu.smt_gain_percent / 100.0 / (cpu.threads_per_core - 1) : 0.0);
  const double quota = cpu.quota_percent > 0 ? std::min(threads, cpu.quota_percent / 100.0) : threads;
  return quota * cpu.speed_percent / 100.0 * (100 - cpu.steal_percent) / 100.0;
}

void add_host(Amounts& amounts, host::Host& host, bool broker) {
  const std::string& name = host.name();
  if (broker) {
    for (std::size_t i = 0; i < host.file_systems(); ++i)
      amounts[name + " disk " + std::to_string(i)] = {Kind::disk, disk_amount(host.disk(i))};
  }
  const network::Traffic& traffic = host.network().traffic(host.id());
  const Kind card = broker ? Kind::nic : Kind::client;
  amounts[name + " NIC out"] = {card, traffic.egress_busy.seconds()};
  amounts[name + " NIC in"] = {card, traffic.ingress_busy.seconds()};
  amounts[name + " CPU"] = {broker ? Kind::cpu : Kind::client,
                            host.cpu().work_done().seconds() / cpu_capacity(host.config().hardware.cpu)};
}

Amounts look(results::Execution& execution, const scenario::Scenario& scenario) {
  Amounts amounts;
  world::World& world = execution.world();
  const world::KafkaCluster* kafka = world.kafka();
  for (std::size_t id = 0; id < scenario.config.clusters.at(0).broker_hosts.size(); ++id) {
    const auto broker = static_cast<std::int32_t>(id);
    host::Host& host = kafka->broker_host(broker);
    add_host(amounts, host, /*broker=*/true);
    kafka::broker::BrokerService* service = kafka->broker(broker);
    if (service == nullptr) continue;
    const auto pool = [&](const char* what, const compute::ThreadPool& threads) {
      amounts[host.name() + " " + what] = {Kind::cpu, threads.busy_time().seconds() / threads.threads()};
    };
    pool("request handlers", service->server().handler_pool());
    pool("network threads", service->server().network_pool());
  }
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    for (const std::string& host : workload.hosts) add_host(amounts, world.host(host), /*broker=*/false);
  }
  for (const world::ConsumerWorkload& workload : scenario.config.consumers) {
    for (const std::string& host : workload.hosts) add_host(amounts, world.host(host), /*broker=*/false);
  }
  // A client that runs on a broker's machine shares the broker's card: that is the broker's.
  for (std::size_t id = 0; id < scenario.config.clusters.at(0).broker_hosts.size(); ++id)
    add_host(amounts, kafka->broker_host(static_cast<std::int32_t>(id)), /*broker=*/true);
  return amounts;
}

/// The thread that calls send(): its time per record, whatever it waits for besides.
void add_applications(std::vector<Part>& parts, const scenario::Scenario& scenario) {
  const kafka::Costs& costs = scenario.config.clusters.at(0).costs;
  for (const world::ProducerWorkload& workload : scenario.config.producers) {
    if (workload.rate_per_second_milli <= 0) continue;
    const sim::Duration cost = workload.send_cost + costs.client_record +
                               kafka::per_byte(workload.record_size.n, costs.client_record_ps_per_byte);
    const double rate = static_cast<double>(workload.rate_per_second_milli) / 1e3 /
                        static_cast<double>(workload.hosts.size());
    parts.push_back(
        {Kind::client, workload.name + " application thread", std::min(1.0, rate * cost.seconds())});
  }
}

}  // namespace

std::string to_string(Kind kind) {
  switch (kind) {
    case Kind::disk: return "disk";
    case Kind::nic: return "NIC";
    case Kind::cpu: return "CPU";
    case Kind::partition: return "partition";
    case Kind::client: return "client";
  }
  return "?";
}

std::string measure(results::Execution& execution, const scenario::Scenario& scenario, sim::SimTime from,
                    sim::SimTime to, std::vector<Part>& parts) {
  parts.clear();
  if (std::string bug = execution.run_until(from); !bug.empty()) return bug;
  const Amounts before = look(execution, scenario);
  const std::vector<results::LongRun> work_before = results::long_run(execution.world(), scenario.config);
  const history::History& history = execution.world().history();
  std::map<std::string, double> locked;
  std::int64_t looks = 0;
  for (sim::SimTime at = from + kLook; at <= to; at += kLook) {
    if (std::string bug = execution.run_until(at); !bug.empty()) return bug;
    ++looks;
    const world::KafkaCluster* kafka = execution.world().kafka();
    for (std::size_t id = 0; id < scenario.config.clusters.at(0).broker_hosts.size(); ++id) {
      kafka::broker::BrokerService* service = kafka->broker(static_cast<std::int32_t>(id));
      if (service == nullptr) continue;
      for (kafka::broker::Replica* replica : service->replicas().replicas()) {
        if (!replica->locked() || replica->role() != kafka::broker::Role::leader) continue;
        const history::PartitionInfo& info = history.partition(replica->name().id);
        locked["lock of " + info.topic + "/" + std::to_string(info.partition)] += 1;
      }
    }
  }
  const Amounts after = look(execution, scenario);
  for (const auto& [what, amount] : after) {
    const auto earlier = before.find(what);
    const double begun = earlier == before.end() ? 0 : earlier->second.second;
    parts.push_back(
        {amount.first, what, std::clamp((amount.second - begun) / (to - from).seconds(), 0.0, 1.0)});
  }
  const std::vector<results::LongRun> work = results::long_run(execution.world(), scenario.config);
  for (std::size_t i = 0; i < work.size(); ++i)
    parts.push_back({work[i].is_disk ? Kind::disk : Kind::nic, work[i].part + " in the long run",
                     work[i].share_since(work_before[i].given, to - from)});
  for (const auto& [what, times] : locked)
    parts.push_back({Kind::partition, what, looks > 0 ? times / static_cast<double>(looks) : 0});
  add_applications(parts, scenario);
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.utilisation > b.utilisation; });
  return {};
}

Part bottleneck(const std::vector<Part>& parts) {
  // A thread that is held by a lock or by the disk is busy with waiting: name what it waits for, if that is busy too.
  const Part* best = nullptr;
  for (const Part& part : parts) {
    if (part.utilisation < kBusy) continue;
    const bool threads = part.kind == Kind::cpu && !part.what.ends_with(" CPU");
    if (best == nullptr) {
      best = &part;
      continue;
    }
    const bool best_threads = best->kind == Kind::cpu && !best->what.ends_with(" CPU");
    if (best_threads && !threads) best = &part;
  }
  if (best != nullptr) return *best;
  return {Kind::client, "requests in flight, linger and batches of the producers: no part is busy", 0};
}

}  // namespace brokersim::capacity
