// The nine invariants of replication, checked after every step of every log, leader and controller.
//
// Numbers as in kafka-behaviour.md section 9.0, after the TLA+ models of KIP-966. They are results beside the laws, with
// ids INV1 to INV9, and cost more than those: a scenario asks for them ("invariants": true).
//   INV1 leader completeness        INV2 candidate completeness   INV3 replication quorum covers election quorum
//   INV4 log matching               INV5 unclean exclusion        INV6 acks=all means committed, and stays
//   INV7 the controller's word      INV8 what consumers are given INV9 the metadata quorum (metadata_laws.h)
// 1, 2, 4, 6 and most of 7 and 8 rest on the same facts as laws S1 to S26 and are booked by whoever judges those; here is
// what no law asks. The true high watermark is the highest that any leader reached legally (ReplicaLogs::committed).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/law_book.h"
#include "models/checkers/metadata_laws.h"

namespace brokersim::checkers {

class Invariants {
 public:
  Invariants(ClusterView& view, LawBook& book) : view_(&view), book_(&book), metadata_(book) {}

  /// Before an event of the controller at `now` is applied to the view: judges what the instant before it came to. One
  /// commit changes a broker and its partitions at one instant, so only the sum of it counts (INV7).
  void settle(sim::SimTime now, bool over = false);
  // Each after the event was applied to the view.
  void judge(const history::LeaderIsr& event);
  void judge(const history::HighWatermark& event);
  void judge(const history::PartitionChanged& event);
  void judge(const history::BrokerChanged& event);
  void judge(const history::RoleChanged& event);
  void judge(const history::Recovered& event);
  void judge(const history::Consumed& event);
  void judge(const history::MetadataLogChanged& event) { metadata_.judge(event); }
  /// The last instant is over.
  void finish(sim::SimTime now) { settle(now, /*over=*/true); }

 private:
  struct OfReplica {
    std::int32_t epoch = -1;  ///< In which it led and said what follows.
    std::vector<history::BrokerId> committed;
    std::vector<history::BrokerId> maximal;
    std::int64_t high_watermark_max = 0;  ///< Ever.
  };
  struct OfBroker {
    bool fenced = false;
    bool stopped_unclean = false;  ///< Since it was last unfenced.
    sim::SimTime stopped_at;
    bool loaded = false;  ///< This life of its process has loaded a log, or was unfenced.
    bool ghost = false;   ///< Was unfenced although nothing was heard of its new life.
  };
  [[nodiscard]] OfReplica& of(history::PartitionId partition, std::size_t replica);
  [[nodiscard]] OfBroker& of(history::BrokerId broker);
  /// INV3 for whoever leads in the controller's epoch.
  void judge_quorums(sim::SimTime at, history::PartitionId id);

  ClusterView* view_;
  LawBook* book_;
  MetadataLaws metadata_;
  std::vector<std::vector<OfReplica>> replicas_;  // by partition
  std::vector<OfBroker> brokers_;
  sim::SimTime changed_at_;
  bool changed_ = false;
};

}  // namespace brokersim::checkers
