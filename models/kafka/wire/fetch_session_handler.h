// The client's side of incremental fetch sessions (KIP-227, FetchSessionHandler): what a request has to list.
//
// Why: a broker remembers which partitions a client fetches and from where, so that a request lists only what has changed.
// The first request is full (epoch 0) and makes the session; then come epochs 1, 2, ... An error, a lost answer or a broker
// that has no room for a session means a full request again.
// Used by followers and consumers alike. Pure: no time, no messages sent.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::wire {

class FetchSessionHandler {
 public:
  /// From now on `part` is fetched, or fetched from elsewhere than before.
  void want(const FetchPart& part);
  /// No longer.
  void forget(PartitionId partition);
  /// Nothing is to be fetched.
  [[nodiscard]] bool empty() const { return wanted_ == 0; }
  [[nodiscard]] bool wants(PartitionId partition) const;
  /// How the partition was last sent to the broker; null if it was not.
  [[nodiscard]] const FetchPart* sent(PartitionId partition) const;

  /// Fills in the session and what the request must list. Then one of answered() and lost().
  void fill(FetchRequest& request);
  /// False: the broker does not have the session or not in that epoch; nothing in the answer counts.
  bool answered(const FetchResponse& response);
  /// No answer came.
  void lost();

 private:
  struct Entry {
    FetchPart part;
    bool wanted = false;
    bool sent = false;     ///< The broker knows it as it is.
    bool known = false;    ///< The broker has it in the session.
    bool changed = false;  ///< In changed_.
  };
  [[nodiscard]] Entry* find(PartitionId partition);
  [[nodiscard]] const Entry* find(PartitionId partition) const;
  void note(Entry& entry);

  std::vector<Entry> entries_;        // by partition
  std::vector<PartitionId> changed_;  // since the last request
  std::int32_t wanted_ = 0;
  std::int32_t session_ = 0;  // 0: none
  std::int32_t epoch_ = 0;    // of the next request
};

}  // namespace brokersim::kafka::wire
