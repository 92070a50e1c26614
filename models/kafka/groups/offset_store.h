// Committed offsets of the groups of one coordinator, as far as they are visible: their records are committed.
//
// Rules: kafka-behaviour.md section 6.4; expiry by OffsetExpirationConditionImpl of 4.1 (KIP-211): a group without members
// loses its offsets `retention` after it became Empty, somebody who is no member `retention` after the commit.
// Not modelled: expiry of topics that a Stable group no longer subscribes to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::groups {

struct CommittedOffset {
  std::int64_t offset = 0;  ///< The next record to read.
  std::int32_t leader_epoch = -1;
  sim::SimTime at;  ///< Of the commit.
};

class OffsetStore {
 public:
  /// A record of kind offset, or a tombstone of one (offset -1).
  void apply(const wire::GroupRecord& record) {
    auto& offsets = groups_[record.group];
    if (record.committed.offset < 0) {
      offsets.erase(record.committed.partition);
    } else {
      offsets[record.committed.partition] = {record.committed.offset, record.committed.leader_epoch, record.at};
    }
    if (offsets.empty()) groups_.erase(record.group);
  }
  [[nodiscard]] std::optional<CommittedOffset> find(const std::string& group, wire::PartitionId partition) const {
    const auto known = groups_.find(group);
    if (known == groups_.end()) return std::nullopt;
    const auto offset = known->second.find(partition);
    if (offset == known->second.end()) return std::nullopt;
    return offset->second;
  }
  /// Tombstones for what is too old. `empty_since`: by group; SimTime::max() for one that has members, nothing for one that
  /// has never had any.
  [[nodiscard]] std::vector<wire::GroupRecord> expired(sim::SimTime now, sim::Duration retention,
                                                       const std::map<std::string, sim::SimTime>& empty_since) const {
    std::vector<wire::GroupRecord> tombstones;
    for (const auto& [group, offsets] : groups_) {
      const auto known = empty_since.find(group);
      if (known != empty_since.end() && known->second == sim::SimTime::max()) continue;
      for (const auto& [partition, committed] : offsets) {
        const sim::SimTime since = known != empty_since.end() ? std::max(known->second, committed.at) : committed.at;
        if (now - since < retention) continue;
        wire::GroupRecord tombstone;
        tombstone.group = group;
        tombstone.committed.partition = partition;
        tombstone.at = now;
        tombstones.push_back(std::move(tombstone));
      }
    }
    return tombstones;
  }
  void clear() {
    groups_.clear();
    pending_.clear();
  }

  // --- offsets of transactions (TxnOffsetCommit): they count when the producer's marker says so ----------------------

  /// Written, and its transaction is open.
  void add_pending(std::int64_t producer_id, const wire::GroupRecord& record) {
    pending_[producer_id].push_back(record);
  }
  /// The marker is there: what it commits, in the order in which it was written.
  [[nodiscard]] std::vector<wire::GroupRecord> end_transaction(std::int64_t producer_id, bool commit) {
    const auto found = pending_.find(producer_id);
    if (found == pending_.end()) return {};
    std::vector<wire::GroupRecord> records = std::move(found->second);
    pending_.erase(found);
    if (!commit) records.clear();
    return records;
  }
  /// Whether an open transaction has an offset of the partition: what is committed now may be changed by it.
  [[nodiscard]] bool is_pending(const std::string& group, wire::PartitionId partition) const {
    for (const auto& [id, records] : pending_) {
      for (const wire::GroupRecord& record : records) {
        if (record.group == group && record.committed.partition == partition) return true;
      }
    }
    return false;
  }

 private:
  std::map<std::int64_t, std::vector<wire::GroupRecord>> pending_;  // by producer id
  std::map<std::string, std::map<wire::PartitionId, CommittedOffset>> groups_;
};

}  // namespace brokersim::kafka::groups
