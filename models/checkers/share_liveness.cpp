#include "models/checkers/share_liveness.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {

namespace {

/// So many deliveries to a member are remembered; a partition's turn comes within so many as its broker leads for it.
constexpr std::size_t kRounds = 64;

}  // namespace

// --- what happens -----------------------------------------------------------------------------------------------------------

void ShareLiveness::note(const history::HighWatermark& event) {
  if (!event.leader) return;
  for (auto& [key, part] : parts_) {
    if (key.second != event.partition.n || part.fresh || event.offset <= part.given_end) continue;
    part.fresh = true;
    part.fresh_since = event.at;
  }
}

void ShareLiveness::on(const history::Consumed& event) {
  const history::ClientInfo& client = view_->history().client(event.consumer);
  if (!client.share) return;
  Member& member = groups_[client.group.n].clients[event.consumer.n];
  const sim::SimTime from = std::max(event.at, event.processed_from);
  member.busy_until = std::max(member.busy_until, from + event.process_cost * event.records.count);
}

void ShareLiveness::on(const history::GroupGeneration& event) {
  if (info_of(event.group.n) == nullptr) return;
  Group& group = groups_[event.group.n];
  group.members = event.members;
  group.changed_at = event.at;
}

void ShareLiveness::member(history::ClientId client, sim::SimTime at, bool runs) {
  const history::ClientInfo& info = view_->history().client(client);
  if (!info.share) return;
  Group& group = groups_[info.group.n];
  group.changed_at = at;
  group.clients[client.n].runs = runs;
}

void ShareLiveness::changed(const Key& key, sim::SimTime now, std::int64_t given_end, history::ClientId to) {
  Part& part = parts_[key];
  part.changed_at = now;
  part.given_end = std::max(part.given_end, given_end);
  part.fresh = view_->partition({key.second}).logs.committed() > part.given_end;
  part.fresh_since = now;
  if (to.n < 0) return;
  part.readers.insert(to.n);
  std::deque<sim::SimTime>& given = groups_[key.first].clients[to.n].given;
  if (given.empty() || given.back() < now) given.push_back(now);
  if (given.size() > kRounds) given.pop_front();
}

// --- what should have -------------------------------------------------------------------------------------------------------

const history::ShareGroupInfo* ShareLiveness::info_of(std::int32_t group) const {
  for (const history::ShareGroupInfo& info : view_->history().share_groups()) {
    if (info.group.n == group) return &info;
  }
  return nullptr;
}

bool ShareLiveness::overdue(const Key& key, sim::SimTime now) const {
  const auto known = parts_.find(key);
  const history::ShareGroupInfo* info = info_of(key.first);
  return known != parts_.end() && info != nullptr &&
         now - known->second.changed_at > info->lock_duration + kPatience;
}

/// The group has members, and somebody who reads the topic runs.
bool ShareLiveness::is_served(const Key& key) const {
  const auto group = groups_.find(key.first);
  if (group == groups_.end() || group->second.members == 0) return false;
  const std::string& topic = view_->history().partition({key.second}).topic;
  std::set<std::int32_t> readers;
  for (const auto& [other, part] : parts_) {
    if (other.first == key.first && view_->history().partition({other.second}).topic == topic)
      readers.insert(part.readers.begin(), part.readers.end());
  }
  return std::any_of(readers.begin(), readers.end(), [&](std::int32_t client) {
    const auto member = group->second.clients.find(client);
    return member != group->second.clients.end() && member->second.runs;
  });
}

/// Every client of the group that has begun was ready to take something of the partition since then.
bool ShareLiveness::all_idle(const Key& key, sim::SimTime since, sim::SimTime now) const {
  const std::string& topic = view_->history().partition({key.second}).topic;
  std::size_t partitions = 0;
  for (const history::PartitionInfo& partition : view_->history().partitions())
    partitions += partition.topic == topic ? 1 : 0;
  for (const auto& [client, member] : groups_.at(key.first).clients) {
    if (!member.runs) continue;
    const sim::SimTime busy =
        std::max(member.busy_until, member.given.empty() ? sim::SimTime{} : member.given.back());
    if (now >= busy + kPatience) continue;
    const std::size_t turns = 2 * partitions + 2;
    if (member.given.size() <= turns || member.given[member.given.size() - turns - 1] <= since) return false;
  }
  return true;
}

bool ShareLiveness::coordinators_answer() const {
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const PartitionView& p = view_->partition_at(n);
    if (!p.info.internal || !p.known) continue;
    if (p.leader < 0 || static_cast<std::int32_t>(p.isr.size()) < p.info.min_insync_replicas) return false;
  }
  return true;
}

void ShareLiveness::judge(const Key& key, sim::SimTime now, const std::optional<Interval>& unsettled) {
  if (!unsettled || !overdue(key, now)) return;
  const Part& part = parts_.at(key);
  const PartitionView& p = view_->partition({key.second});
  if (p.deleted || p.leader < 0 || !cluster_->holding().empty() || !coordinators_answer() || !is_served(key))
    return;
  const history::ShareGroupInfo& info = *info_of(key.first);
  const sim::Duration lock = info.lock_duration + kPatience;
  // What was given out before waits since the last change, what never was since it was committed.
  const bool fresh = unsettled->first >= part.given_end;
  const sim::SimTime since = fresh ? std::max(part.changed_at, part.fresh_since) : part.changed_at;
  const sim::SimTime happened = std::max(cluster_->last(), groups_.at(key.first).changed_at);
  const sim::SimTime due =
      std::max(since + lock, happened + info.session_timeout + info.heartbeat_interval + lock);
  if (now <= due || !all_idle(key, since, now)) return;
  book_->breach(CheckId::L11, now,
                sim::to_string(now) + ": " + offset_range_text(unsettled->first, unsettled->size()) + " of " +
                    p.name + " wait for a member of group " +
                    view_->history().groups()[static_cast<std::size_t>(key.first)] + " since " +
                    sim::to_string(since) + ", although the partition has a leader (" +
                    broker_text(p.leader) + "), members have nothing to do, and nothing has happened since " +
                    sim::to_string(happened) + ".",
                p.excuse_ever());
}

}  // namespace brokersim::checkers
