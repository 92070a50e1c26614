#include "models/faults/triggers.h"

namespace brokersim::faults {

const std::vector<TriggerEvent>& trigger_events() {
  static const std::vector<TriggerEvent> events{
      {"isr_shrank", "the controller committed a smaller ISR"},
      {"isr_expanded", "... a larger one"},
      {"leader_changed", "... another leader"},
      {"leader_lost", "... that nobody leads"},
      {"truncated", "a replica cut its log"},
      {"broker_running", "a broker was unfenced"},
      {"broker_fenced", "a broker was fenced"},
      {"broker_stopped", "a broker's process or machine went, in whatever way"},
      {"controller_changed", "another controller is active"},
      {"rebalanced", "a group has a new generation"},
      {"log_dir_failed", "a log directory went offline"},
  };
  return events;
}

void Triggers::arm(std::size_t index, const FaultConfig& fault) {
  Armed armed{index, fault.text(kWhenEvent), "", fault.number_or(kWhenOccurrence, 1)};
  if (const auto of = fault.texts.find(kWhenOf); of != fault.texts.end()) armed.of = of->second;
  armed_.push_back(std::move(armed));
}

void Triggers::happened(std::string_view event, const std::string& partition) {
  // What is due is told after the list is in order: who hears it may arm others.
  std::vector<std::size_t> due;
  for (Armed& armed : armed_) {
    if (armed.event != event || (!armed.of.empty() && armed.of != partition)) continue;
    if (--armed.missing == 0) due.push_back(armed.index);
  }
  std::erase_if(armed_, [](const Armed& armed) { return armed.missing <= 0; });
  for (const std::size_t index : due) due_(index);
}

void Triggers::on(const history::PartitionChanged& event) {
  const auto [at, first] = partitions_.try_emplace(event.partition.n);
  const Seen before = at->second;
  at->second = {event.leader, event.isr.size()};
  if (first || armed_.empty()) return;
  const std::string name = history_->partition(event.partition).name();
  if (event.leader != before.leader) happened(event.leader < 0 ? "leader_lost" : "leader_changed", name);
  if (event.isr.size() < before.isr) happened("isr_shrank", name);
  if (event.isr.size() > before.isr) happened("isr_expanded", name);
}

void Triggers::on(const history::BrokerChanged& event) {
  using enum history::BrokerEvent;
  switch (event.event) {
    case running: return happened("broker_running");
    case fenced: return happened("broker_fenced");
    case process_killed:
    case stopped_clean:
    case kernel_panicked:
    case power_lost: return happened("broker_stopped");
    case process_started:
    case paused:
    case resumed:
    case storage_damaged: return;
  }
}

void Triggers::on(const history::ControllerChanged& event) {
  if (event.event == history::ControllerEvent::active) happened("controller_changed");
}

void Triggers::on(const history::GroupGeneration&) { happened("rebalanced"); }

void Triggers::on(const history::Truncated& event) {
  if (!armed_.empty()) happened("truncated", history_->partition(event.partition).name());
}

void Triggers::on(const history::LogDirFailed&) { happened("log_dir_failed"); }

}  // namespace brokersim::faults
