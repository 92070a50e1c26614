#include "python/bindings/watching.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/results/execute.h"
#include "app/results/run_result.h"
#include "app/scenario/scenario.h"
#include "models/history/history.h"
#include "models/kafka/wire/errors.h"
#include "python/bindings/loaded.h"

namespace py = pybind11;

namespace brokersim::python {
namespace {

struct Kind {
  const char* name;
  const char* doc;
};
/// In the order of Watcher's functions below. Fields: those that the functions set.
constexpr Kind kKinds[] = {
    {"sent", "Records accepted by send(): producer, partition, first, count."},
    {"produced",
     "The last word on records: producer, partition, first, count, outcome (acknowledged, failed, unknown), "
     "error (name "
     "or \"\"), broker, base_offset, acks (0, 1, -1 for all), intended_s, sent_s, attempts, bytes."},
    {"consumed",
     "Records handed to an application: consumer, producer, partition, first, count, base_offset, "
     "intended_s, broker."},
    {"appended",
     "Records stored by a replica: broker, role (leader, follower), producer (\"\" nobody of the scenario), "
     "partition, first, "
     "count, base_offset, epoch, mark (none, data, commit, abort: what it is to transactions)."},
    {"transaction_joined",
     "A client sent records within its transaction: client, transaction, producer, partition, first, count, "
     "amount."},
    {"transaction_ended",
     "A client's last word on a transaction: client, transaction, outcome (committed, aborted, unknown), "
     "began_s, "
     "records, fenced (bool)."},
    {"truncated", "A replica's log was cut: broker, partition, to_offset, from_offset."},
    {"high_watermark", "A replica's high watermark moved: broker, partition, offset, leader (bool)."},
    {"partition_changed",
     "Committed by the controller: partition, leader (-1 none), epoch, isr, elr, unclean (bool), by_operator "
     "(bool)."},
    {"role_changed",
     "A replica leads or follows in an epoch: broker, partition, leader (-1 nobody), epoch, log_end."},
    {"broker_changed",
     "broker, state (process_started, running, fenced, process_killed, stopped_clean, paused, resumed, "
     "kernel_panicked, "
     "power_lost, storage_damaged)."},
    {"controller_changed", "node, epoch, state (active, resigned, stopped)."},
    {"storage_lost", "A crash took stored records: broker, producer, partition, first, count, base_offset."},
    {"recovered", "A replica has loaded its log: broker, partition, log_end, clean (bool), scanned_bytes."},
    {"flushed", "A replica's log is on its medium below offset: broker, partition, offset."},
    {"log_start_moved", "Records below offset are gone by right: broker, partition, offset."},
    {"corrupt_read", "broker (-1 a consumer), consumer (\"\" a follower), partition, offset."},
    {"offset_reset", "consumer, partition, from_offset, to_offset (-1: it stopped)."},
    {"ownership_changed",
     "A member's view of what it owns: consumer, group, generation, change (assigned, revoked, lost), "
     "partitions."},
    {"group_generation", "group, generation, members, coordinator."},
    {"member_removed", "group, consumer."},
    {"offset_committed", "group, partition, offset, generation, coordinator."},
    {"share_records_changed",
     "What a leader holds records of a share group to be: broker, group, partition, first, end, consumer (\"\" nobody), "
     "state (available, acquired, acknowledged, archived), cause (loaded, delivered, accepted, released, rejected, gap, "
     "lock_expired, session_ended, log_start), delivery_count."},
    {"share_acknowledged",
     "A member has heard of its acknowledgement: consumer, group, partition, first, end, cause, error (name or \"\")."},
    {"client_restarted", "client."},
    {"client_stopped", "client."},
    {"fault", "fault (its number), fault_kind, target, fired (bool), healed (bool: this is its end)."},
    {"transaction_committed", "Of a database: database, transaction, began_s, rows."},
    {"event_joined", "A record carries a business event: event, aggregate, producer, partition, first."},
    {"operation_ended", "A service's caller was told: event, outcome."},
    {"event_handled",
     "A consumer with a database handled an event: consumer, event, applied (bool), transaction."},
};
enum Number : std::size_t {
  sent,
  produced,
  consumed,
  appended,
  transaction_joined,
  transaction_ended,
  truncated,
  high_watermark,
  partition_changed,
  role_changed,
  broker_changed,
  controller_changed,
  storage_lost,
  recovered,
  flushed,
  log_start_moved,
  corrupt_read,
  offset_reset,
  ownership_changed,
  group_generation,
  member_removed,
  offset_committed,
  share_records_changed,
  share_acknowledged,
  client_restarted,
  client_stopped,
  fault,
  transaction_committed,
  event_joined,
  operation_ended,
  event_handled,
  kinds
};
static_assert(std::size(kKinds) == kinds);

const char* outcome_name(history::Outcome outcome) {
  switch (outcome) {
    case history::Outcome::acknowledged: return "acknowledged";
    case history::Outcome::failed: return "failed";
    case history::Outcome::unknown: return "unknown";
  }
  return "";
}

const char* share_state_name(history::ShareState state) {
  using enum history::ShareState;
  switch (state) {
    case available: return "available";
    case acquired: return "acquired";
    case acknowledged: return "acknowledged";
    case archived: return "archived";
  }
  return "";
}

const char* share_cause_name(history::ShareCause cause) {
  using enum history::ShareCause;
  switch (cause) {
    case loaded: return "loaded";
    case delivered: return "delivered";
    case accepted: return "accepted";
    case released: return "released";
    case rejected: return "rejected";
    case gap: return "gap";
    case lock_expired: return "lock_expired";
    case session_ended: return "session_ended";
    case log_start: return "log_start";
  }
  return "";
}

const char* error_name(std::int16_t error) {
  return error == 0 ? "" : kafka::wire::name(static_cast<kafka::wire::ErrorCode>(error));
}

const char* state_name(history::BrokerEvent event) {
  using enum history::BrokerEvent;
  switch (event) {
    case process_started: return "process_started";
    case running: return "running";
    case fenced: return "fenced";
    case process_killed: return "process_killed";
    case stopped_clean: return "stopped_clean";
    case paused: return "paused";
    case resumed: return "resumed";
    case kernel_panicked: return "kernel_panicked";
    case power_lost: return "power_lost";
    case storage_damaged: return "storage_damaged";
  }
  return "";
}

/// Hands wanted events to a Python function, one by one and in order, under the interpreter lock. After its first
/// exception nothing more is handed over; the run goes on to its end, and the exception is raised then.
class Handing final : public history::Watcher {
 public:
  Handing(const history::History& history, const std::vector<std::string>& wanted, py::function take)
      : history_(history), take_(std::move(take)) {
    for (std::size_t k = 0; k < kinds; ++k) {
      for (const std::string& name : wanted) wanted_[k] = wanted_[k] || name == kKinds[k].name;
    }
  }
  void raise() const {
    if (error_) std::rethrow_exception(error_);
  }

  using history::Watcher::on;
  void on(const history::Sent& e) override {
    give(sent, e.at, [&](py::dict& d) { records(d, e.records); });
  }
  void on(const history::ProduceOutcome& e) override {
    give(produced, e.at, [&](py::dict& d) {
      records(d, e.records);
      d["outcome"] = outcome_name(e.outcome);
      d["error"] = error_name(e.error);
      d["broker"] = e.broker;
      d["base_offset"] = e.base_offset;
      d["acks"] = static_cast<int>(e.acks);
      d["intended_s"] = e.intended_first.seconds();
      d["sent_s"] = e.first_sent.seconds();
      d["attempts"] = e.attempts;
      d["bytes"] = e.payload.n;
    });
  }
  void on(const history::Consumed& e) override {
    give(consumed, e.at, [&](py::dict& d) {
      d["consumer"] = client(e.consumer);
      records(d, e.records);
      d["base_offset"] = e.base_offset;
      d["intended_s"] = e.intended_first.seconds();
      d["broker"] = e.broker;
    });
  }
  void on(const history::Appended& e) override {
    give(appended, e.at, [&](py::dict& d) {
      d["broker"] = e.broker;
      d["role"] = e.role == history::AppendRole::leader ? "leader" : "follower";
      records(d, e.records);
      d["base_offset"] = e.base_offset;
      d["epoch"] = e.leader_epoch;
      d["mark"] = e.mark == history::TransactionMark::none     ? "none"
                  : e.mark == history::TransactionMark::data   ? "data"
                  : e.mark == history::TransactionMark::commit ? "commit"
                                                               : "abort";
    });
  }
  void on(const history::TransactionJoined& e) override {
    give(transaction_joined, e.at, [&](py::dict& d) {
      d["client"] = client(e.client);
      d["transaction"] = e.transaction;
      records(d, e.records);
      d["amount"] = e.amount;
    });
  }
  void on(const history::TransactionEnded& e) override {
    give(transaction_ended, e.at, [&](py::dict& d) {
      d["client"] = client(e.client);
      d["transaction"] = e.transaction;
      d["outcome"] = e.outcome == history::TransactionOutcome::committed ? "committed"
                     : e.outcome == history::TransactionOutcome::aborted ? "aborted"
                                                                         : "unknown";
      d["began_s"] = e.began.seconds();
      d["records"] = e.records;
      d["fenced"] = e.fenced;
    });
  }
  void on(const history::Truncated& e) override {
    give(truncated, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["to_offset"] = e.to_offset;
      d["from_offset"] = e.from_offset;
    });
  }
  void on(const history::HighWatermark& e) override {
    give(high_watermark, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["offset"] = e.offset;
      d["leader"] = e.leader;
    });
  }
  void on(const history::PartitionChanged& e) override {
    give(partition_changed, e.at, [&](py::dict& d) {
      d["partition"] = partition(e.partition);
      d["leader"] = e.leader;
      d["epoch"] = e.leader_epoch;
      d["isr"] = e.isr;
      d["elr"] = e.elr;
      d["unclean"] = e.unclean;
      d["by_operator"] = e.by_operator;
    });
  }
  void on(const history::RoleChanged& e) override {
    give(role_changed, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["leader"] = e.leader;
      d["epoch"] = e.leader_epoch;
      d["log_end"] = e.log_end;
    });
  }
  void on(const history::BrokerChanged& e) override {
    give(broker_changed, e.at, [&](py::dict& d) {
      d["broker"] = e.broker;
      d["state"] = state_name(e.event);
    });
  }
  void on(const history::ControllerChanged& e) override {
    give(controller_changed, e.at, [&](py::dict& d) {
      d["node"] = e.node;
      d["epoch"] = e.epoch;
      d["state"] = e.event == history::ControllerEvent::active     ? "active"
                   : e.event == history::ControllerEvent::resigned ? "resigned"
                                                                   : "stopped";
    });
  }
  void on(const history::StorageLost& e) override {
    give(storage_lost, e.at, [&](py::dict& d) {
      d["broker"] = e.broker;
      records(d, e.records);
      d["base_offset"] = e.base_offset;
    });
  }
  void on(const history::Recovered& e) override {
    give(recovered, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["log_end"] = e.log_end;
      d["clean"] = e.clean;
      d["scanned_bytes"] = e.scanned_bytes;
    });
  }
  void on(const history::Flushed& e) override {
    give(flushed, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["offset"] = e.offset;
    });
  }
  void on(const history::LogStartMoved& e) override {
    give(log_start_moved, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["offset"] = e.offset;
    });
  }
  void on(const history::CorruptRead& e) override {
    give(corrupt_read, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["consumer"] = client(e.consumer);
      d["offset"] = e.offset;
    });
  }
  void on(const history::OffsetReset& e) override {
    give(offset_reset, e.at, [&](py::dict& d) {
      d["consumer"] = client(e.consumer);
      d["partition"] = partition(e.partition);
      d["from_offset"] = e.from;
      d["to_offset"] = e.to;
    });
  }
  void on(const history::OwnershipChanged& e) override {
    give(ownership_changed, e.at, [&](py::dict& d) {
      d["consumer"] = client(e.consumer);
      d["group"] = group(e.group);
      d["generation"] = e.generation;
      d["change"] = e.change == history::OwnershipChange::assigned  ? "assigned"
                    : e.change == history::OwnershipChange::revoked ? "revoked"
                                                                    : "lost";
      py::list names;
      for (const history::PartitionId id : e.partitions) names.append(partition(id));
      d["partitions"] = names;
    });
  }
  void on(const history::GroupGeneration& e) override {
    give(group_generation, e.at, [&](py::dict& d) {
      d["group"] = group(e.group);
      d["generation"] = e.generation;
      d["members"] = e.members;
      d["coordinator"] = e.coordinator;
    });
  }
  void on(const history::MemberRemoved& e) override {
    give(member_removed, e.at, [&](py::dict& d) {
      d["group"] = group(e.group);
      d["consumer"] = client(e.consumer);
    });
  }
  void on(const history::OffsetCommitted& e) override {
    give(offset_committed, e.at, [&](py::dict& d) {
      d["group"] = group(e.group);
      d["partition"] = partition(e.partition);
      d["offset"] = e.offset;
      d["generation"] = e.generation;
      d["coordinator"] = e.coordinator;
    });
  }
  void on(const history::ShareRecordsChanged& e) override {
    give(share_records_changed, e.at, [&](py::dict& d) {
      place(d, e.broker, e.partition);
      d["group"] = group(e.group);
      d["first"] = e.first;
      d["end"] = e.end;
      d["consumer"] = client(e.consumer);
      d["state"] = share_state_name(e.state);
      d["cause"] = share_cause_name(e.cause);
      d["delivery_count"] = e.delivery_count;
    });
  }
  void on(const history::ShareAcknowledged& e) override {
    give(share_acknowledged, e.at, [&](py::dict& d) {
      d["consumer"] = client(e.consumer);
      d["group"] = group(e.group);
      d["partition"] = partition(e.partition);
      d["first"] = e.first;
      d["end"] = e.end;
      d["cause"] = share_cause_name(e.kind);
      d["error"] = error_name(e.error);
    });
  }
  void on(const history::ClientRestarted& e) override {
    give(client_restarted, e.at, [&](py::dict& d) { d["client"] = client(e.client); });
  }
  void on(const history::ClientStopped& e) override {
    give(client_stopped, e.at, [&](py::dict& d) { d["client"] = client(e.client); });
  }
  void on(const history::FaultFired& e) override {
    give(fault, e.at, [&](py::dict& d) {
      d["fault"] = e.fault;
      d["fault_kind"] = e.kind;
      d["target"] = e.target;
      d["fired"] = e.fired;
      d["healed"] = e.healed;
    });
  }
  void on(const history::TransactionCommitted& e) override {
    give(transaction_committed, e.at, [&](py::dict& d) {
      d["database"] = history_.databases()[static_cast<std::size_t>(e.database.n)].name;
      d["transaction"] = e.transaction;
      d["began_s"] = e.began.seconds();
      d["rows"] = e.rows.size();
    });
  }
  void on(const history::EventJoined& e) override {
    give(event_joined, e.at, [&](py::dict& d) {
      d["event"] = e.event;
      d["aggregate"] = e.aggregate;
      records(d, e.record);
    });
  }
  void on(const history::OperationEnded& e) override {
    give(operation_ended, e.at, [&](py::dict& d) {
      d["event"] = e.event;
      d["outcome"] = outcome_name(e.outcome);
    });
  }
  void on(const history::EventHandled& e) override {
    give(event_handled, e.at, [&](py::dict& d) {
      d["consumer"] = client(e.consumer);
      d["event"] = e.event;
      d["applied"] = e.applied;
      d["transaction"] = e.transaction;
    });
  }

 private:
  template <class Fill>
  void give(Number kind, sim::SimTime at, Fill fill) {
    if (!wanted_[kind] || error_) return;
    const py::gil_scoped_acquire lock;
    try {
      py::dict fields;
      fill(fields);
      take_(kKinds[kind].name, at.seconds(), fields);
    } catch (const py::error_already_set&) {
      error_ = std::current_exception();
    }
  }
  [[nodiscard]] const std::string& partition(history::PartitionId id) {
    const auto [found, made] = partitions_.emplace(id.n, "");
    if (made && id.n >= 0) found->second = history_.partition(id).name();
    return found->second;
  }
  [[nodiscard]] std::string client(history::ClientId id) const {
    return id.n < 0 ? "" : history_.client(id).name;
  }
  [[nodiscard]] const std::string& group(history::GroupId id) const {
    return history_.groups()[static_cast<std::size_t>(id.n)];
  }
  void records(py::dict& d, const history::RecordRange& range) {
    d["producer"] = client(range.producer);
    d["partition"] = partition(range.partition);
    d["first"] = range.first;
    d["count"] = range.count;
  }
  void place(py::dict& d, history::BrokerId broker, history::PartitionId id) {
    d["broker"] = broker;
    d["partition"] = partition(id);
  }

  const history::History& history_;
  py::function take_;
  bool wanted_[kinds] = {};
  std::map<std::int32_t, std::string> partitions_;
  std::exception_ptr error_;
};

/// The run, with take(kind, at_s, fields) called for each wanted event. The interpreter lock is taken for each call only.
results::RunResult watch_run(const Loaded& loaded, std::uint64_t seed, const std::vector<std::string>& wanted,
                             const py::function& take) {
  results::Execution execution(loaded.scenario(), seed, loaded.overrides);
  Handing handing(execution.world().history(), wanted, take);
  execution.world().history().attach(handing);
  results::RunResult result;
  {
    const py::gil_scoped_release unlocked;
    result = execution.finish();
  }
  handing.raise();
  return result;
}

std::vector<std::pair<std::string, std::string>> event_kinds() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Kind& kind : kKinds) all.emplace_back(kind.name, kind.doc);
  return all;
}

}  // namespace

void add_watching(py::module_& module) {
  module.def("watch_run", &watch_run, py::arg("loaded"), py::arg("seed"), py::arg("kinds"), py::arg("take"));
  module.def("event_kinds", &event_kinds);
}

}  // namespace brokersim::python
