// Words for edits of one partition of a tape: its batches by number, their copies, answers and commits.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sim/check.h"
#include "tests/models/checkers/history_tape.h"

namespace brokersim::checkers::test {

/// One partition of a tape. Batches are numbered in the order in which leaders appended them; negative from the end.
class On {
 public:
  explicit On(Tape& of, const std::string& topic = "orders", std::int32_t partition = 0) : tape(&of) {
    for (std::size_t n = 0; n < of.facts.partitions().size(); ++n) {
      const history::PartitionInfo& info = of.facts.partitions()[n];
      if (info.topic == topic && info.partition == partition) id = {static_cast<std::int32_t>(n)};
    }
    SIM_CHECK(id.n >= 0, "no such partition on the tape");
    for (const std::size_t place : all<history::Appended>()) {
      const history::Appended& append = at<history::Appended>(place);
      if (append.role == history::AppendRole::leader && (batches.empty() || append.base_offset >= end)) {
        batches.push_back(append);
        end = append.base_offset + append.records.count;
      }
    }
  }
  template <class E>
  [[nodiscard]] E& at(std::size_t place) const {
    return event<E>(*tape, place);
  }
  /// Places of the partition's events of this kind for which is(event) holds.
  template <class E, class Is>
  [[nodiscard]] Places all(Is is) const {
    return places<E>(*tape, [&](const E& e) {
      if constexpr (requires { e.records.partition; }) {
        return e.records.partition == id && is(e);
      } else {
        return e.partition == id && is(e);
      }
    });
  }
  template <class E>
  [[nodiscard]] Places all() const {
    return all<E>([](const E&) { return true; });
  }
  [[nodiscard]] const history::Appended& batch(int n) const {
    return batches.at(n >= 0 ? static_cast<std::size_t>(n) : batches.size() - static_cast<std::size_t>(-n));
  }
  [[nodiscard]] std::int64_t base(int n) const { return batch(n).base_offset; }
  [[nodiscard]] history::BrokerId leader(int n) const { return batch(n).broker; }
  /// Who copied the batch first, or next.
  [[nodiscard]] history::BrokerId follower(int n, std::size_t which = 0) const {
    return at<history::Appended>(copies(n).at(1 + which)).broker;
  }
  /// Places of the appends of the batch, the leader's first.
  [[nodiscard]] Places copies(int n) const {
    return all<history::Appended>([&](const history::Appended& e) { return e.base_offset == base(n); });
  }
  [[nodiscard]] std::size_t copy(int n, history::BrokerId broker) const {
    return first<history::Appended>(
        [&](const history::Appended& e) { return e.base_offset == base(n) && e.broker == broker; });
  }
  template <class E, class Is>
  [[nodiscard]] std::size_t first(Is is) const {
    const Places found = all<E>(is);
    SIM_CHECK(!found.empty(), "no such event on the tape");
    return found.front();
  }
  [[nodiscard]] std::size_t answer(int n) const {
    return first<history::ProduceOutcome>(
        [&](const history::ProduceOutcome& e) { return e.base_offset == base(n); });
  }
  /// The leader's commit of the batch: its high watermark gets past it.
  [[nodiscard]] std::size_t commit(int n) const {
    const std::int64_t to = base(n) + batch(n).records.count;
    return first<history::HighWatermark>(
        [&](const history::HighWatermark& e) { return e.leader && e.offset >= to; });
  }
  /// The consumer's first read of it.
  [[nodiscard]] std::size_t read(int n) const {
    return first<history::Consumed>([&](const history::Consumed& e) { return e.base_offset == base(n); });
  }
  /// The controller's changes of the partition.
  [[nodiscard]] Places changes() const { return all<history::PartitionChanged>(); }
  /// The change with which `broker` lost (won) its place in the ISR, for the first time.
  [[nodiscard]] std::size_t left(history::BrokerId broker) const { return turned(broker, false); }
  [[nodiscard]] std::size_t came_back(history::BrokerId broker) const { return turned(broker, true); }
  [[nodiscard]] history::BrokerId leader_at_end() const {
    return tape->leaders.at(static_cast<std::size_t>(id.n));
  }

  // Edits.
  template <class Edit>
  void each_copy(int n, Edit edit) {
    for (const std::size_t place : copies(n)) edit(at<history::Appended>(place));
  }
  void lose(int n) { drop(*tape, copies(n)); }
  /// Two batches of the same length change places in every log; `only` in that broker's.
  void exchange(int one, int other, history::BrokerId only = -1) {
    const history::RecordRange first = batch(one).records;
    const history::RecordRange second = batch(other).records;
    SIM_CHECK(first.count == second.count);
    const auto put = [&](int n, const history::RecordRange& records) {
      each_copy(n, [&](history::Appended& e) {
        if (only < 0 || e.broker == only) e.records = records;
      });
    };
    put(one, second);
    put(other, first);
  }
  /// The batch holds again what another one held, in every log.
  void repeat(int n, int what) {
    each_copy(n, [&](history::Appended& e) { e.records = batch(what).records; });
  }
  void cut(std::size_t place, history::BrokerId broker, std::int64_t to, std::int64_t from,
           history::TruncateReason reason) {
    put_after(*tape, place, history::Truncated{{}, broker, id, to, from, reason});
  }
  [[nodiscard]] std::size_t last_place() const { return tape->events.size() - 1; }

  Tape* tape;
  history::PartitionId id;
  std::vector<history::Appended> batches;
  std::int64_t end = 0;

 private:
  [[nodiscard]] std::size_t turned(history::BrokerId broker, bool in) const {
    bool was_in = false;
    bool was_out = false;
    for (const std::size_t place : changes()) {
      const auto& isr = at<history::PartitionChanged>(place).isr;
      const bool has = std::find(isr.begin(), isr.end(), broker) != isr.end();
      if (!in && was_in && !has) return place;
      if (in && was_out && has) return place;
      was_out = was_out || (was_in && !has);
      was_in = has;
    }
    SIM_CHECK(false, "the ISR of the tape never changed so");
    return 0;
  }
};

inline void operator+=(Mutations& all, Mutations more) {
  for (Mutation& one : more) all.push_back(std::move(one));
}

}  // namespace brokersim::checkers::test
