#include "models/checkers/stale_keys.h"

#include <algorithm>

#include "models/history/keys.h"

namespace brokersim::checkers {

namespace {

/// Calls `see(key, offset, tombstone)` for every record of a keyed producer.
template <class See>
void each_key(const history::History& history, const history::RecordRange& records, std::int64_t base, const See& see) {
  if (records.producer.n < 0) return;
  const history::KeySpace& keys = history.client(records.producer).keys;
  if (keys.keys == 0) return;
  for (std::int64_t i = 0; i < records.count; ++i) {
    const std::int64_t ordinal = records.first + i;
    see(history::key_of(keys, records.producer, records.partition, ordinal), base + i,
        history::is_tombstone(keys, records.producer, records.partition, ordinal));
  }
}

}  // namespace

void StaleKeys::note(const history::Appended& event) {
  if (event.role != history::AppendRole::leader) return;
  Keys& written = written_[event.records.partition.n];
  each_key(*history_, event.records, event.base_offset, [&](std::int64_t key, std::int64_t offset, bool tombstone) {
    written[key] = {offset, tombstone};
  });
}

void StaleKeys::note(const history::Consumed& event) {
  const history::ClientInfo& client = history_->client(event.consumer);
  if (client.share) return;  // its group has the newest record only if nothing comes again
  const std::int32_t who = client.group.n < 0 ? event.consumer.n : -1 - client.group.n;
  Reader& reader = readers_[{who, event.records.partition.n}];
  reader.workload = client.workload;
  reader.end = std::max(reader.end, event.base_offset + event.records.count);
  each_key(*history_, event.records, event.base_offset, [&](std::int64_t key, std::int64_t offset, bool tombstone) {
    Last& last = reader.keys[key];
    if (offset >= last.offset) last = {offset, tombstone};
  });
}

std::map<std::string, std::int64_t> StaleKeys::finish() const {
  std::map<std::string, std::int64_t> stale;
  for (const auto& [who, reader] : readers_) {
    std::int64_t& count = stale[reader.workload];
    const auto written = written_.find(who.second);
    if (written == written_.end()) continue;
    for (const auto& [key, known] : reader.keys) {
      const auto last = written->second.find(key);
      if (last == written->second.end() || !last->second.tombstone || known.tombstone) continue;
      if (known.offset < last->second.offset && last->second.offset < reader.end) ++count;
    }
  }
  return stale;
}

}  // namespace brokersim::checkers
