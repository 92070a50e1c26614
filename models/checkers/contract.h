// The fault budget of one partition: while it holds, acknowledged records (acks=all) must survive.
//
// Why: a legal loss is measured, not flagged, and only within the promise is a loss a violation. The promise
// (DESIGN.md section 2 item 12): unclean election off; the replicas that had a lossy stop (power loss, kernel
// panic, a disk that lost or changed data) and have not rejoined the ISR since number at most min ISR - 1; without ELR additionally no lossy
// stop of an ISR member while the ISR is below min ISR. Process kills, pauses and partitions are unlimited.
// "While" has two sides: an ISR may also shrink below min ISR, by clean shutdowns for instance, before the controller
// has noticed that one of its members lost its page cache; that one may then be the last member, which nobody but it
// may lead.
// With flush.messages=1 there are two promises. A record is on the medium of every ISR member before its *answer*, so power
// loss and panic are not lossy for what was answered (a lying fsync is then a violation, not an excuse). It may be
// *committed* before that: UnifiedLog.append moves the log end and flushes after it, followers fetch meanwhile, and the
// high watermark waits for their log ends, not for the leader's fsync. A leader that loses power in between lacks committed
// records that nobody was told of, though consumers may have read them. For what is committed, losing a replica whose
// log had an unflushed end is therefore lossy; losing one that had flushed everything takes nothing.
// A limit of KIP-966 itself: the controller takes every unclean restart, a mere kill included, for a possible loss
// and drops the broker from the ELR. When ISR and ELR have run empty that way, it elects the last known leader,
// whatever that one still holds. If a replica had a lossy stop before, this election ends the promise too.
// A limit of LogLoader: it checks each segment, and not whether one begins where the one before ended. A power loss that
// empties the file of a segment while its successor stands in the directory leaves a gap that nobody looks for; a
// replica with such a gap counts as caught up. In a compacted log, where gaps are the rule, the promise ends there for
// good. (Logs without compaction end before the gap here, which Kafka does not see to: log/recovery.cpp.)
// Once broken, the promise is void until the ISR is whole again and every lossy replica has rejoined: only
// then has every replica caught up with one leader, and what was acknowledged later is promised anew.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/history/history.h"

namespace brokersim::checkers {

/// What is promised to outlive the faults; the two differ with flush.messages=1 only.
enum class Promise : std::uint8_t {
  committed,  ///< What lies below the true high watermark.
  answered,   ///< What acks=all was answered for.
};

class Contract {
 public:
  Contract(const history::PartitionInfo& info, Promise promise);

  /// A replica's page cache or more went; `durable_too`: what was on the medium as well (an exchanged disk, rot, lost
  /// writes). `unflushed`: the replica's log ended above what it had flushed. `isr` as committed at that time.
  void lossy_stop(history::BrokerId broker, sim::SimTime at, const std::vector<history::BrokerId>& isr,
                  bool unflushed, bool durable_too);
  void started(history::BrokerId broker);
  void changed(const history::PartitionChanged& event);
  /// A replica's log has lost records in its middle and nobody can know: nothing is promised from `at` on, for good.
  void lost_unseen(sim::SimTime at, const std::string& what);
  /// The metadata quorum may have forgotten what it committed: nothing is promised from `at` on, for good.
  void quorum_damaged(sim::SimTime at, const std::string& why);

  /// The broker had a lossy stop and has not rejoined the ISR since.
  [[nodiscard]] bool lossy(history::BrokerId broker) const;
  /// Void by the partition's own configuration: unclean election is allowed.
  [[nodiscard]] bool void_by_config() const { return unclean_allowed_; }
  /// Broken at this moment, by faults or by an unclean election.
  [[nodiscard]] bool broken() const { return broken_; }
  /// Broken at any time so far.
  [[nodiscard]] bool ever_broken() const { return ever_; }
  /// Broken at some moment at or after `at`.
  [[nodiscard]] bool broken_since(sim::SimTime at) const { return broken_ || (ever_ && until_ > at); }
  /// The first reason of the latest breach, for people. "" if never broken.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  struct Replica {
    history::BrokerId broker = -1;
    bool lossy = false;
    bool left_since = false;     ///< Was outside the ISR after its lossy stop.
    bool started_since = false;  ///< Its process started after its lossy stop.
    sim::SimTime at;
  };
  void break_it(sim::SimTime at, const std::string& reason);

  std::string name_;
  std::int32_t min_isr_;
  bool unclean_allowed_;
  bool elr_;
  bool flushed_before_answer_;
  Promise promise_;
  std::vector<Replica> replicas_;
  bool broken_ = false;
  bool ever_ = false;
  bool for_good_ = false;
  sim::SimTime until_;  ///< End of the latest breach that ended.
  std::string why_;
  std::int32_t last_leader_ = -1;  ///< The last broker that led.
  std::int32_t epoch_ = -1;        ///< The last leader epoch.
};

}  // namespace brokersim::checkers
