// Which log directory holds what, and which of them have failed (KIP-112, KIP-858; LogManager.nextLogDirs).
#include <algorithm>
#include <limits>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

storage::FileSystem& ReplicaManager::directory_of(wire::PartitionId id) {
  if (log_dirs_.size() == 1) return *log_dirs_.front();
  const std::string& directory = cluster_.partitions[static_cast<std::size_t>(id.n)].directory;
  std::vector<std::size_t> logs = logs_in_;
  for (std::size_t i = 0; i < log_dirs_.size(); ++i) {
    if (is_offline(*log_dirs_[i])) {
      logs[i] = std::numeric_limits<std::size_t>::max();
      continue;
    }
    if (log::Log::exists(*log_dirs_[i], directory)) return *log_dirs_[i];
  }
  // A new log goes to the directory with the fewest logs (LogManager.nextLogDirs).
  return *log_dirs_[static_cast<std::size_t>(std::min_element(logs.begin(), logs.end()) - logs.begin())];
}

std::size_t ReplicaManager::directory_index(const storage::FileSystem& dir) const {
  return static_cast<std::size_t>(std::find(log_dirs_.begin(), log_dirs_.end(), &dir) - log_dirs_.begin());
}

bool ReplicaManager::is_offline(const storage::FileSystem& dir) const {
  return std::find(offline_dirs_.begin(), offline_dirs_.end(), &dir) != offline_dirs_.end();
}

std::vector<wire::PartitionId> ReplicaManager::offline_replicas() const {
  std::vector<wire::PartitionId> all;
  if (offline_dirs_.empty()) return all;
  for (const Replica* replica : here_) {
    if (replica->offline()) all.push_back(replica->name().id);
  }
  return all;
}

std::int32_t ReplicaManager::directory_failed(const storage::FileSystem& dir) {
  if (is_offline(dir)) return 0;
  offline_dirs_.push_back(&dir);
  std::int32_t count = 0;
  for (Replica* replica : here_) {
    if (replica->offline() || &replica->files() != &dir) continue;
    ++count;
    followers_->unfollow(*replica);
    touch_sessions(*replica);
    const bool led = replica->role() == Role::leader;
    replica->set_offline(owner_.now());
    fail_waiters(*replica);
    // In an event of its own: it may be the coordinator's own write that found out.
    if (led && coordinator_of(*replica) != nullptr) {
      owner_.at(owner_.now(), "broker.coordinator_resigns",
                sim::bind<&ReplicaManager::resign>(this, static_cast<std::uint64_t>(replica->name().id.n)));
    }
  }
  return count;
}

void ReplicaManager::resign(std::uint64_t partition) {
  Replica* replica = find({static_cast<std::int32_t>(partition)});
  if (replica == nullptr || replica->role() == Role::leader) return;
  if (InternalTopic* topic = coordinator_of(*replica); topic != nullptr) topic->resigned(*replica);
}

}  // namespace brokersim::kafka::broker
