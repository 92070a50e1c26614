#include "models/checkers/share_laws.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {

using history::ShareCause;
using history::ShareState;

namespace {

constexpr const char* kStateTopic = "__share_group_state";

bool is_settled(ShareState state) {
  return state == ShareState::acknowledged || state == ShareState::archived;
}

const char* text_of(ShareState state) {
  switch (state) {
    case ShareState::available: return "available";
    case ShareState::acquired: return "acquired";
    case ShareState::acknowledged: return "acknowledged";
    case ShareState::archived: return "archived";
  }
  return "";
}

/// Calls fn(first, end, Known) for every piece of [first, end).
template <class Map, class Function>
void each_piece(const Map& map, std::int64_t first, std::int64_t end, Function&& fn) {
  while (first < end) {
    const std::int64_t next = std::min(map.next_start(first), end);
    fn(first, next, map.at(first));
    first = next;
  }
}

}  // namespace

std::int32_t ShareLaws::limit_of(history::GroupId group) const {
  for (const history::ShareGroupInfo& info : view_->history().share_groups()) {
    if (info.group == group) return info.delivery_limit;
  }
  return 5;
}

std::string ShareLaws::what(sim::SimTime at, history::GroupId group, history::PartitionId partition,
                            std::int64_t first, std::int64_t end) const {
  return sim::to_string(at) + ": " + offset_range_text(first, end - first) + " of " +
         view_->history().partition(partition).name() + " in group " +
         view_->history().groups()[static_cast<std::size_t>(group.n)] + " ";
}

std::string ShareLaws::member(std::int32_t client) const {
  return client < 0 ? std::string("nobody") : view_->history().client({client}).name;
}

/// Where the leader's log begins now, or what nobody has taken by rule; followers hear of it later.
std::int64_t ShareLaws::log_start(history::PartitionId partition, history::BrokerId leader) {
  const PartitionView& p = view_->partition(partition);
  const std::int32_t index = p.index_of(leader);
  const std::int64_t own = index < 0 ? 0 : p.logs.start(static_cast<std::size_t>(index));
  return std::max({own, p.logs.reference().start(), p.logs.expired()});
}

/// Why a cluster beyond its fault budget need not keep its word.
std::string ShareLaws::excuse(history::PartitionId partition) {
  std::string why = view_->partition(partition).excuse_ever();
  for (std::size_t n = 0; n < view_->partitions() && why.empty(); ++n) {
    const PartitionView& p = view_->partition_at(n);
    if (p.info.topic == kStateTopic) why = p.excuse_ever();
  }
  return why;
}

// --- the start --------------------------------------------------------------------------------------------------------------

void ShareLaws::take_with_log(const Lead& lead, std::int64_t offset) {
  each_piece(lead.now, lead.start, offset, [&](std::int64_t first, std::int64_t end, const Known& known) {
    if (!is_settled(known.state)) measures_.archived_by_log_start += end - first;
  });
}

void ShareLaws::on(const history::ShareStartMoved& event) {
  const Key key{event.group.n, event.partition.n};
  judge_wait(key, event.at);
  Book& book = books_[key];
  waiting_.changed(key, event.at, book.delivered.end());
  const std::int64_t begins = log_start(event.partition, event.broker);
  const auto passed = [&](std::int64_t first, std::int64_t end, const std::string& why,
                          const std::string& excused) {
    book_->breach(CheckId::G4, event.at,
                  what(event.at, event.group, event.partition, first, end) + "are passed over: " + why,
                  excused);
  };
  if (!event.loaded) {
    Lead& lead = book.leads[event.broker];
    const std::int64_t from = std::max(lead.start, begins);
    take_with_log(lead, std::min(event.start, begins));
    each_piece(lead.now, from, event.start, [&](std::int64_t first, std::int64_t end, const Known& known) {
      if (is_settled(known.state)) return;
      passed(first, end,
             "the start moves to " + count_text(event.start) + ", but they are " + text_of(known.state) + ".",
             excuse(event.partition));
    });
    lead.start = event.start;
    return;
  }
  if (book.begin < 0) book.begin = event.start;
  const std::int64_t from = std::max(book.begin, begins);
  if (const auto before = book.leads.find(book.leader); before != book.leads.end())
    take_with_log(before->second, std::min(event.start, begins));
  if (event.start > from) {
    const std::int64_t missing = event.start - from - book.delivered.count_within(from, event.start);
    // share.auto.offset.reset=latest decides anew as long as nothing was persisted; so it is in Kafka.
    const std::string fresh = event.fresh ? "nothing had been persisted of the group there" : "";
    if (missing > 0)
      passed(from, event.start,
             broker_text(event.broker) + " begins behind them, and " + records_text(missing) +
                 " of them were never given to anybody.",
             fresh.empty() ? excuse(event.partition) : fresh);
  }
  book.leader = event.broker;
  Lead& lead = book.leads[event.broker];
  lead.start = event.start;
  lead.now = IntervalMap<Known>{Known{}};
}

// --- records ----------------------------------------------------------------------------------------------------------------

std::optional<Interval> ShareLaws::first_unsettled(const Key& key) {
  const Book& book = books_[key];
  const auto lead = book.leads.find(book.leader);
  if (lead == book.leads.end()) return {};
  const std::int64_t begins = log_start({key.second}, book.leader);
  std::optional<Interval> found;
  each_piece(lead->second.now, std::max(lead->second.start, begins),
             view_->partition({key.second}).logs.committed(),
             [&](std::int64_t first, std::int64_t end, const Known& known) {
               if (!found && !is_settled(known.state)) found = Interval{first, end};
             });
  return found;
}

void ShareLaws::judge_wait(const Key& key, sim::SimTime now) {
  if (waiting_.overdue(key, now)) waiting_.judge(key, now, first_unsettled(key));
}

void ShareLaws::on(const history::ShareRecordsChanged& event) {
  const Key key{event.group.n, event.partition.n};
  judge_wait(key, event.at);
  Book& book = books_[key];
  switch (event.cause) {
    case ShareCause::loaded: take_loaded(book, event); break;
    case ShareCause::delivered: take_delivery(book, event); break;
    case ShareCause::log_start: break;
    default: take_return(book, event); break;
  }
  const std::int32_t holder = event.state == ShareState::acquired ? event.consumer.n : -1;
  book.leads[event.broker].now.paint(event.first, event.end, {event.state, event.delivery_count, holder});
  count(event);
  const bool given = event.cause == ShareCause::delivered;
  waiting_.changed(key, event.at, book.delivered.end(), given ? event.consumer : history::ClientId{});
}

void ShareLaws::take_loaded(Book& book, const history::ShareRecordsChanged& event) {
  if (!is_settled(event.state)) return;
  const std::int64_t from = std::max(event.first, log_start(event.partition, event.broker));
  if (from >= event.end || book.delivered.count_within(from, event.end) == event.end - from) return;
  book_->breach(CheckId::G4, event.at,
                what(event.at, event.group, event.partition, from, event.end) + "are " +
                    text_of(event.state) + " to " + broker_text(event.broker) +
                    ", although not all of them were ever given to a member.",
                excuse(event.partition));
}

void ShareLaws::take_delivery(Book& book, const history::ShareRecordsChanged& event) {
  const std::string to = member(event.consumer.n);
  const auto breach = [&](CheckId check, std::int64_t first, std::int64_t end, const std::string& why) {
    book_->breach(check, event.at,
                  what(event.at, event.group, event.partition, first, end) + "are given to " + to + why,
                  check == CheckId::G4 ? excuse(event.partition) : std::string{});
  };
  const Lead& lead = book.leads[event.broker];
  each_piece(lead.now, event.first, event.end, [&](std::int64_t first, std::int64_t end, const Known& known) {
    if (known.state == ShareState::acquired) {
      breach(CheckId::G3, first, end, ", while " + member(known.holder) + " has them.");
    } else if (is_settled(known.state) || first < lead.start) {
      breach(CheckId::G3, first, end,
             first < lead.start ? ", although the start is at " + count_text(lead.start) + "."
                                : std::string(", although they are ") + text_of(known.state) + ".");
    } else if (event.delivery_count != known.delivery_count + 1) {
      breach(CheckId::G3, first, end,
             " as delivery " + std::to_string(event.delivery_count) + ", after " +
                 std::to_string(known.delivery_count) + " before.");
    }
  });
  const std::int64_t begins = std::max(lead.start, log_start(event.partition, event.broker));
  each_piece(lead.now, begins, event.first, [&](std::int64_t first, std::int64_t end, const Known& known) {
    if (known.state != ShareState::available) return;
    book_->breach(CheckId::L11, event.at,
                  what(event.at, event.group, event.partition, first, end) + "stay behind: " + to +
                      " is given " + offset_range_text(event.first, event.end - event.first) +
                      ", although they are available and older.");
  });
  const std::int32_t limit = limit_of(event.group);
  if (event.delivery_count > limit) {
    breach(CheckId::G3, event.first, event.end,
           " for the " + std::to_string(event.delivery_count) + "th time, but the limit is " +
               std::to_string(limit) + ".");
  }
  if (event.broker != book.leader)
    return;  // deposed, and does not know: what it gives out cannot be acknowledged
  for (const Interval& again : book.told.within(event.first, event.end))
    breach(CheckId::G4, again.first, again.end, ", although a member had heard that they are acknowledged.");
}

/// A member gives records up, or they are taken from it.
void ShareLaws::take_return(Book& book, const history::ShareRecordsChanged& event) {
  const std::int32_t limit = limit_of(event.group);
  each_piece(
      book.leads[event.broker].now, event.first, event.end,
      [&](std::int64_t first, std::int64_t end, const Known& known) {
        const auto breach = [&](const std::string& why) {
          book_->breach(CheckId::G3, event.at,
                        what(event.at, event.group, event.partition, first, end) + why);
        };
        if (known.state != ShareState::acquired || known.holder != event.consumer.n) {
          return breach(
              "become " + std::string(text_of(event.state)) + " by " + member(event.consumer.n) +
              ", but they are " + text_of(known.state) +
              (known.state == ShareState::acquired ? " by " + member(known.holder) : std::string{}) + ".");
        }
        ShareState wanted = known.delivery_count >= limit ? ShareState::archived : ShareState::available;
        std::int32_t wanted_count = known.delivery_count;
        if (event.cause == ShareCause::accepted) wanted = ShareState::acknowledged;
        if (event.cause == ShareCause::rejected || event.cause == ShareCause::gap)
          wanted = ShareState::archived;
        if (event.cause == ShareCause::session_ended) {
          wanted = ShareState::available;
          --wanted_count;
        }
        if (event.state == wanted && event.delivery_count == wanted_count) return;
        breach("are " + std::string(text_of(event.state)) + " with count " +
               std::to_string(event.delivery_count) + " after delivery " +
               std::to_string(known.delivery_count) + " of " + std::to_string(limit) + "; they should be " +
               text_of(wanted) + " with count " + std::to_string(wanted_count) + ".");
      });
}

/// Markers, and what compaction has taken, lie in a batch that is given out, but are nothing that an application gets.
std::int64_t ShareLaws::records_in(const history::ShareRecordsChanged& event, std::int64_t first,
                                   std::int64_t end) {
  if (first >= end) return 0;
  const PartitionView& p = view_->partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  const std::int64_t removed =
      index < 0 ? 0 : p.replicas[static_cast<std::size_t>(index)].removed.count_within(first, end);
  return end - first - removed - transactions_->hidden_offsets(event.partition, first, end, event.consumer);
}

void ShareLaws::count_delivery(Book& book, const history::ShareRecordsChanged& event) {
  measures_.delivered += records_in(event, event.first, event.end);
  measures_.out_of_order +=
      records_in(event, event.first, std::max(event.first, std::min(event.end, book.delivered.end())));
  for (const Interval& again : book.delivered.within(event.first, event.end))
    measures_.redelivered += records_in(event, again.first, again.end);
  book.delivered.add(event.first, event.end);
  for (std::int64_t first = event.first; first < event.end;) {
    const std::int64_t end = std::min(book.times.next_start(first), event.end);
    const std::int32_t times = book.times.at(first) + 1;
    book.times.paint(first, end, times);
    measures_.deliveries_max = std::max(measures_.deliveries_max, times);
    first = end;
  }
}

void ShareLaws::count(const history::ShareRecordsChanged& event) {
  const std::int64_t records = event.end - event.first;
  switch (event.cause) {
    case ShareCause::delivered: return count_delivery(books_[{event.group.n, event.partition.n}], event);
    case ShareCause::accepted: measures_.accepted += records; return;
    case ShareCause::rejected: measures_.rejected += records; return;
    case ShareCause::released: measures_.released += records; break;
    case ShareCause::lock_expired: measures_.lock_expired += records; break;
    case ShareCause::session_ended: measures_.session_ended += records; return;
    case ShareCause::log_start: measures_.archived_by_log_start += records; return;
    case ShareCause::loaded:
    case ShareCause::gap: return;
  }
  if (event.state == ShareState::archived) measures_.archived_by_limit += records;
}

void ShareLaws::on(const history::ShareAcknowledged& event) {
  if (event.error != 0) {
    measures_.refused += event.end - event.first;
    return;
  }
  if (event.kind != ShareCause::released)
    books_[{event.group.n, event.partition.n}].told.add(event.first, event.end);
}

ShareMeasures ShareLaws::finish(sim::SimTime now) {
  if (view_->history().share_groups().empty()) {
    for (const CheckId check : {CheckId::G3, CheckId::G4, CheckId::L11})
      book_->not_applicable(check, "No group is a share group.");
    return measures_;
  }
  measures_.any = true;
  for (const auto& [key, book] : books_) {
    if (book.begin < 0) continue;
    judge_wait(key, now);
    const Lead& lead = book.leads.at(book.leader);
    each_piece(lead.now, lead.start, std::max(view_->partition({key.second}).logs.committed(), lead.start),
               [&](std::int64_t first, std::int64_t end, const Known& known) {
                 if (!is_settled(known.state)) measures_.pending += end - first;
               });
  }
  return measures_;
}

}  // namespace brokersim::checkers
