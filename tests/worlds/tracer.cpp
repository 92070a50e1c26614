#include "tests/worlds/tracer.h"

#include <cstdio>

namespace brokersim::worlds {
namespace {

std::string text_of(const std::vector<history::BrokerId>& brokers) {
  std::string text = "[";
  for (const history::BrokerId broker : brokers)
    text += (text.size() > 1 ? " " : "") + std::to_string(broker);
  return text + "]";
}
std::string number(std::int64_t n) { return std::to_string(n); }

const char* text_of(history::BrokerEvent event) {
  switch (event) {
    case history::BrokerEvent::process_started: return "starts";
    case history::BrokerEvent::running: return "is unfenced";
    case history::BrokerEvent::fenced: return "is fenced";
    case history::BrokerEvent::process_killed: return "is killed";
    case history::BrokerEvent::stopped_clean: return "has stopped";
    case history::BrokerEvent::paused: return "is paused";
    case history::BrokerEvent::resumed: return "goes on";
    case history::BrokerEvent::kernel_panicked: return "panics";
    case history::BrokerEvent::power_lost: return "loses power";
    case history::BrokerEvent::storage_damaged: return "has a damaged medium";
  }
  return "";
}
const char* text_of(history::MetadataChange change) {
  switch (change) {
    case history::MetadataChange::loaded: return "loaded";
    case history::MetadataChange::leads: return "leads";
    case history::MetadataChange::appended: return "appended";
    case history::MetadataChange::truncated: return "truncated";
    case history::MetadataChange::snapshot: return "snapshot";
    case history::MetadataChange::committed: return "committed";
    case history::MetadataChange::damaged: return "has a damaged medium";
  }
  return "";
}

}  // namespace

void Tracer::line(sim::SimTime at, const std::string& text) const {
  std::printf("%12s  %s\n", sim::to_string(at).c_str(), text.c_str());
}

void Tracer::on(const history::ProduceOutcome& e) {
  if (!wanted(e.records.partition)) return;
  const char* outcome = e.outcome == history::Outcome::acknowledged ? "acknowledged"
                        : e.outcome == history::Outcome::failed     ? "failed"
                                                                    : "unknown";
  line(e.at, history_->client(e.records.producer).name + " " + outcome + " " + name(e.records.partition) +
                 " records " + number(e.records.first) + "+" + number(e.records.count) + " at " +
                 number(e.base_offset) + " by " + number(e.broker) + " error " + number(e.error) +
                 " attempts " + number(e.attempts));
}
void Tracer::on(const history::Appended& e) {
  if (!wanted(e.records.partition)) return;
  line(e.at, "broker " + number(e.broker) +
                 (e.role == history::AppendRole::leader ? " APPENDS " : " copies ") +
                 name(e.records.partition) + " " + number(e.base_offset) + ": " +
                 history_->client(e.records.producer).name + " " + number(e.records.first) + "+" +
                 number(e.records.count) + " epoch " + number(e.leader_epoch));
}
void Tracer::on(const history::Truncated& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + " cuts " + name(e.partition) + " " + number(e.from_offset) +
                 " -> " + number(e.to_offset) + " reason " + number(static_cast<int>(e.reason)));
}
void Tracer::on(const history::HighWatermark& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + (e.leader ? " HW " : " hw ") + name(e.partition) + " " +
                 number(e.offset));
}
void Tracer::on(const history::LeaderIsr& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + " has " + name(e.partition) + " epoch " + number(e.leader_epoch) +
                 " isr " + text_of(e.committed) + " maximal " + text_of(e.maximal) +
                 (e.pending ? " pending" : ""));
}
void Tracer::on(const history::RoleChanged& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + " takes " + name(e.partition) + " leader " + number(e.leader) +
                 " epoch " + number(e.leader_epoch) + " log end " + number(e.log_end));
}
void Tracer::on(const history::PartitionChanged& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "CONTROLLER " + name(e.partition) + " leader " + number(e.leader) + " epoch " +
                 number(e.leader_epoch) + " version " + number(e.partition_epoch) + " isr " + text_of(e.isr) +
                 " elr " + text_of(e.elr) + (e.unclean ? " UNCLEAN" : ""));
}
void Tracer::on(const history::BrokerChanged& e) {
  line(e.at, "broker " + number(e.broker) + " " + text_of(e.event));
}
void Tracer::on(const history::RegistrationRefused& e) {
  line(e.at, "broker " + number(e.broker) + " is refused: its session is not over");
}
void Tracer::on(const history::ControllerChanged& e) {
  line(e.at, "controller " + number(e.node) + " epoch " + number(e.epoch) +
                 (e.event == history::ControllerEvent::active     ? " is active"
                  : e.event == history::ControllerEvent::resigned ? " has resigned"
                                                                  : " has stopped"));
}
void Tracer::on(const history::MetadataLogChanged& e) {
  if (e.observer && e.change == history::MetadataChange::committed) return;
  line(e.at, std::string(e.observer ? "broker " : "controller ") + number(e.node) + " metadata " +
                 text_of(e.change) + " " + number(e.from) + ".." + number(e.to) + " epoch " +
                 number(e.epoch));
}
void Tracer::on(const history::Recovered& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + " loaded " + name(e.partition) + " to " + number(e.log_end) +
                 (e.clean ? " clean" : " unclean"));
}
void Tracer::on(const history::LogStartMoved& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "broker " + number(e.broker) + " log start of " + name(e.partition) + " " + number(e.offset) +
                 " cause " + number(static_cast<int>(e.cause)));
}
void Tracer::on(const history::Compacted& e) {
  if (!wanted(e.partition)) return;
  std::string gone;
  for (const history::OffsetRange& range : e.removed)
    gone += " " + number(range.first) + "-" + number(range.end - 1);
  line(e.at, "broker " + number(e.broker) + (e.copied ? " copies gaps of " : " compacts ") +
                 name(e.partition) + gone);
}
void Tracer::on(const history::StorageLost& e) {
  if (!wanted(e.records.partition)) return;
  line(e.at, "broker " + number(e.broker) + " loses " + name(e.records.partition) + " " +
                 number(e.base_offset) + "+" + number(e.records.count) + " state " +
                 number(static_cast<int>(e.state)));
}
void Tracer::on(const history::Consumed& e) {
  if (!wanted(e.records.partition)) return;
  line(e.at, history_->client(e.consumer).name + " reads " + name(e.records.partition) + " " +
                 number(e.base_offset) + "+" + number(e.records.count) + " from " + number(e.broker));
}
void Tracer::on(const history::OwnershipChanged& e) {
  std::string text = history_->client(e.consumer).name +
                     (e.change == history::OwnershipChange::assigned  ? " is assigned"
                      : e.change == history::OwnershipChange::revoked ? " gives up"
                                                                      : " has lost");
  for (const history::PartitionId id : e.partitions) text += " " + name(id);
  line(e.at, text + " generation " + number(e.generation));
}
void Tracer::on(const history::GroupGeneration& e) {
  line(e.at, "group " + history_->groups()[static_cast<std::size_t>(e.group.n)] + " generation " +
                 number(e.generation) + " of " + number(e.members) + " members, coordinator " +
                 number(e.coordinator));
}
void Tracer::on(const history::OffsetCommitted& e) {
  if (!wanted(e.partition)) return;
  line(e.at, "group " + history_->groups()[static_cast<std::size_t>(e.group.n)] + " committed " +
                 name(e.partition) + " " + number(e.offset) + " in generation " + number(e.generation) +
                 " at " + number(e.coordinator));
}
void Tracer::on(const history::MemberRemoved& e) {
  line(e.at, history_->client(e.consumer).name + " is removed from its group");
}
void Tracer::on(const history::OffsetReset& e) {
  if (!wanted(e.partition)) return;
  line(e.at, history_->client(e.consumer).name + " resets " + name(e.partition) + " " + number(e.from) + " -> " +
                 number(e.to));
}
void Tracer::on(const history::FaultFired& e) {
  line(e.at, "FAULT " + e.kind + " " + e.target + (e.healed ? " healed" : e.fired ? "" : " not fired"));
}

}  // namespace brokersim::worlds
