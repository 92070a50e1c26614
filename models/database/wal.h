// What the write-ahead log says, record by record, and how many bytes each takes.
//
// The file holds byte ranges only (models/devices/storage); their content is here. A range is tagged with the number of the
// record after its last one, so that recovery knows how far it may read. Owned by the world: it outlives every process.
// Sizes: lengths as pg_waldump shows them for PostgreSQL 16 (Heap INSERT 54 + row, Btree INSERT_LEAF 64, Heap HOT_UPDATE
// 72 + row, Heap DELETE 54, Transaction COMMIT 34, ABORT 34, Sequence LOG 99, CHECKPOINT_ONLINE 114), to multiples of 8.
// Not modelled: page headers of the log (24 bytes in 8 KiB), full-page images.
#pragma once

#include <cstdint>
#include <vector>

#include "models/database/types.h"

namespace brokersim::database {

struct WalRecord {
  enum class Kind : std::uint8_t { insert, update, erase, commit, abort, sequence, checkpoint };
  Kind kind = Kind::insert;
  Xid xid = kNoXid;
  Serial serial = kNoSerial;
  TableId table = 0;
  Row row;      ///< erase: the key only. sequence: key is the last value that may have been given.
  Lsn end = 0;  ///< Position after it.
};

/// Bytes of a record. `row_bytes` of its table, `indexes` beside the primary key.
[[nodiscard]] std::int64_t wal_bytes(WalRecord::Kind kind, std::int64_t row_bytes, std::size_t indexes);

class WalContent {
 public:
  /// Appends a record of so many bytes; returns its end.
  Lsn add(WalRecord record, std::int64_t bytes);
  /// Position after the last record.
  [[nodiscard]] Lsn end() const { return records_.empty() ? 0 : records_.back().end; }
  [[nodiscard]] const std::vector<WalRecord>& records() const { return records_; }
  /// How many records end at or before `lsn`.
  [[nodiscard]] std::size_t count_to(Lsn lsn) const;
  /// A crash: only the first `count` records are left. Returns the others.
  std::vector<WalRecord> cut(std::size_t count);
  /// Who gives transactions their serial numbers, over all lives.
  [[nodiscard]] Serial next_serial() { return next_serial_++; }

 private:
  std::vector<WalRecord> records_;
  Serial next_serial_ = 0;
};

}  // namespace brokersim::database
