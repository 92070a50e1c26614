// A service: for every operation a transaction with a business row, and an event that others must hear of.
//
// Operations arrive open-loop; each is a task with a connection from the pool. Four ways to publish (history::Publishing);
// with `outbox` the event is one more row of the same transaction, else it is sent before, within or after it. Nobody
// repeats an operation: what its caller is not told, its caller would ask for again under another number.
// Not modelled: saga, two-phase commit, retries by the caller.
#pragma once

#include <cstdint>
#include <memory>

#include "models/database/client.h"
#include "models/devices/host/service.h"
#include "models/outbox/config.h"
#include "models/outbox/crash.h"
#include "models/outbox/event_sender.h"
#include "sim/random.h"

namespace brokersim::outbox {

/// What outlives the process; owned by the world.
struct ServiceLedger {
  std::int64_t next_operation = 0;  ///< Of this instance.
  sim::SimTime next_at;             ///< When it is meant to arrive.
  CrashCount crashes;
};

struct ServiceParams {
  const ServiceConfig* config = nullptr;
  std::int64_t instance = 0;  ///< Over all services of the scenario: events are numbered from it.
  std::int64_t rate_per_second_milli = 0;  ///< Of this instance.
  sim::Duration phase;
  network::HostId database;
  history::DatabaseId database_id;
  SenderParams sender;
  CrashSite crash;
  ServiceLedger* ledger = nullptr;
};

/// Events of instance i are i * kEventsPerInstance + n.
inline constexpr std::int64_t kEventsPerInstance = 1'000'000'000;

class Service final : public host::Service {
 public:
  Service(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
          const ServiceParams& params);

  void start() override;
  /// No new operations; those under way go on until the producer has nothing left, then the process ends.
  void terminate() override;

 private:
  struct Operation {
    history::EventNumber event = -1;
    std::int64_t aggregate = 0;
    bool rolls_back = false;
    sim::Duration work;
  };
  [[nodiscard]] sim::Task<void> arrivals();
  [[nodiscard]] Operation draw(std::int64_t number) const;
  [[nodiscard]] sim::Task<void> run(Operation operation);
  /// What a piece of an operation came to.
  enum class Went : std::uint8_t { well, badly, dead };
  [[nodiscard]] sim::Task<Went> transact(Operation operation);
  [[nodiscard]] sim::Task<Went> write_rows(database::Connection* connection, Operation operation);
  [[nodiscard]] sim::Task<Went> lock_aggregate(database::Connection* connection, std::int64_t aggregate);
  [[nodiscard]] sim::Task<Went> publish(Operation operation);
  void end(const Operation& operation, history::Outcome outcome);
  [[nodiscard]] bool dies(Step step, const Operation& operation) const {
    return crash_here(params_.crash, config().crash, step, operation.event);
  }
  [[nodiscard]] const ServiceConfig& config() const { return *params_.config; }

  sim::Component component_;
  ServiceParams params_;
  history::History& history_;
  database::Pool pool_;
  EventSender sender_;
  sim::Stream gaps_;
  sim::Stream aggregates_;
  sim::Stream slow_;
  sim::Stream rollbacks_;
  bool stopping_ = false;
};

}  // namespace brokersim::outbox
