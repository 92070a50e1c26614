#include "models/checkers/liveness.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

/// Faults that leave nobody of the core held: who was stopped, stands still or hears nobody is fenced by now, and what was
/// done once is done.
bool leaves_the_core_alone(const std::string& kind) {
  static const std::set<std::string> kinds{"kill_process",       "controlled_shutdown",
                                           "power_loss",         "kernel_panic",
                                           "disk_replaced",      "crash_loop",
                                           "drop_caches",        "bit_rot",
                                           "file_truncated",     "journal_error",
                                           "reset_connections",  "forget_connections",
                                           "unreadable_sectors", "clock_step",
                                           "fsync_error",        "pause_process",
                                           "frozen_host",        "nic_down"};
  return kinds.contains(kind);
}

}  // namespace

void Liveness::on(const history::BrokerChanged& event) {
  using enum history::BrokerEvent;
  any_ = true;
  // A collector's pauses are daily bread; a fault's are told by the fault.
  if (event.event != paused && event.event != resumed) last_ = event.at;
  switch (event.event) {
    case running: alive_.insert(event.broker); return;
    case fenced:
    case process_killed:
    case stopped_clean:
    case kernel_panicked:
    case power_lost: alive_.erase(event.broker); return;
    case storage_damaged: spared_.insert(event.broker); return;
    case process_started:
    case paused:
    case resumed: return;
  }
}

void Liveness::on(const history::ControllerChanged& event) {
  last_ = event.at;
  if (event.event == history::ControllerEvent::active)
    controllers_.insert(event.node);
  else
    controllers_.erase(event.node);
}

void Liveness::on(const history::FaultFired& event) {
  last_ = event.at;
  if (event.healed)
    holding_.erase(event.fault);
  else if (event.fired && !leaves_the_core_alone(event.kind))
    holding_[event.fault] = event.kind;
}

void Liveness::on(const history::AdminDone& event) {
  last_ = event.at;
  administered_ = administered_ || event.kind == "reassign";  // other replicas than PartitionInfo has
}

void Liveness::on(const history::Appended& event) {
  const auto n = static_cast<std::size_t>(event.records.partition.n);
  const auto broker = static_cast<std::size_t>(event.broker);
  if (appended_.size() <= n) appended_.resize(n + 1);
  if (appended_[n].size() <= broker) appended_[n].resize(broker + 1);
  appended_[n][broker] = event.at;
}

void Liveness::spare(history::BrokerId broker, sim::SimTime at) {
  last_ = at;
  spared_.insert(broker);
}

bool Liveness::alive(history::BrokerId broker) const { return alive_.contains(broker); }

std::string Liveness::holding() const {
  if (!holding_.empty()) return "A fault (" + holding_.begin()->second + ") still holds somebody";
  return controllers_.empty() ? "There is no active controller" : "";
}

std::string Liveness::not_calm(sim::SimTime now) const {
  if (!any_) return "The history tells of no broker.";
  if (const std::string held = holding(); !held.empty()) return held + " when the run ends.";
  if (now - last_ < kCalm)
    return "Something happened to the cluster in the last " + std::to_string(kCalm.ns / 1'000'000'000) +
           " s of the run.";
  return {};
}

bool Liveness::still(std::size_t n, history::BrokerId broker, sim::SimTime now) const {
  const auto b = static_cast<std::size_t>(broker);
  return n >= appended_.size() || b >= appended_[n].size() || now - appended_[n][b] >= kStill;
}

void Liveness::finish(sim::SimTime now, ClusterView& view) {
  if (const std::string why = not_calm(now); !why.empty()) {
    book_->not_applicable(CheckId::L1, why);
    book_->not_applicable(CheckId::L4, why);
    return;
  }
  for (std::size_t n = 0; n < view.partitions(); ++n) {
    const PartitionView& p = view.partition_at(n);
    if (!p.known || p.deleted) continue;
    if (p.leader < 0)
      judge_leader(p, now);
    else if (!administered_ && !damaged_.contains(static_cast<std::int32_t>(n)))
      judge_replicas(p, n, now);
  }
  if (administered_) book_->not_applicable(CheckId::L4, "An administrator moved replicas.");
  if (justified_.empty()) return;
  std::string note = "Legal stall: " + justified_.front();
  if (justified_.size() > 1)
    note += " (and " + count_text(static_cast<std::int64_t>(justified_.size()) - 1) + " more)";
  book_->note(CheckId::L1, note);
}

void Liveness::judge_leader(const PartitionView& p, sim::SimTime now) {
  const auto breach = [&](history::BrokerId broker, const std::string& because) {
    book_->breach(CheckId::L1, now,
                  p.name + " has no leader when the run ends, although " + broker_text(broker) + ", which " +
                      because + ", is up and unfenced, and nothing has happened for " +
                      std::to_string((now - last_).ns / 1'000'000'000) + " s.");
  };
  for (const history::BrokerId broker : p.isr)
    if (alive(broker) && !spared_.contains(broker)) return breach(broker, "is in its ISR");
  for (const history::BrokerId broker : p.elr)
    if (alive(broker) && !spared_.contains(broker)) return breach(broker, "is in its ELR");
  if (p.info.unclean_leader_election) {
    for (const history::BrokerId broker : p.info.replicas)
      if (alive(broker) && !spared_.contains(broker)) return breach(broker, "may be elected uncleanly");
  }
  if (!p.isr.empty() || !p.elr.empty()) {
    std::vector<history::BrokerId> awaited = p.isr;
    awaited.insert(awaited.end(), p.elr.begin(), p.elr.end());
    justified_.push_back(p.name + " has no leader, since nobody but " + brokers_text(awaited) +
                         " may lead it.");
    return;
  }
  // KIP-966: with ISR and ELR empty, who led last, and is up again.
  const auto led =
      std::find_if(p.changes.rbegin(), p.changes.rend(), [](const LeaderChange& c) { return c.leader >= 0; });
  if (led == p.changes.rend()) return;
  if (p.info.eligible_leader_replicas && alive(led->leader) && !spared_.contains(led->leader))
    return breach(led->leader, "led it last, with nobody eligible");
  justified_.push_back(p.name + " has no leader, since nobody is eligible and " + broker_text(led->leader) +
                       ", which led it last, is not there.");
}

void Liveness::judge_replicas(const PartitionView& p, std::size_t n, sim::SimTime now) {
  const std::int32_t leader = p.index_of(p.leader);
  if (leader < 0 || !alive(p.leader) || !still(n, p.leader, now)) return;
  const std::int64_t end = p.logs.end(static_cast<std::size_t>(leader));
  for (const history::BrokerId broker : p.info.replicas) {
    if (broker == p.leader || !alive(broker) || spared_.contains(broker) || !still(n, broker, now)) continue;
    const auto replica = static_cast<std::size_t>(p.index_of(broker));
    const bool member = std::find(p.isr.begin(), p.isr.end(), broker) != p.isr.end();
    const std::int64_t own = p.logs.end(replica);
    if (member && own == end) continue;
    book_->breach(CheckId::L4, now,
                  broker_text(broker) + " is up, and nothing has happened for " +
                      std::to_string((now - last_).ns / 1'000'000'000) + " s, but " +
                      (own == end ? "it is not in the ISR of " + p.name + ", although it holds all of it."
                                  : "it holds " + p.name + " up to offset " + count_text(own) +
                                        " only, and copies nothing; its leader, " + broker_text(p.leader) +
                                        ", holds it up to " + count_text(end) + "."));
  }
}

}  // namespace brokersim::checkers
