#include "models/checkers/availability.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace brokersim::checkers {
namespace {

constexpr sim::Duration kPatience{1'000'000'000};

template <class Value>
Value& grow(std::vector<std::vector<Value>>& table, std::size_t row, std::size_t column) {
  if (table.size() <= row) table.resize(row + 1);
  if (table[row].size() <= column) table[row].resize(column + 1);
  return table[row][column];
}

}  // namespace

std::string to_string(UnavailableWhat what) {
  switch (what) {
    case UnavailableWhat::no_leader: return "no_leader";
    case UnavailableWhat::produce_acks_all: return "produce_acks_all";
    case UnavailableWhat::produce: return "produce";
    case UnavailableWhat::fetch: return "fetch";
  }
  return "";
}

void ProduceFlow::sent(sim::SimTime at, std::int64_t count) {
  if (outstanding_ <= 0) outstanding_since_ = at;
  outstanding_ += count;
}

bool ProduceFlow::succeeded(sim::SimTime at, sim::SimTime intended_first, std::int64_t count) {
  if (!windows_.empty() && intended_first < windows_.back().from) {
    // It waited through the window too, but its answer came after the first success.
    windows_.back().from = std::max(success_before_window_, intended_first);
  }
  sim::SimTime start = any_success_ ? std::max(last_success_, intended_first) : intended_first;
  if (waiting_) start = std::min(start, waiting_since_);
  const bool ended = at - start > kPatience;
  if (ended) {
    windows_.push_back({start, at});
    success_before_window_ = last_success_;
  }
  any_success_ = true;
  waiting_ = false;
  last_success_ = at;
  outstanding_ -= count;
  outstanding_since_ = at;
  return ended;
}

void ProduceFlow::failed(sim::SimTime intended_first, std::int64_t count) {
  outstanding_ -= count;
  if (any_success_ && intended_first < last_success_) return;
  waiting_since_ = waiting_ ? std::min(waiting_since_, intended_first) : intended_first;
  waiting_ = true;
}

void ProduceFlow::stopped(sim::SimTime at) {
  static_cast<void>(finish(at));
  waiting_ = false;
  outstanding_ = 0;
}

bool ProduceFlow::finish(sim::SimTime now) {
  if (!waiting_ && outstanding_ <= 0) return false;
  sim::SimTime start = waiting_ ? waiting_since_ : outstanding_since_;
  if (outstanding_ > 0) start = std::min(start, outstanding_since_);
  if (now - start <= kPatience) return false;
  success_before_window_ = last_success_;
  windows_.push_back({start, now});
  return true;
}

ProduceFlow& Availability::flow(history::PartitionId partition, history::ClientId producer) {
  return grow(produce_, static_cast<std::size_t>(partition.n), static_cast<std::size_t>(producer.n));
}

void Availability::on(const history::Sent& event) {
  flow(event.records.partition, event.records.producer).sent(event.at, event.records.count);
}

bool Availability::on(const history::ProduceOutcome& event) {
  ProduceFlow& of = flow(event.records.partition, event.records.producer);
  if (event.outcome == history::Outcome::acknowledged) {
    return of.succeeded(event.at, event.intended_first, event.records.count);
  }
  // Not the partition's doing: the producer is fenced, its transaction is over or to be aborted, or the record is too large.
  constexpr std::int16_t kOfTheProducer[] = {10, 18, 47, 48, 49, 55, 90, 120};
  if (std::find(std::begin(kOfTheProducer), std::end(kOfTheProducer), event.error) != std::end(kOfTheProducer)) {
    of.sent(event.at, -event.records.count);  // taken back: nothing waits for them
    return false;
  }
  of.failed(event.intended_first, event.records.count);
  return false;
}

void Availability::on(const history::FetchAnswered& event) {
  FetchFlow& of =
      grow(fetch_, static_cast<std::size_t>(event.partition.n), static_cast<std::size_t>(event.consumer.n));
  if (!event.ok) {
    // The window begins with the request, not with the failure: a timeout is part of it.
    if (!of.any) of.since = event.at;
    if (!of.failing) of.since = std::max(of.since, event.since);
    of.any = true;
    of.failing = true;
    return;
  }
  if (of.failing && event.at - of.since > kPatience) {
    windows_.push_back({UnavailableWhat::fetch, event.partition, of.since, event.at});
  }
  of = {.any = true, .failing = false, .since = event.at};
}

void Availability::on(const history::ClientRestarted& event) {
  const auto client = static_cast<std::size_t>(event.client.n);
  for (auto& row : fetch_) {
    if (client < row.size()) row[client] = FetchFlow{};
  }
}

void Availability::on(const history::ClientStopped& event) {
  const auto client = static_cast<std::size_t>(event.client.n);
  for (auto& row : produce_) {
    if (client < row.size()) row[client].stopped(event.at);
  }
}

void Availability::on(const history::OwnershipChanged& event) {
  if (event.change == history::OwnershipChange::assigned) return;
  for (const history::PartitionId partition : event.partitions) {
    grow(fetch_, static_cast<std::size_t>(partition.n), static_cast<std::size_t>(event.consumer.n)) =
        FetchFlow{};
  }
}

void Availability::on(const history::PartitionChanged& event) {
  const auto n = static_cast<std::size_t>(event.partition.n);
  if (leaderships_.size() <= n) leaderships_.resize(n + 1);
  Leadership& leadership = leaderships_[n];
  if (event.leader < 0) {
    if (!leadership.missing) leadership = {true, event.at};
    return;
  }
  if (leadership.missing)
    windows_.push_back({UnavailableWhat::no_leader, event.partition, leadership.since, event.at});
  leadership.missing = false;
}

void Availability::on(const history::PartitionDeleted& event) {
  const auto n = static_cast<std::size_t>(event.partition.n);
  if (n >= leaderships_.size() || !leaderships_[n].missing) return;
  windows_.push_back({UnavailableWhat::no_leader, event.partition, leaderships_[n].since, event.at});
  leaderships_[n].missing = false;
}

std::vector<UnavailableWindow> Availability::finish(sim::SimTime now) {
  std::vector<UnavailableWindow> all = windows_;
  for (std::size_t n = 0; n < leaderships_.size(); ++n) {
    const history::PartitionId partition{static_cast<std::int32_t>(n)};
    if (leaderships_[n].missing)
      all.push_back({UnavailableWhat::no_leader, partition, leaderships_[n].since, now, true});
  }
  for (std::size_t n = 0; n < fetch_.size(); ++n) {
    const history::PartitionId partition{static_cast<std::int32_t>(n)};
    for (const FetchFlow& of : fetch_[n]) {
      if (of.failing && now - of.since > kPatience)
        all.push_back({UnavailableWhat::fetch, partition, of.since, now, true});
    }
  }
  for (std::size_t n = 0; n < produce_.size(); ++n) {
    const history::PartitionId partition{static_cast<std::int32_t>(n)};
    for (std::size_t client = 0; client < produce_[n].size(); ++client) {
      ProduceFlow& of = produce_[n][client];
      const bool open = of.finish(now);
      const auto& windows = of.windows();
      if (windows.empty()) continue;
      const bool all_acks = history_->clients()[client].acks < 0;
      for (std::size_t i = 0; i < windows.size(); ++i) {
        all.push_back({all_acks ? UnavailableWhat::produce_acks_all : UnavailableWhat::produce, partition,
                       windows[i].from, windows[i].to, open && i + 1 == windows.size()});
      }
    }
  }
  return join(std::move(all));
}

std::vector<UnavailableWindow> join(std::vector<UnavailableWindow> windows) {
  const auto key = [](const UnavailableWindow& w) {
    return std::tuple(w.partition.n, w.what, w.from.ns, w.to.ns);
  };
  std::sort(windows.begin(), windows.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::vector<UnavailableWindow> joined;
  for (const UnavailableWindow& window : windows) {
    const bool same =
        !joined.empty() && joined.back().partition == window.partition && joined.back().what == window.what;
    if (same && window.from <= joined.back().to) {
      joined.back().to = std::max(joined.back().to, window.to);
      joined.back().open = joined.back().open || window.open;
    } else {
      joined.push_back(window);
    }
  }
  return joined;
}

}  // namespace brokersim::checkers
