// L11 for share groups: what a member could have is given to one.
//
// Why: a share group that gives nothing out breaks no law of safety. Two demands. A fetch takes the oldest records that are
// free, so none of these may stay behind when newer ones are given (ShareLaws judges that at every delivery). And
// a share-partition with records that are not settled does not stand still while members with nothing to do are there.
// Nothing of it has changed for the time of a lock and kPatience; nothing has happened to the cluster, the clients and the group
// for as long as a dead member keeps its partitions (session, heartbeat) and the same; then every client of the group that
// has begun has been idle for kPatience, or has been given other records so often that the partition's turn must have come.
// Judged when a share-partition moves again after a pause, and when the run ends.
// Not judged: while a fault holds somebody or there is no active controller; where an internal topic refuses writes, so that
// coordinators do not answer; groups without members, or whose readers of the topic are all gone.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "models/checkers/cluster_view.h"
#include "models/checkers/interval_set.h"
#include "models/checkers/law_book.h"
#include "models/checkers/liveness.h"
#include "models/history/history.h"

namespace brokersim::checkers {

class ShareLiveness {
 public:
  using Key = std::pair<std::int32_t, std::int32_t>;  ///< Group, partition.
  /// Beside what Kafka's own times allow. Assumption: three waits of a fetch, and a load of the state, take far less.
  static constexpr sim::Duration kPatience = {15'000'000'000};

  ShareLiveness(ClusterView& view, LawBook& book, const Liveness& cluster)
      : view_(&view), book_(&book), cluster_(&cluster) {}

  void on(const history::HighWatermark& event) {
    if (!parts_.empty()) [[unlikely]]
      note(event);
  }
  void on(const history::Consumed& event);
  void on(const history::GroupGeneration& event);
  void on(const history::ClientRestarted& event) { member(event.client, event.at, true); }
  void on(const history::ClientStopped& event) { member(event.client, event.at, false); }
  void on(const history::ClientFailed& event) { member(event.client, event.at, false); }

  /// Whether the share-partition has stood still for so long that judge() may have something to say.
  [[nodiscard]] bool overdue(const Key& key, sim::SimTime now) const;
  /// `unsettled`: its first records that are neither acknowledged nor archived, if any are committed.
  void judge(const Key& key, sim::SimTime now, const std::optional<Interval>& unsettled);
  /// Something of it changes; `given_end`: behind what was ever given out. Whom records were given to, -1: nobody.
  void changed(const Key& key, sim::SimTime now, std::int64_t given_end, history::ClientId to = {});

 private:
  struct Part {
    sim::SimTime changed_at;
    std::int64_t given_end = 0;
    sim::SimTime fresh_since;  ///< Since when something is committed that was never given out.
    bool fresh = false;
    std::set<std::int32_t> readers;  ///< Clients that were given something of it.
  };
  struct Member {
    bool runs = true;
    sim::SimTime busy_until;
    std::deque<sim::SimTime> given;  ///< The last times at which it was given something, ascending.
  };
  struct Group {
    std::int32_t members = 0;
    sim::SimTime changed_at;
    std::map<std::int32_t, Member> clients;
  };

  void note(const history::HighWatermark& event);
  void member(history::ClientId client, sim::SimTime at, bool runs);
  [[nodiscard]] const history::ShareGroupInfo* info_of(std::int32_t group) const;
  [[nodiscard]] bool is_served(const Key& key) const;
  [[nodiscard]] bool all_idle(const Key& key, sim::SimTime since, sim::SimTime now) const;
  [[nodiscard]] bool coordinators_answer() const;

  ClusterView* view_;
  LawBook* book_;
  const Liveness* cluster_;
  std::map<Key, Part> parts_;
  std::map<std::int32_t, Group> groups_;
};

}  // namespace brokersim::checkers
