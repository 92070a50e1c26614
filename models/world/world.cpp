#include "models/world/world.h"

#include <algorithm>

#include "models/devices/storage/file_system.h"
#include "models/faults/expand.h"
#include "models/world/kafka_cluster.h"
#include "models/world/outbox_systems.h"
#include "models/world/roles.h"

namespace brokersim::world {

World::World(const Config& config, std::uint64_t seed, sim::Recorder* recorder)
    : config_(config), sim_(seed, recorder), component_(sim_, "world") {
  network_ = std::make_unique<network::Network>(sim_, config.latency, config.tcp, config.trunks);
  host::HostObserver* observer = this;
  for (const auto& host : config.hosts) {
    hosts_.emplace(host.name, std::make_unique<host::Host>(sim_, *network_, host, observer));
  }
  if (!config.clusters.empty()) {
    kafka_ = std::make_unique<KafkaCluster>(config.clusters.front(), config, hosts_, history_);
  }
  if (!config.databases.empty())
    outbox_ = std::make_unique<OutboxSystems>(sim_, config, hosts_, kafka_.get(), history_);
  roles_ = std::make_unique<Roles>(kafka_.get());
  if (outbox_) {
    for (const auto& client : outbox_->clients())
      roles_->add_process(client.workload, {client.host, client.program});
  }
  history_.attach(*roles_);
  make_faults();
  if (kafka_) kafka_->start();
  if (outbox_) outbox_->start();
}

World::~World() {
  // Processes first: they refer to what the cluster keeps for them (batches, ledgers).
  faults_.reset();
  roles_.reset();
  hosts_.clear();
}

void World::make_faults() {
  std::vector<faults::FaultConfig> all = config_.faults;
  if (config_.fault_plan) {
    for (auto& fault : faults::expand(*config_.fault_plan, sim_.seed())) all.push_back(std::move(fault));
  }
  std::vector<host::Host*> hosts;
  for (const auto& host : config_.hosts) hosts.push_back(hosts_.at(host.name).get());
  faults_ = std::make_unique<faults::FaultEngine>(component_, *network_, std::move(hosts), *roles_, history_,
                                                  std::move(all));
  faults_->start();
}

void World::branch(std::uint64_t id) { sim_.branch(id); }

void World::add_faults(std::vector<faults::FaultConfig> faults) { faults_->add(std::move(faults)); }

void World::run_until(sim::SimTime until) { sim_.run_until(until); }

void World::run() {
  run_until(end_of_run());
  sim_.check_not_stuck();
}

std::vector<FinalPartition> World::final_partitions() const {
  std::vector<FinalPartition> result;
  for (std::size_t i = 0; i < history_.partitions().size(); ++i) {
    FinalPartition final;
    final.partition = {static_cast<std::int32_t>(i)};
    const std::int32_t leader = roles_->leader(final.partition);
    if (leader >= 0) {
      kafka::broker::BrokerService* broker = kafka_->broker(leader);
      kafka::broker::Replica* replica =
          broker == nullptr ? nullptr : broker->replicas().find(final.partition);
      if (replica != nullptr && replica->role() == kafka::broker::Role::leader) {
        final.leader = leader;
        final.log_end = replica->log().log_end();
        final.high_watermark = replica->high_watermark();
      }
    }
    result.push_back(final);
  }
  return result;
}

void World::record_broker(const host::Host& host, history::BrokerEvent event) {
  if (!kafka_) return;
  const std::int32_t broker = kafka_->broker_on(host.name());
  if (broker >= 0) history_.record(history::BrokerChanged{sim_.now(), broker, event});
}

void World::record_client_stop(const host::Host& host, std::string_view name) {
  if (!kafka_) return;
  for (const KafkaCluster::Client& client : kafka_->clients()) {
    if (client.host != host.name() || (!name.empty() && client.program != name)) continue;
    for (std::size_t i = 0; i < history_.clients().size(); ++i) {
      if (history_.clients()[i].name == client.program)
        history_.record(history::ClientStopped{sim_.now(), {static_cast<std::int32_t>(i)}});
    }
  }
}

void World::record_controller_stop(const host::Host& host) {
  if (!kafka_) return;
  const std::int32_t node = kafka_->controller_on(host.name());
  if (node < 0) return;
  history_.record(history::ControllerChanged{sim_.now(), node, -1, history::ControllerEvent::stopped});
}

void World::on_process_started(host::Host& host, std::string_view name, std::uint64_t) {
  if (name == kBrokerProgram) record_broker(host, history::BrokerEvent::process_started);
}
void World::on_process_killed(host::Host& host, std::string_view name, std::uint64_t) {
  record_client_stop(host, name);
  if (name == kControllerProgram) record_controller_stop(host);
  if (name == kBrokerProgram) record_broker(host, history::BrokerEvent::process_killed);
  if (outbox_) outbox_->on_killed(host, name);
}
void World::on_process_terminating(host::Host&, std::string_view, std::uint64_t) {}
void World::on_process_exited(host::Host& host, std::string_view name, std::uint64_t) {
  record_client_stop(host, name);
  if (name == kControllerProgram) record_controller_stop(host);
  if (name == kBrokerProgram) record_broker(host, history::BrokerEvent::stopped_clean);
  if (outbox_) outbox_->on_exited(host, name);
}
void World::on_process_paused(host::Host& host, std::string_view name) {
  if (name == kBrokerProgram) record_broker(host, history::BrokerEvent::paused);
}
void World::on_process_resumed(host::Host& host, std::string_view name) {
  if (name == kBrokerProgram) record_broker(host, history::BrokerEvent::resumed);
}
void World::on_power_lost(host::Host& host) {
  if (outbox_) outbox_->on_host_down(host);
  record_client_stop(host, {});
  record_broker(host, history::BrokerEvent::power_lost);
  record_controller_stop(host);
}
void World::on_kernel_panicked(host::Host& host) {
  if (outbox_) outbox_->on_host_down(host);
  record_client_stop(host, {});
  record_broker(host, history::BrokerEvent::kernel_panicked);
  record_controller_stop(host);
}
void World::on_booted(host::Host&) {}
void World::on_storage_damaged(host::Host& host) {
  record_broker(host, history::BrokerEvent::storage_damaged);
  record_damaged_voter(host);
}

void World::record_damaged_voter(const host::Host& host) {
  if (!kafka_) return;
  const std::int32_t node = kafka_->controller_on(host.name());
  if (node < 0) return;
  history_.record(
      history::MetadataLogChanged{sim_.now(), node, /*observer=*/false, history::MetadataChange::damaged});
}

void World::on_crash_report(host::Host& host, std::size_t disk, const storage::CrashReport& report) {
  if (outbox_) outbox_->on_crash_report(host, report);
  if (!kafka_) return;
  const auto of_quorum = [](const storage::LostRange& lost) {
    return lost.file.starts_with("__cluster_metadata");
  };
  if (host.disk(disk).counters().flushes_lied > 0 &&
      std::any_of(report.lost.begin(), report.lost.end(), of_quorum))
    record_damaged_voter(host);
  const std::int32_t broker = kafka_->broker_on(host.name());
  if (broker < 0) return;
  std::uint64_t last_batch = ~0ull;  // an append may be reported in several lost parts
  for (const storage::LostRange& lost : report.lost) {
    if (!lost.file.ends_with(".log") || of_quorum(lost)) continue;
    const log::BatchId id = log::batch_of(lost.tag);
    if (id == last_batch) continue;
    last_batch = id;
    const log::StoredBatch batch = kafka_->store()[id];
    history_.record(history::StorageLost{sim_.now(), broker, batch.data.records, batch.base_offset,
                                         static_cast<history::LostState>(lost.state)});
  }
}

bool World::run_events(std::uint64_t events) {
  const sim::SimTime end = end_of_run();
  while (sim_.fingerprint().events() < events) {
    if (sim_.step(end)) continue;
    sim_.run_until(end);
    return true;
  }
  return false;
}

namespace {

template <class Advance>
RunEnd guarded(World& world, Advance advance) {
  RunEnd end;
  try {
    end.completed = advance();
  } catch (const sim::Bug& bug) {
    end.bug = std::string(bug.what()) + " " + world.sim().where();
  }
  end.fingerprint = world.sim().fingerprint().value();
  end.fingerprint_parts = world.sim().fingerprint().parts();
  end.events = world.sim().fingerprint().events();
  end.task_events = world.sim().task_events();
  end.ended_at = world.sim().now();
  return end;
}

}  // namespace

RunEnd run(World& world) {
  return guarded(world, [&] {
    world.run();
    return true;
  });
}

RunEnd run_until(World& world, sim::SimTime until) {
  return guarded(world, [&] {
    world.run_until(until);
    return true;
  });
}

RunEnd run_events(World& world, std::uint64_t events) {
  return guarded(world, [&] { return world.run_events(events); });
}

}  // namespace brokersim::world
