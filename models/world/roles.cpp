#include "models/world/roles.h"

#include <algorithm>

namespace brokersim::world {

void Roles::on(const history::PartitionChanged& event) { partitions_[event.partition] = event; }

void Roles::on(const history::BrokerChanged& event) {
  if (event.event == history::BrokerEvent::running) unfenced_[event.broker] = true;
  if (event.event == history::BrokerEvent::fenced) unfenced_[event.broker] = false;
}

std::int32_t Roles::leader(history::PartitionId partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? -1 : found->second.leader;
}

const history::PartitionChanged* Roles::find(const std::string& topic, std::int32_t partition) const {
  if (kafka_ == nullptr) return nullptr;
  const auto found = partitions_.find(kafka_->partition(topic, partition));
  return found == partitions_.end() ? nullptr : &found->second;
}

std::int32_t Roles::leader_of(const std::string&, const std::string& topic, std::int32_t partition) const {
  const auto* state = find(topic, partition);
  return state == nullptr ? -1 : state->leader;
}

std::vector<std::int32_t> Roles::isr_of(const std::string&, const std::string& topic,
                                        std::int32_t partition) const {
  const auto* state = find(topic, partition);
  return state == nullptr ? std::vector<std::int32_t>{} : state->isr;
}

std::vector<std::int32_t> Roles::live_brokers(const std::string&) const {
  std::vector<std::int32_t> live;
  for (const auto& [broker, unfenced] : unfenced_) {
    if (unfenced) live.push_back(broker);
  }
  return live;
}

std::optional<faults::ProcessRef> Roles::broker(const std::string&, std::int32_t id) const {
  if (kafka_ == nullptr || id < 0) return std::nullopt;
  const auto& hosts = kafka_->config().broker_hosts;
  if (static_cast<std::size_t>(id) >= hosts.size()) return std::nullopt;
  return process(hosts[static_cast<std::size_t>(id)], kBrokerProgram);
}

std::optional<faults::ProcessRef> Roles::active_controller(const std::string&) const {
  if (kafka_ == nullptr) return std::nullopt;
  const host::Host* host = kafka_->active_controller_host();
  if (host == nullptr) return std::nullopt;
  return process(host->name(), kControllerProgram);
}

std::vector<faults::ProcessRef> Roles::controller_followers(const std::string&) const {
  std::vector<faults::ProcessRef> followers;
  if (kafka_ == nullptr) return followers;
  const auto& hosts = kafka_->config().controller_hosts;
  for (std::size_t node = 0; node < hosts.size(); ++node) {
    if (kafka_->controller(node) == nullptr || kafka_->active_controller() == node) continue;
    followers.push_back(process(hosts[node], kControllerProgram));
  }
  return followers;
}

faults::ProcessRef Roles::process(const std::string& host, const std::string& program) const {
  const kafka::ClusterConfig& config = kafka_->config();
  const auto runs = [&](const std::vector<std::string>& hosts) {
    return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
  };
  if (!runs(config.broker_hosts) || !runs(config.controller_hosts)) return {host, program};
  return {host, program, program == kBrokerProgram ? kControllerProgram : kBrokerProgram};
}

std::vector<faults::ProcessRef> Roles::workload(const std::string& name) const {
  std::vector<faults::ProcessRef> processes;
  if (const auto others = others_.find(name); others != others_.end()) return others->second;
  if (kafka_ == nullptr) return processes;
  for (const auto& client : kafka_->clients()) {
    if (client.workload == name) processes.push_back({client.host, client.program});
  }
  return processes;
}

}  // namespace brokersim::world
