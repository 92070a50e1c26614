#include "models/database/transactions.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::database {

Xid Transactions::start() {
  const Xid xid = next();
  status_.push_back(Status::open);
  open_.push_back(xid);
  return xid;
}

void Transactions::end(Xid xid, Status status) {
  const auto found = std::lower_bound(open_.begin(), open_.end(), xid);
  SIM_CHECK(found != open_.end() && *found == xid, "a transaction that is not open ends");
  open_.erase(found);
  status_[static_cast<std::size_t>(xid - kFirstXid)] = status;
  newest_ended_ = std::max(newest_ended_, xid);
}

void Transactions::restore(Xid next, const std::vector<Xid>& committed) {
  SIM_CHECK(status_.empty(), "restored twice");
  status_.assign(static_cast<std::size_t>(next - kFirstXid), Status::aborted);
  for (const Xid xid : committed) status_.at(static_cast<std::size_t>(xid - kFirstXid)) = Status::committed;
  newest_ended_ = next - 1;
}

Transactions::Status Transactions::status(Xid xid) const {
  SIM_CHECK(xid >= kFirstXid);
  SIM_CHECK(xid < next());
  return status_[static_cast<std::size_t>(xid - kFirstXid)];
}

Snapshot Transactions::snapshot() const {
  Snapshot snapshot;
  snapshot.xmax = newest_ended_ + 1;
  for (const Xid xid : open_) {
    if (xid < snapshot.xmax) snapshot.in_progress.push_back(xid);
  }
  snapshot.xmin = snapshot.in_progress.empty() ? snapshot.xmax : snapshot.in_progress.front();
  return snapshot;
}

bool Transactions::sees(const Snapshot& snapshot, Xid own, Xid xid) const {
  if (xid == own) return true;
  if (xid >= snapshot.xmax) return false;
  if (std::binary_search(snapshot.in_progress.begin(), snapshot.in_progress.end(), xid)) return false;
  return status(xid) == Status::committed;
}

}  // namespace brokersim::database
