// Sends events through a Kafka producer that is a part of the same process, and knows what became of each.
//
// The key of an event is its aggregate (as decimal text), so that all events of one aggregate go to one partition
// (models/kafka/java_hash.h). An event whose outcome is unknown may be in the topic.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "models/history/history.h"
#include "models/kafka/client/producer.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::outbox {

/// What a process is given to make a producer of its own.
struct SenderParams {
  kafka::client::ProducerParams producer;  ///< `listener` is filled in.
  kafka::client::ProducerLedger* ledger = nullptr;
};

class EventSender final : private kafka::client::SendListener {
 public:
  EventSender(sim::Process& process, const kafka::client::ClientSite& site, const SenderParams& params,
              history::History& history);

  void start() { producer_.start(); }
  /// Sends what is buffered, then ends the process.
  void terminate() { producer_.terminate(); }

  /// send(): returns at once. The ticket is good for one wait().
  [[nodiscard]] std::uint64_t send(history::EventNumber event, std::int64_t aggregate);
  /// get() of the future: what became of it.
  [[nodiscard]] sim::Task<history::Outcome> wait(std::uint64_t ticket);
  /// Until the request with it has left the machine, or its outcome is known; nobody can have answered yet in the first
  /// case. What is on the wire gets to the broker whatever becomes of the process, and may be appended.
  [[nodiscard]] sim::Task<void> on_the_wire(std::uint64_t ticket);
  [[nodiscard]] history::ClientId client() const { return client_; }

 private:
  struct Pending {
    history::EventNumber event = -1;
    std::int64_t aggregate = 0;
    history::RecordRange record;  ///< Once it has its place.
    bool done = false;
    history::Outcome outcome = history::Outcome::unknown;
  };
  void on_joined(std::uint64_t ticket, const history::RecordRange& record) override;
  void on_refused(std::uint64_t ticket) override;
  void on_outcome(const history::ProduceOutcome& outcome) override;
  [[nodiscard]] static kafka::client::ProducerParams with(const SenderParams& params, EventSender* listener);

  sim::Component component_;
  history::History& history_;
  history::ClientId client_;
  std::int32_t partitions_;
  std::uint64_t next_ticket_ = 0;  ///< Of the send() that is going on, or the next.
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::pair<history::PartitionId, std::int64_t>, std::uint64_t> by_record_;
  sim::Signal changed_{"outbox.send"};
  kafka::client::Producer producer_;
};

}  // namespace brokersim::outbox
