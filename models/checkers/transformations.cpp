#include "models/checkers/transformations.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {

void Transformations::on(const history::TransactionJoined& event) {
  if (event.source.producer.n < 0) return;
  sources_[{event.records.partition.n, event.records.producer.n}][event.records.first] = event.source;
}

namespace {

/// Intended times of a batch's records lie evenly between those of the first and the last.
sim::SimTime time_of(const history::Consumed& event, std::int64_t i) {
  if (event.records.count < 2) return event.intended_first;
  return event.intended_first + (event.intended_last - event.intended_first) * i / (event.records.count - 1);
}

}  // namespace

bool Transformations::reads(history::ClientId consumer) const {
  const history::GroupId group = history_->client(consumer).group;
  const auto& all = history_->transformations();
  return group.n >= 0 &&
         std::any_of(all.begin(), all.end(), [group](const auto& info) { return info.group.n == group.n; });
}

void Transformations::note(const history::Consumed& event) {
  const Stream stream{event.records.partition.n, event.records.producer.n};
  if (reads(event.consumer)) {
    auto& intended = intended_[stream];
    for (std::int64_t i = 0; i < event.records.count; ++i)
      intended.emplace(event.records.first + i, time_of(event, i));
    return;
  }
  const auto made = sources_.find(stream);
  if (made == sources_.end()) return;
  for (auto at = made->second.lower_bound(event.records.first);
       at != made->second.end() && at->first < event.records.first + event.records.count; ++at) {
    const history::RecordRange& source = at->second;
    const Stream from{source.partition.n, source.producer.n};
    if (answered_[from].add(source.first, source.first + 1) == 0) continue;  // read before
    auto& intended = intended_[from];
    const auto since = intended.find(source.first);
    if (since == intended.end()) continue;
    latencies_[history_->client(event.records.producer).workload].add((event.at - since->second).ns);
  }
}

std::string Transformations::place(const history::RecordRange& record) const {
  return record_range_text(record.first, 1) + " of " + history_->client(record.producer).name + " in " +
         history_->partition(record.partition).name();
}

namespace {

/// How often the record stands in its log: a producer without idempotence may have written it twice, and then a pipeline
/// rightly makes two records from it.
std::int64_t copies_of(const history::RecordRange& record,
                       const std::map<std::size_t, std::vector<VisibleRange>>& visible) {
  const auto log = visible.find(static_cast<std::size_t>(record.partition.n));
  if (log == visible.end()) return 0;
  return std::count_if(log->second.begin(), log->second.end(), [&](const VisibleRange& range) {
    return range.producer == record.producer.n && range.first <= record.first &&
           record.first < range.first + range.count;
  });
}

}  // namespace

TransformationFindings Transformations::judge(const history::TransformationInfo& info,
                                              const std::map<std::size_t, std::vector<VisibleRange>>& visible,
                                              const std::set<std::int32_t>& aged,
                                              const std::map<std::size_t, std::vector<VisibleRange>>& open,
                                              std::vector<std::string>& breaches) {
  TransformationFindings found;
  found.name = info.workload;
  found.exactly_once = info.exactly_once;
  found.latency = latencies_[info.workload];
  std::map<Stream, IntervalSet> done;                                  // of the source
  std::map<std::pair<Stream, std::int64_t>, std::int64_t> made_again;  // beyond the first, of one record in
  for (const history::PartitionId to : info.to) {
    const auto log = visible.find(static_cast<std::size_t>(to.n));
    if (log == visible.end()) continue;
    std::vector<VisibleRange> ranges = log->second;
    std::sort(ranges.begin(), ranges.end(),
              [](const VisibleRange& a, const VisibleRange& b) { return a.base < b.base; });
    std::map<Stream, std::int64_t> newest;
    for (const VisibleRange& range : ranges) {
      const auto made = sources_.find({to.n, range.producer});
      if (made == sources_.end() || history_->client({range.producer}).workload != info.workload) continue;
      for (auto at = made->second.lower_bound(range.first);
           at != made->second.end() && at->first < range.first + range.count; ++at) {
        ++found.made;
        const history::RecordRange& source = at->second;
        const Stream from{source.partition.n, source.producer.n};
        if (done[from].add(source.first, source.first + 1) == 0) {
          const std::int64_t again = ++made_again[{from, source.first}];
          if (again < copies_of(source, visible) || aged.contains(source.partition.n)) continue;
          ++found.duplicated;
          breaches.push_back(info.workload + " made two records from " + place(source) + ", the second " +
                             place({{range.producer}, to, at->first, 1}) + ".");
          continue;
        }
        std::int64_t& last = newest.emplace(from, -1).first->second;
        if (source.first < last) ++found.reordered;
        last = std::max(last, source.first);
      }
    }
  }
  for (const auto& [stream, made] : sources_) {
    if (!aged.contains(stream.first) || history_->client({stream.second}).workload != info.workload) continue;
    for (const auto& [ordinal, source] : made)
      done[{source.partition.n, source.producer.n}].add(source.first, source.first + 1);
  }
  for (const history::PartitionId to : info.to) {
    const auto undecided = open.find(static_cast<std::size_t>(to.n));
    if (undecided == open.end()) continue;
    for (const VisibleRange& range : undecided->second) {
      const auto made = sources_.find({to.n, range.producer});
      if (made == sources_.end() || history_->client({range.producer}).workload != info.workload) continue;
      for (auto at = made->second.lower_bound(range.first);
           at != made->second.end() && at->first < range.first + range.count; ++at)
        done[{at->second.partition.n, at->second.producer.n}].add(at->second.first, at->second.first + 1);
    }
  }
  for (const history::PartitionId partition : info.from) {
    const auto committed = offsets_.find({info.group.n, partition.n});
    const auto log = visible.find(static_cast<std::size_t>(partition.n));
    if (committed == offsets_.end() || log == visible.end()) continue;
    for (const VisibleRange& range : log->second) {
      const std::int64_t below = std::min(range.count, committed->second - range.base);
      if (below <= 0) continue;
      const auto made = done.find({partition.n, range.producer});
      const std::int64_t lost =
          below - (made == done.end() ? 0 : made->second.count_within(range.first, range.first + below));
      found.lost += lost;
      if (lost > 0)
        breaches.push_back("The offset that " + info.workload + " committed in " +
                           history_->partition(partition).name() + " says that " + records_text(lost) +
                           " from offset " + count_text(range.base) +
                           " on were done, and nothing was made from them.");
    }
  }
  return found;
}

}  // namespace brokersim::checkers
