// The database's life around its sessions: recovery, the WAL writer, checkpoints, shutdown.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "models/database/server.h"
#include "models/devices/compute/cpu.h"

namespace brokersim::database {

namespace {

constexpr std::int64_t kPagesAtOnce = 64;

std::string data_file(std::int64_t checkpoint) { return "base/" + std::to_string(checkpoint); }

}  // namespace

sim::Task<void> Server::recover() {
  storage::FileSystem& files = host_.file_system();
  Storage& storage = *params_.storage;
  const FoundLog found = find_end_of_log(files, config(), storage.wal);
  for (const std::string& name : files.list("pg_wal/")) {
    const auto file = files.find(name);
    if (!file || files.size(*file).n == 0) continue;
    sim::Task<storage::Status> reading = files.read(*file, {0}, files.size(*file));
    static_cast<void>(co_await reading);
  }
  const std::vector<WalRecord> gone = storage.wal.cut(found.records);
  cut_log(files, config(), storage.wal.end());
  const auto after = storage.wal.count_to(storage.redo);
  const auto replayed = static_cast<std::int64_t>(found.records - std::min(after, found.records));
  if (replayed > 0) co_await host_.cpu().work(component_, config().costs.redo_record * replayed);
  tell_lost(gone);
  tell_late_commits();
  storage.residue.lost.clear();
  wal_ = std::make_unique<WalWriter>(files, config(), storage.wal, storage.residue);
  engine_ = std::make_unique<Engine>(config(), storage.wal);
  record(history::DatabaseEvent::recovered, replayed);
}

void Server::tell_lost(const std::vector<WalRecord>& gone) {
  for (const WalRecord& record : gone) {
    if (record.kind != WalRecord::Kind::commit) continue;
    if (params_.storage->in_commit.erase(record.serial) > 0) continue;  // nobody had seen it
    const history::CommitLostIn where = where_lost(params_.storage->residue, config(), record.end);
    params_.history->record(history::TransactionLost{component_.now(), params_.id, record.serial, where});
  }
}

/// The record was on the medium when the process died, and nobody had been told: from now on others see the rows.
void Server::tell_late_commits() {
  std::map<Serial, history::TransactionCommitted> late;
  for (const WalRecord& record : params_.storage->wal.records()) {
    if (!params_.storage->in_commit.contains(record.serial)) continue;
    history::TransactionCommitted& event = late[record.serial];
    event.at = component_.now();
    event.database = params_.id;
    event.transaction = record.serial;
    event.xid = record.xid;
    event.began = component_.now();
    event.lsn = record.end;
    const bool row = record.kind == WalRecord::Kind::insert || record.kind == WalRecord::Kind::update ||
                     record.kind == WalRecord::Kind::erase;
    if (row) event.rows.push_back({change_of(record.kind), record.table, record.row.key, record.row.columns});
  }
  for (const auto& [serial, event] : late) params_.history->record(event);
  params_.storage->in_commit.clear();
}

sim::Task<void> Server::wal_writer_loop() {
  sim::Task<storage::Status> writing = wal_->background();
  static_cast<void>(co_await writing);
  panic();
}

sim::Task<void> Server::checkpoint_loop() {
  while (!stopping_) {
    co_await checkpoint_wanted_.wait_for(config().checkpoint_timeout);
    if (stopping_) co_return;
    sim::Task<void> one = checkpoint(true);
    co_await one;
  }
}

sim::Task<void> Server::checkpoint(bool spread) {
  Storage& storage = *params_.storage;
  const Lsn redo = storage.wal.end();
  std::int64_t pages = engine_->take_dirty_pages();
  storage::FileSystem& files = host_.file_system();
  const std::string name = data_file(storage.checkpoints + 1);
  if (pages > 0) {
    const storage::FileId file = files.create(name);
    const std::int64_t slices = (pages + kPagesAtOnce - 1) / kPagesAtOnce;
    const sim::Duration pause =
        config().checkpoint_timeout * config().checkpoint_completion_percent / 100 / slices;
    while (pages > 0) {
      const std::int64_t now = std::min(pages, kPagesAtOnce);
      pages -= now;
      const sim::Duration held = files.append(file, {now * kPageBytes}, storage::kNoTag);
      const sim::Duration wait = std::max(held, spread ? pause : sim::Duration{0});
      if (wait.ns > 0) co_await sim::delay(wait, "database.checkpoint");
    }
    sim::Task<storage::Status> syncing = files.sync(file);
    const storage::Status status = co_await syncing;
    if (status != storage::Status::ok) {  // PANIC since PostgreSQL 11.1 (data_sync_retry)
      panic();
      co_return;
    }
  }
  WalRecord record;
  record.kind = WalRecord::Kind::checkpoint;
  const Lsn end = storage.wal.add(record, wal_bytes(record.kind, 0, 0));
  sim::Task<storage::Status> flushing = wal_->flush(end, 0);
  const storage::Status status = co_await flushing;
  if (status != storage::Status::ok) {
    panic();
    co_return;
  }
  // What is older was replaced page by page; a file of its own stands for that.
  if (storage.checkpoints > 0) files.remove(data_file(storage.checkpoints));
  ++storage.checkpoints;
  storage.redo = redo;
  wal_->remove_before(redo);
}

void Server::terminate() {
  if (stopping_) return;
  stopping_ = true;
  component_.spawn(shut_down());
}

sim::Task<void> Server::shut_down() {
  if (engine_ != nullptr) {
    host_.network().unlisten(host_.id(), kDatabasePort);
    checkpoint_wanted_.notify_all();
    std::vector<std::uint64_t> idle;
    for (const auto& [id, session] : sessions_) {
      if (!session->busy) idle.push_back(id);
    }
    for (const std::uint64_t id : idle) close(id);
    sim::Task<void> last = checkpoint(false);
    co_await last;
  }
  record(history::DatabaseEvent::stopped);
  host_.exited(params_.program);
}

}  // namespace brokersim::database
