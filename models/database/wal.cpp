#include "models/database/wal.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::database {

std::int64_t wal_bytes(WalRecord::Kind kind, std::int64_t row_bytes, std::size_t indexes) {
  using Kind = WalRecord::Kind;
  const auto btree = static_cast<std::int64_t>(64 * (1 + indexes));
  std::int64_t bytes = 0;
  switch (kind) {
    case Kind::insert: bytes = 54 + row_bytes + btree; break;
    case Kind::update: bytes = 72 + row_bytes; break;
    case Kind::erase: bytes = 54; break;
    case Kind::commit: bytes = 34; break;
    case Kind::abort: bytes = 34; break;
    case Kind::sequence: bytes = 99; break;
    case Kind::checkpoint: bytes = 114; break;
  }
  return (bytes + 7) / 8 * 8;
}

Lsn WalContent::add(WalRecord record, std::int64_t bytes) {
  SIM_CHECK(bytes > 0);
  record.end = end() + bytes;
  records_.push_back(record);
  return record.end;
}

std::size_t WalContent::count_to(Lsn lsn) const {
  const auto after =
      std::upper_bound(records_.begin(), records_.end(), lsn,
                       [](Lsn position, const WalRecord& record) { return position < record.end; });
  return static_cast<std::size_t>(after - records_.begin());
}

std::vector<WalRecord> WalContent::cut(std::size_t count) {
  SIM_CHECK(count <= records_.size());
  const auto from = records_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<WalRecord> gone(from, records_.end());
  records_.erase(from, records_.end());
  return gone;
}

}  // namespace brokersim::database
