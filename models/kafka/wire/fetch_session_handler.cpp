#include "models/kafka/wire/fetch_session_handler.h"

#include <algorithm>

namespace brokersim::kafka::wire {

namespace {
bool same(const FetchPart& a, const FetchPart& b) {
  return a.fetch_offset == b.fetch_offset && a.current_leader_epoch == b.current_leader_epoch &&
         a.last_fetched_epoch == b.last_fetched_epoch && a.log_start == b.log_start &&
         a.max_bytes == b.max_bytes;
}
}  // namespace

const FetchSessionHandler::Entry* FetchSessionHandler::find(PartitionId partition) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), partition,
                                   [](const Entry& e, PartitionId p) { return e.part.partition < p; });
  return at != entries_.end() && at->part.partition == partition ? &*at : nullptr;
}

FetchSessionHandler::Entry* FetchSessionHandler::find(PartitionId partition) {
  return const_cast<Entry*>(static_cast<const FetchSessionHandler*>(this)->find(partition));
}

bool FetchSessionHandler::wants(PartitionId partition) const {
  const Entry* entry = find(partition);
  return entry != nullptr && entry->wanted;
}

const FetchPart* FetchSessionHandler::sent(PartitionId partition) const {
  const Entry* entry = find(partition);
  return entry != nullptr && entry->wanted && entry->sent ? &entry->part : nullptr;
}

void FetchSessionHandler::note(Entry& entry) {
  if (entry.changed) return;
  entry.changed = true;
  changed_.push_back(entry.part.partition);
}

void FetchSessionHandler::want(const FetchPart& part) {
  Entry* entry = find(part.partition);
  if (entry == nullptr) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), part.partition,
                                     [](const Entry& e, PartitionId p) { return e.part.partition < p; });
    entry = &*entries_.insert(at, Entry{});
    entry->part.partition = part.partition;
  }
  if (!entry->wanted) ++wanted_;
  if (entry->wanted && entry->sent && same(entry->part, part)) return;
  entry->wanted = true;
  entry->part = part;
  entry->sent = false;
  note(*entry);
}

void FetchSessionHandler::forget(PartitionId partition) {
  Entry* entry = find(partition);
  if (entry == nullptr || !entry->wanted) return;
  --wanted_;
  entry->wanted = false;
  entry->sent = false;
  note(*entry);
}

void FetchSessionHandler::fill(FetchRequest& request) {
  request.session_id = session_;
  request.session_epoch = epoch_;
  std::sort(changed_.begin(), changed_.end());
  if (epoch_ == 0) {
    std::erase_if(entries_, [](const Entry& entry) { return !entry.wanted; });
    request.parts.reserve(entries_.size());
    for (Entry& entry : entries_) {
      entry.sent = entry.known = true;
      entry.changed = false;
      request.parts.push_back(entry.part);
    }
  } else {
    bool dropped = false;
    for (const PartitionId partition : changed_) {
      Entry& entry = *find(partition);
      entry.changed = false;
      if (entry.wanted) {
        if (!entry.sent) request.parts.push_back(entry.part);
        entry.sent = entry.known = true;
      } else {
        if (entry.known) request.forgotten.push_back(partition);
        dropped = true;
      }
    }
    if (dropped) std::erase_if(entries_, [](const Entry& entry) { return !entry.wanted; });
  }
  changed_.clear();
}

bool FetchSessionHandler::answered(const FetchResponse& response) {
  if (response.error != ErrorCode::none) {
    lost();
    if (response.error == ErrorCode::fetch_session_id_not_found) session_ = 0;
    return false;
  }
  if (epoch_ == 0) {
    session_ = response.session_id;
    epoch_ = session_ == 0 ? 0 : 1;
  } else {
    epoch_ = epoch_ == INT32_MAX ? 1 : epoch_ + 1;
  }
  return true;
}

void FetchSessionHandler::lost() { epoch_ = 0; }

}  // namespace brokersim::kafka::wire
