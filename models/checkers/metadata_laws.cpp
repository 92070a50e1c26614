#include "models/checkers/metadata_laws.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

using history::MetadataChange;
using history::MetadataLogChanged;

std::string name_of(const MetadataLogChanged& event) {
  return event.observer ? broker_text(event.node) : "controller " + std::to_string(event.node);
}

std::string range_text(std::int64_t from, std::int64_t to, std::int32_t epoch) {
  return "metadata " + offset_range_text(from, to - from) + " of epoch " + std::to_string(epoch);
}

}  // namespace

std::string damage_text(const MetadataLogChanged& event) {
  return "the disk of controller " + std::to_string(event.node) +
         " no longer holds what it had fsynced, and a quorum forgets nothing only as long as none of its "
         "voters does";
}

MetadataLaws::Node& MetadataLaws::node(const MetadataLogChanged& event) {
  std::vector<Node>& all = event.observer ? brokers_ : voters_;
  const auto n = static_cast<std::size_t>(event.node);
  if (all.size() <= n) all.resize(n + 1);
  return all[n];
}

void MetadataLaws::flag(const MetadataLogChanged& event, const std::string& what) {
  std::string excuse = damaged_;
  if (excuse.empty() && voters_.size() == 1)
    excuse =
        "one controller alone commits before its fsync, so losing its machine takes committed metadata back";
  book_->breach(CheckId::INV9, event.at, sim::to_string(event.at) + ": " + name_of(event) + " " + what + ".",
                excuse);
}

void MetadataLaws::judge(const MetadataLogChanged& event) {
  Node& one = node(event);
  switch (event.change) {
    case MetadataChange::loaded:
      one.known = true;
      cut(one, event.to);
      one.end = event.to;
      one.committed = event.from;
      // A voter alone that has lost its tail goes on from there: nobody else knows better.
      if (voters_.size() == 1 && event.to < committed_end()) {
        flag(event, "came back without what it had committed: its log ends at offset " +
                        count_text(event.to) + ", committed was everything below " +
                        count_text(committed_end()));
        while (!committed_.empty() && committed_.back().to > event.to) committed_.pop_back();
        batches_.erase(batches_.lower_bound({event.to, 0}), batches_.end());
      }
      return;
    case MetadataChange::leads: lead(event); return;
    case MetadataChange::appended: append(event); return;
    case MetadataChange::truncated:
      if (event.to < one.committed)
        flag(event, "cut its log at offset " + count_text(event.to) + ", although it took everything below " +
                        count_text(one.committed) + " for committed");
      cut(one, event.to);
      return;
    case MetadataChange::snapshot:
      if (event.to > committed_end())
        flag(event, "loaded a snapshot up to offset " + count_text(event.to) +
                        ", but committed is only what lies below " + count_text(committed_end()));
      one.log.clear();
      one.end = event.to;
      one.committed = event.to;
      return;
    case MetadataChange::committed: commit(event); return;
    case MetadataChange::damaged: damaged_ = damage_text(event); return;
  }
}

void MetadataLaws::lead(const MetadataLogChanged& event) {
  const auto [leader, first] = leaders_.emplace(event.epoch, event.node);
  if (!first && leader->second != event.node)
    flag(event, "leads epoch " + std::to_string(event.epoch) + ", which controller " +
                    std::to_string(leader->second) + " led already");
  if (event.to < committed_end())
    flag(event, "was elected for epoch " + std::to_string(event.epoch) + " with a log that ends at offset " +
                    count_text(event.to) + ", but committed is everything below " +
                    count_text(committed_end()));
}

void MetadataLaws::append(const MetadataLogChanged& event) {
  Node& one = node(event);
  if (event.from != one.end) {
    flag(event,
         "appended at offset " + count_text(event.from) + ", but its log ended at " + count_text(one.end));
    cut(one, event.from);
  }
  const std::int32_t before = one.log.empty() ? -1 : one.log.back().epoch;
  const auto [known, first] =
      batches_.emplace(std::pair{event.from, event.epoch}, std::pair{event.to, before});
  if (!first) {
    // -1: the log begins at a snapshot there.
    const bool same_before = before < 0 || known->second.second < 0 || before == known->second.second;
    if (known->second.first != event.to || !same_before)
      flag(event, "holds at offset " + count_text(event.from) + " of epoch " + std::to_string(event.epoch) +
                      " something else than the log in which that was written first");
  }
  if (!one.log.empty() && one.log.back().epoch > event.epoch)
    flag(event, "appended a batch of epoch " + std::to_string(event.epoch) + " after one of epoch " +
                    std::to_string(one.log.back().epoch));
  one.log.push_back({event.from, event.to, event.epoch});
  one.end = event.to;
}

void MetadataLaws::commit(const MetadataLogChanged& event) {
  Node& one = node(event);
  // A broker process begins at 0 again; a controller says so when it has loaded its log.
  if (event.from != one.committed && !(event.observer && event.from == 0))
    flag(event, "took " + range_text(event.from, event.to, event.epoch) +
                    " for committed, after everything below " + count_text(one.committed));
  one.committed = event.to;
  if (event.from == committed_end() || committed_.empty()) {
    committed_.push_back({event.from, event.to, event.epoch});
    return;
  }
  const auto found = std::lower_bound(committed_.begin(), committed_.end(), event.from,
                                      [](const Batch& b, std::int64_t offset) { return b.from < offset; });
  if (found == committed_.end() || found->from != event.from || found->to != event.to ||
      found->epoch != event.epoch) {
    flag(event, "takes " + range_text(event.from, event.to, event.epoch) +
                    " for committed, which is not what others had committed there");
  }
}

void MetadataLaws::cut(Node& node, std::int64_t end) {
  while (!node.log.empty() && node.log.back().to > end) node.log.pop_back();
  node.end = end;
}

}  // namespace brokersim::checkers
