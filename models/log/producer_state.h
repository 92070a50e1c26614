// What a partition remembers of its producers and their transactions (ProducerStateManager, ProducerAppendInfo, KIP-98,
// KIP-185, KIP-890).
//
// Pure. At most five batches per producer are kept, as in Kafka; a snapshot keeps the last one.
// Of transactions: which are open here and where each began, which have ended and whether that end is committed (a marker
// at or above the high watermark may still vanish, so its transaction still bounds the last stable offset), and the index
// of aborted ones (.txnindex). All of it is a function of the log and is built anew from it after a start or a cut.
// Not modelled: producer.id.expiration.ms.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "models/log/batch.h"

namespace brokersim::log {

enum class SequenceCheck : std::uint8_t {
  append,        ///< New: append it.
  duplicate,     ///< One of the five cached batches: answer its offset, append nothing.
  out_of_order,  ///< OUT_OF_ORDER_SEQUENCE_NUMBER (45)
  fenced,        ///< INVALID_PRODUCER_EPOCH (47)
  bad_state,     ///< INVALID_TXN_STATE (48)
};

struct SequenceVerdict {
  SequenceCheck check = SequenceCheck::append;
  std::int64_t duplicate_base_offset = -1;
};

/// What a partition makes of a marker that a coordinator sends.
enum class MarkerCheck : std::uint8_t {
  append,
  fenced,              ///< INVALID_PRODUCER_EPOCH (47): the producer has a newer epoch here.
  coordinator_fenced,  ///< TRANSACTION_COORDINATOR_FENCED (52): a newer coordinator has spoken.
};

/// An entry of the transaction index.
struct AbortedTransaction {
  std::int64_t producer_id = -1;
  std::int64_t first_offset = 0;
  std::int64_t last_offset = 0;  ///< Of its marker.
  std::int64_t last_stable_offset = 0;  ///< As it was once the marker was there.
  [[nodiscard]] bool operator==(const AbortedTransaction&) const = default;
};

/// First offset of a transaction that is not decided, as a partition knows it.
struct OpenTransaction {
  std::int64_t producer_id = -1;
  std::int16_t epoch = -1;
  std::int64_t first_offset = 0;
};

class ProducerState {
 public:
  /// Rules of kafka-behaviour.md section 3.1 for a batch from a client.
  [[nodiscard]] SequenceVerdict check(const BatchData& batch) const;
  [[nodiscard]] MarkerCheck check_marker(const BatchData& marker) const;

  /// Takes note of an appended batch; replication appends without check. No-op without producer id.
  void note(const StoredBatch& batch);
  /// As after a snapshot was loaded: of each producer only its last batch is known (ProducerStateEntry in the file).
  void keep_latest();
  /// Does the batch hold the last sequence known of its producer?
  [[nodiscard]] bool is_latest(const StoredBatch& batch) const;
  void clear();
  [[nodiscard]] std::size_t producers() const { return entries_.size(); }

  // --- verification (KIP-890 part 1, VerificationStateEntry) ------------------------------------------------------

  /// Must the coordinator be asked before this batch is appended? Not if its transaction is open here.
  [[nodiscard]] bool needs_verification(const BatchData& batch) const;
  /// Somebody asks now. The guard that grant() wants back.
  [[nodiscard]] std::uint64_t begin_verification(const BatchData& batch);
  /// The coordinator said yes: the batch may begin its transaction here, unless a marker came meanwhile.
  void grant(const BatchData& batch, std::uint64_t guard);
  [[nodiscard]] bool granted(const BatchData& batch) const;

  // --- transactions -------------------------------------------------------------------------------------------------

  /// Quick: there is nothing that bounds the last stable offset.
  [[nodiscard]] bool all_stable() const { return open_.empty() && ended_.empty(); }
  /// min(first offset of what is open or whose marker is not below `high_watermark`, `high_watermark`). LSO.
  [[nodiscard]] std::int64_t last_stable_offset(std::int64_t high_watermark) const;
  /// Markers below it are committed: their transactions bound nothing any more.
  void high_watermark_moved(std::int64_t high_watermark);
  /// Aborted transactions with records or markers within [from, to), by last offset.
  [[nodiscard]] std::vector<AbortedTransaction> aborted_within(std::int64_t from, std::int64_t to) const;
  [[nodiscard]] const std::vector<AbortedTransaction>& aborted() const { return aborted_; }
  /// Is a record of an aborted transaction in it? (A batch is of one.)
  [[nodiscard]] bool is_aborted(const StoredBatch& batch) const;
  /// Open ones, by first offset.
  [[nodiscard]] std::vector<OpenTransaction> open() const;
  [[nodiscard]] bool is_open(std::int64_t producer_id) const;

 private:
  struct Cached {
    std::int32_t first_sequence = 0;
    std::int32_t last_sequence = 0;
    std::int64_t base_offset = 0;
  };
  struct Entry {
    std::int16_t epoch = -1;
    std::int32_t count = 0;  // cached batches, newest last
    std::array<Cached, 5> batches{};
    std::int64_t transaction_first = -1;  // offset; -1: none is open
    std::int32_t coordinator_epoch = -1;
  };
  struct Ended {
    std::int64_t first = 0;
    std::int64_t marker = 0;
  };
  struct Verification {
    std::uint64_t guard = 0;
    std::int16_t epoch = -1;
    std::int32_t lowest_sequence = 0;
    bool granted = false;
  };
  void end_transaction(const StoredBatch& marker, Entry& entry);

  std::map<std::int64_t, Entry> entries_;      // by producer id
  std::map<std::int64_t, std::int64_t> open_;  // first offset -> producer id
  std::vector<Ended> ended_;                   // whose marker may be at or above the high watermark, by marker
  std::vector<AbortedTransaction> aborted_;    // by last offset
  std::map<std::int64_t, Verification> verifications_;  // by producer id
  std::uint64_t guards_ = 0;
};

}  // namespace brokersim::log
