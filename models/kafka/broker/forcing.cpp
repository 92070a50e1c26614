// What forcing a log after an append takes (LogSegment.flush; flush.messages).
//
// The log first: its bytes and, as it has grown, the journal (FileSystem::sync). Then both indexes, mapped files of fixed
// size: msync(MS_SYNC) writes the page with the new entry in place and asks for no journal (mm/msync.c: an fdatasync). An
// index gets an entry every index.interval.bytes (4,096) of log. Who waits for the device sleeps, and so do the kernel's
// workers that complete the write and push the journal: each needs Costs::wake_up to begin.
// Not modelled: the two pages' queueing at the device (they load it, and take its latency), the log's own mapping.
#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {
namespace {

constexpr std::int64_t kIndexInterval = 4'096;
constexpr std::int64_t kIndexes = 2;  // offsets, times
constexpr std::int64_t kLogWakeUps =
    4;  // after the write, its completion's worker, the journal's, after the journal

/// One page in place, without queueing.
sim::Duration page_latency(const storage::DiskConfig& disk) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const bool is_volatile = disk.volatile_cache.n > 0 && !disk.power_loss_protection;
  switch (disk.kind) {
    case storage::DiskKind::nvme:
      return disk.write_latency + sim::Duration{kSecond / disk.write_iops} +
             (is_volatile ? disk.flush_latency : sim::Duration{});
    case storage::DiskKind::cloud: return disk.volume.latency_median;
    case storage::DiskKind::hdd: break;
  }
  return disk.controller_overhead + disk.seek_average + sim::Duration{60 * kSecond / disk.rpm};
}

}  // namespace

sim::Task<storage::Status> ReplicaManager::force(Replica* replica, std::int64_t to) {
  const storage::Status status = co_await replica->log().flush_to(to);
  if (status != storage::Status::ok) co_return status;
  const auto partition = static_cast<std::size_t>(replica->name().id.n);
  if (indexed_.size() <= partition) indexed_.resize(partition + 1, 0);
  const std::int64_t entries = replica->log().bytes() / kIndexInterval;
  const bool new_entry = indexed_[partition] != entries;
  indexed_[partition] = entries;
  std::int64_t sleeps = kLogWakeUps;
  sim::Duration wait;
  if (new_entry) {
    storage::Disk& disk = replica->files().disk();
    storage::IoRequest page;
    page.kind = storage::IoKind::write;
    page.position = {disk.config().capacity.n / 4};
    page.length = {4'096};
    page.piece.file = {-1};
    for (std::int64_t i = 0; i < kIndexes; ++i) disk.submit(page);
    wait = page_latency(disk.config()) * kIndexes;
    sleeps += kIndexes;
  }
  wait += params_.cpu->scaled(cluster_.costs.wake_up * sleeps);
  if (wait.ns > 0) co_await sim::delay(wait, "broker.force");
  co_return status;
}

}  // namespace brokersim::kafka::broker
