#include "models/checkers/key_order.h"

#include <set>

#include "models/history/record_law.h"

namespace brokersim::checkers {

void KeyOrder::note(const history::Consumed& event) {
  const history::ClientInfo& reader = history_->client(event.consumer);
  if (reader.share) return;  // a share group promises no order
  const history::RecordRange& records = event.records;
  const std::int32_t who = reader.group.n < 0 ? event.consumer.n : -1 - reader.group.n;
  Had& had = had_[{who, records.producer.n}];
  IntervalSet& here = had.ordinals[records.partition.n];
  const history::RecordLaw& law = *history_->client(records.producer).keys.law;
  std::int64_t late = 0;
  if (law.has_eras()) {
    late = moved(records, here, had);
  } else if (here.end() > records.first) {
    late = overtaken(records, here);
  }
  here.add(records.first, records.first + records.count);
  late_[reader.workload] += late;
}

/// New records of a batch of which a later one with the same key has come already, within the partition.
std::int64_t KeyOrder::overtaken(const history::RecordRange& records, const IntervalSet& had) const {
  const history::KeySpace& keys = history_->client(records.producer).keys;
  const auto key_of = [&](std::int64_t ordinal) {
    return history::key_of(keys, records.producer, records.partition, ordinal);
  };
  std::int64_t late = 0;
  std::set<std::int64_t> later;  // keys of what has come from behind `ordinal`
  std::int64_t known_from = had.end();
  for (std::int64_t ordinal = records.first + records.count - 1; ordinal >= records.first; --ordinal) {
    if (ordinal + 1 < known_from) {
      for (const Interval& interval : had.within(ordinal + 1, known_from)) {
        for (std::int64_t n = interval.first; n < interval.end; ++n) later.insert(key_of(n));
      }
      known_from = ordinal + 1;
    }
    if (had.count_within(ordinal, ordinal + 1) == 0 && later.contains(key_of(ordinal))) ++late;
  }
  return late;
}

/// The same after partitions were added: a key's records of a later era may have come from another partition.
std::int64_t KeyOrder::moved(const history::RecordRange& records, const IntervalSet& had, Had& all) const {
  const history::KeySpace& keys = history_->client(records.producer).keys;
  const history::RecordLaw& law = *keys.law;
  std::int64_t late = had.end() > records.first ? overtaken(records, had) : 0;
  for (std::int64_t ordinal = records.first; ordinal < records.first + records.count; ++ordinal) {
    const std::int32_t era = law.era_of(records.producer, records.partition, ordinal);
    const auto key = static_cast<std::size_t>(law.key_of(records.producer, records.partition, ordinal));
    if (had.count_within(ordinal, ordinal + 1) == 0) {
      for (auto later = all.of_era.upper_bound(era); later != all.of_era.end(); ++later) {
        if (!later->second[key]) continue;
        ++late;
        break;
      }
    }
    if (era == 0) continue;
    std::vector<bool>& seen = all.of_era[era];
    if (seen.empty()) seen.resize(static_cast<std::size_t>(law.names().count));
    seen[key] = true;
  }
  return late;
}

}  // namespace brokersim::checkers
