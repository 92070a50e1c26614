// A polling publisher: reads events from the outbox table, sends them, marks them.
//
// Rules (other-systems.md 8.1): one transaction per batch: SELECT ... LIMIT, send all, wait for all acknowledgements,
// UPDATE or DELETE (or move the cursor), COMMIT; then at once again after a full batch, else after `interval`. A batch of
// which anything was not acknowledged is rolled back and read again. The mark and the send are two systems: a crash between
// them sends the batch again.
// Cursor and horizon publishers keep their position in a row of the database, moved in the same transaction.
#pragma once

#include <cstdint>
#include <vector>

#include "models/database/client.h"
#include "models/devices/host/service.h"
#include "models/outbox/config.h"
#include "models/outbox/crash.h"
#include "models/outbox/event_sender.h"

namespace brokersim::outbox {

struct PublisherParams {
  const PublisherConfig* config = nullptr;
  std::int64_t worker = 0;
  std::int64_t workers = 1;
  network::HostId database;
  history::DatabaseId database_id;
  SenderParams sender;
  CrashSite crash;
};

/// The cursor's row of a publisher.
struct Cursor {
  bool exists = false;
  std::int64_t id = 0;
  std::int64_t xid = 0;
};

class Publisher final : public host::Service {
 public:
  Publisher(sim::Process& process, host::Host& host, const kafka::client::ClientSite& site,
            const PublisherParams& params);

  void start() override;
  void terminate() override;

 private:
  enum class Went : std::uint8_t { well, badly, dead };
  struct Batch {
    Went went = Went::badly;
    std::vector<database::Row> rows;
    Cursor cursor;
  };
  [[nodiscard]] sim::Task<void> loop();
  /// One batch; true: there may be more at once.
  [[nodiscard]] sim::Task<Batch> cycle();
  [[nodiscard]] sim::Task<Batch> read();
  [[nodiscard]] sim::Task<Went> read_cursor(Cursor* cursor);
  [[nodiscard]] sim::Task<Went> send(std::vector<database::Row> rows);
  [[nodiscard]] sim::Task<Went> mark(const Batch* batch);
  [[nodiscard]] sim::Task<Went> commit();
  [[nodiscard]] database::Statement selection(const Cursor& cursor) const;
  void give_up(std::size_t rows, bool after_send);
  [[nodiscard]] bool dies(Step step, const std::vector<database::Row>& rows) const;
  [[nodiscard]] bool flags() const { return config().order == history::OutboxOrder::flag; }
  [[nodiscard]] const PublisherConfig& config() const { return *params_.config; }

  sim::Component component_;
  PublisherParams params_;
  history::History& history_;
  database::Connection connection_;
  EventSender sender_;
  bool stopping_ = false;
};

}  // namespace brokersim::outbox
