// A consumer whose effects are rows of its own database, with or without an inbox that knows what it has handled.
//
// Rule (other-systems.md 8.4): in one transaction INSERT INTO inbox ... ON CONFLICT DO NOTHING; if nothing was inserted the
// event is a duplicate and is skipped; else the effect is written; COMMIT. Only then does the position move. The position is
// stored every commit_interval in a transaction of its own, after the work (at least once, as enable.auto.commit); a restart
// goes on from there and handles what came since once more.
// Without groups the position is a row of the database, as Kafka's documentation describes for offsets stored outside
// Kafka; storing it with the effect would make the inbox needless, and is not what is asked here.
// An event that the database refuses is tried again, in order, until it works.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "models/database/client.h"
#include "models/devices/host/service.h"
#include "models/kafka/client/consumer.h"
#include "models/log/batch.h"
#include "models/outbox/config.h"
#include "models/outbox/crash.h"

namespace brokersim::outbox {

/// Which event a record carries: its payload. Owned by the world, filled as records get their identity.
class EventBook final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::EventJoined& event) override;
  /// -1: the record carries none.
  [[nodiscard]] history::EventNumber event_of(history::ClientId producer, history::PartitionId partition,
                                              std::int64_t ordinal) const;

 private:
  std::map<std::pair<history::ClientId, history::PartitionId>, std::vector<history::EventNumber>> events_;
};

struct InboxParams {
  const InboxConfig* config = nullptr;
  kafka::client::ConsumerParams consumer;
  network::HostId database;
  const log::BatchStore* store = nullptr;
  const EventBook* book = nullptr;
  CrashSite crash;
};

class InboxConsumer final : public host::Service, private kafka::client::ConsumerApplication {
 public:
  InboxConsumer(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
                const InboxParams& params);

  void start() override;
  void terminate() override;

 private:
  struct Handed {
    std::size_t index = 0;
    std::int64_t offset = 0;
    history::EventNumber event = -1;
  };
  enum class Went : std::uint8_t { well, badly, dead };

  [[nodiscard]] std::int64_t first_position(std::size_t index) override { return stored_[index]; }
  void on_records(std::size_t index, const history::Consumed& records) override;
  [[nodiscard]] bool busy() const override { return !handed_.empty(); }

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] sim::Task<bool> load_positions();
  [[nodiscard]] sim::Task<void> work();
  [[nodiscard]] sim::Task<Went> handle(history::EventNumber event);
  [[nodiscard]] sim::Task<Went> remember(history::EventNumber event, bool* is_new);
  [[nodiscard]] sim::Task<void> store_loop();
  [[nodiscard]] kafka::client::ConsumerParams with_application();
  [[nodiscard]] bool dies(Step step, history::EventNumber event) const {
    return crash_here(params_.crash, config().crash, step, event);
  }
  [[nodiscard]] const InboxConfig& config() const { return *params_.config; }

  sim::Component component_;
  InboxParams params_;
  history::History& history_;
  database::Connection connection_;   ///< Of the work.
  database::Connection positions_;    ///< Of the thread that stores positions.
  std::vector<std::int64_t> stored_;  ///< As loaded; -1: none.
  std::vector<std::int64_t> done_;    ///< Next offset to handle, -1: nothing handled in this life.
  std::deque<Handed> handed_;
  sim::Signal more_{"inbox.records"};
  kafka::client::Consumer consumer_;
};

}  // namespace brokersim::outbox
