#include "models/checkers/group_meter.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "models/checkers/words.h"

namespace brokersim::checkers {

void GroupMeter::on(const history::Consumed& event) {
  const history::GroupId group = history_->client(event.consumer).group;
  if (group.n < 0) return;
  settle(event.consumer, event.at, false);
  Book& book = book_of(group, event.records.partition);
  if (book.first < 0 || event.base_offset < book.first) book.first = event.base_offset;
  const Work work{event.records.partition, event.base_offset, event.records.count, event.processed_from,
                  event.process_cost};
  if (work.each.ns == 0 && work.from <= event.at) {
    done(group, work, work.count);
    return;
  }
  const auto c = static_cast<std::size_t>(event.consumer.n);
  if (working_.size() <= c) working_.resize(c + 1);
  working_[c].push_back(work);
}

/// What the application was through with at `until`; when its process has stopped, the rest is never done.
void GroupMeter::settle(history::ClientId client, sim::SimTime until, bool stopped) {
  const auto c = static_cast<std::size_t>(client.n);
  if (working_.size() <= c) return;
  const history::GroupId group = history_->client(client).group;
  std::vector<Work>& all = working_[c];
  std::size_t kept = 0;
  for (const Work& work : all) {
    const bool over = work.from + work.each * work.count <= until;
    if (over) {
      done(group, work, work.count);
    } else if (stopped) {
      const std::int64_t through =
          until <= work.from || work.each.ns == 0 ? 0 : (until - work.from).ns / work.each.ns;
      done(group, work, std::min(through, work.count));
    } else {
      all[kept++] = work;
    }
  }
  all.resize(kept);
}

void GroupMeter::done(history::GroupId group, const Work& work, std::int64_t count) {
  if (count <= 0) return;
  const std::int64_t fresh = book_of(group, work.partition).done.add(work.base, work.base + count);
  measures_.processed += count;
  measures_.processed_twice += count - fresh;
}

void GroupMeter::on(const history::ClientStopped& event) {
  const history::GroupId group = history_->client(event.client).group;
  if (group.n < 0) return;
  settle(event.client, event.at, true);
  for (auto& [key, book] : books_) {
    if (key.first == group) disown(book, event.client, event.at);
  }
}

void GroupMeter::disown(Book& book, history::ClientId consumer, sim::SimTime at) {
  const std::size_t before = book.owners.size();
  std::erase_if(book.owners, [&](const Owner& owner) { return owner.consumer == consumer; });
  if (before > 0 && book.owners.empty()) book.unowned_since = at;
}

void GroupMeter::on(const history::OwnershipChanged& event) {
  settle(event.consumer, event.at, false);
  if (event.change != history::OwnershipChange::assigned && !event.partitions.empty()) ++measures_.stops;
  if (event.change == history::OwnershipChange::lost) removed_.erase({event.group, event.consumer});
  for (const history::PartitionId partition : event.partitions) {
    Book& book = book_of(event.group, partition);
    if (event.change != history::OwnershipChange::assigned) {
      ++measures_.taken_away;
      disown(book, event.consumer, event.at);
      continue;
    }
    const bool removed = is_removed(event);
    for (const Owner& owner : book.owners) {
      if (owner.consumer == event.consumer) continue;
      const bool same = owner.generation == event.generation;
      // The word of a coordinator that is none any more may come late, to a member that its successor has counted as gone.
      const bool late = removed && event.generation < owner.generation;
      if (!same && (!modern_[event.group] || owner.removed || late)) continue;
      book_->breach(CheckId::G1, event.at,
                    sim::to_string(event.at) + ": " + history_->client(event.consumer).name + " got " +
                        history_->partition(partition).name() + " in generation " +
                        std::to_string(event.generation) + " of group " +
                        history_->groups()[static_cast<std::size_t>(event.group.n)] + ", which " +
                        history_->client(owner.consumer).name + " has owned since generation " +
                        std::to_string(owner.generation) + " and has not given up.",
                    excuse(event.group));
    }
    if (book.was_owned && book.owners.empty()) {
      const sim::Duration gap = event.at - book.unowned_since;
      measures_.unowned_longest = std::max(measures_.unowned_longest, gap);
      measures_.unowned_total += gap;
    }
    book.was_owned = true;
    book.owners.push_back({event.consumer, event.generation, removed});
  }
}

bool GroupMeter::is_removed(const history::OwnershipChanged& event) {
  const auto found = removed_.find({event.group, event.consumer});
  if (found == removed_.end()) return false;
  // What answers of before still give it; a member that has joined again has a later generation.
  if (found->second < 0 || event.generation < found->second + 2) return true;
  removed_.erase(found);
  return false;
}

void GroupMeter::on(const history::GroupGeneration& event) {
  measures_.generations += event.members > 0 ? 1 : 0;
  modern_[event.group] = event.modern;
  generation_[event.group] = event.generation;
  for (auto& [member, generation] : removed_) {
    if (member.first == event.group && generation < 0) generation = event.generation;
  }
}

void GroupMeter::on(const history::MemberRemoved& event) {
  removed_[{event.group, event.consumer}] = -1;  // until its removal is durable
  for (auto& [key, book] : books_) {
    if (key.first != event.group) continue;
    for (Owner& owner : book.owners) owner.removed = owner.removed || owner.consumer == event.consumer;
  }
}

void GroupMeter::on(const history::OffsetCommitted& event) {
  ++measures_.commits;
  Book& book = book_of(event.group, event.partition);
  if (event.offset < book.committed) {
    ++measures_.commits_went_back;
    if (event.generation >= 0 && event.generation == book.committed_in && !event.abandoned) {
      // A log that lost what had been read takes its readers' positions back (KIP-320), within a generation, too.
      std::string why_not = excuse(event.group);
      if (why_not.empty() && view_ != nullptr) why_not = view_->partition(event.partition).excuse_ever();
      book_->breach(CheckId::G2, event.at,
                    sim::to_string(event.at) + ": group " +
                        history_->groups()[static_cast<std::size_t>(event.group.n)] + " committed offset " +
                        count_text(event.offset) + " of " + history_->partition(event.partition).name() +
                        " after " + count_text(book.committed) + ", both in generation " +
                        std::to_string(event.generation) + ".",
                    why_not);
    }
  }
  book.committed = event.offset;
  book.committed_in = event.generation;
}

std::string GroupMeter::excuse(history::GroupId group) const {
  if (view_ == nullptr) return "";
  std::vector<const PartitionView*> internal;
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const history::PartitionInfo& info = view_->partition_at(n).info;
    if (info.internal && info.topic == "__consumer_offsets")
      internal.push_back(&view_->partition_at(n));  // not the transactions'
  }
  if (internal.empty()) return "";
  // GroupCoordinator.partitionFor: Utils.abs(groupId.hashCode) % offsets.topic.num.partitions.
  std::uint32_t hash = 0;
  for (const char c : history_->groups()[static_cast<std::size_t>(group.n)])
    hash = 31 * hash + static_cast<unsigned char>(c);
  const auto signed_hash = static_cast<std::int32_t>(hash);
  const std::uint32_t positive = signed_hash == std::numeric_limits<std::int32_t>::min()
                                     ? 0u
                                     : static_cast<std::uint32_t>(std::abs(signed_hash));
  return internal[positive % internal.size()]->excuse_ever();
}

GroupMeasures GroupMeter::finish(sim::SimTime now) {
  for (std::size_t c = 0; c < working_.size(); ++c) {
    const history::ClientId client{static_cast<std::int32_t>(c)};
    for (Work& work : working_[c]) done(history_->client(client).group, work, work.count);
    working_[c].clear();
  }
  bool any = false;
  for (auto& [key, book] : books_) {
    any = true;
    if (book.was_owned && book.owners.empty()) {
      const sim::Duration gap = now - book.unowned_since;
      measures_.unowned_longest = std::max(measures_.unowned_longest, gap);
      measures_.unowned_total += gap;
    }
    if (book.first < 0 || book.committed <= book.first) continue;
    measures_.skipped += book.committed - book.first - book.done.count_within(book.first, book.committed);
  }
  if (!any) {
    book_->not_applicable(CheckId::G1, "No consumer is a member of a group.");
    book_->not_applicable(CheckId::G2, "No consumer is a member of a group.");
  }
  return measures_;
}

}  // namespace brokersim::checkers
