#include "models/checkers/client_laws.h"

#include <algorithm>

#include "models/checkers/excuses.h"
#include "models/checkers/replication_laws.h"
#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

constexpr std::size_t kMaskBits = 16;

/// "checkout-0"; garbage has no producer.
std::string name_of(const history::History& history, history::ClientId client) {
  return client.n >= 0 ? history.client(client).name : std::string("nobody");
}

}  // namespace

void ClientLaws::on(const history::Sent& event) {
  if (event.records.count < 0) return;  // taken back: it goes to another life of its topic (producer.h)
  Account& account = ledger_.account(event.records.partition, event.records.producer);
  account.sent_end = std::max(account.sent_end, event.records.first + event.records.count);
}

void ClientLaws::on(const history::ProduceOutcome& event) {
  Account& account = ledger_.account(event.records.partition, event.records.producer);
  const std::int64_t first = event.records.first;
  const std::int64_t end = first + event.records.count;
  if (event.outcome == history::Outcome::unknown || event.attempts > 1) account.unsure = true;
  if (event.outcome != history::Outcome::acknowledged) void_.failed(event);
  if (event.outcome == history::Outcome::failed) {
    account.failed.add(first, end);
    return;
  }
  if (event.outcome == history::Outcome::unknown) {
    account.unknown.add(first, end);
    return;
  }
  const PartitionView& p = view_->partition(event.records.partition);
  AckRun run{.first = first,
             .count = event.records.count,
             .base = event.base_offset,
             .at = event.at,
             .broker = static_cast<std::int16_t>(event.broker),
             .acks = event.acks};
  if (event.base_offset >= 0) {
    const Run wanted{event.base_offset, event.records.count, first, event.records.producer.n, 0};
    for (std::size_t i = 0; i < std::min(p.replicas.size(), kMaskBits); ++i) {
      if (!p.logs.holds(i, wanted)) continue;
      run.holders = static_cast<std::uint16_t>(run.holders | (1u << i));
      if (p.replicas[i].flushed >= wanted.end())
        run.flushed = static_cast<std::uint16_t>(run.flushed | (1u << i));
    }
    judge_answer(event, p, run);
  }
  account.acknowledge(run);
}

std::string ClientLaws::excuse_of(const PartitionView& p, history::ClientId producer) const {
  std::string excuse = p.excuse_ever();
  if (excuse.empty() && view_->history().client(producer).transactional)
    excuse = transaction_log_excuse(*view_);
  return excuse;
}

void ClientLaws::judge_answer(const history::ProduceOutcome& event, const PartitionView& p,
                              const AckRun& run) {
  if (event.acks == 0) return;
  const auto what = [&] {
    return record_range_text(run.first, run.count) + " of " +
           name_of(view_->history(), event.records.producer) + " in " + p.name;
  };
  const std::int64_t end = event.base_offset + run.count;
  if (event.acks < 0) {
    const Run wanted = clip({event.base_offset, event.records.count, run.first, event.records.producer.n, 0},
                            std::min(p.logs.reference().start(), end), end);
    const bool early = end > p.logs.committed();
    if (early || p.logs.reference().matching(wanted, true) < wanted.count) {
      std::string story =
          at_text(event.at) + broker_text(event.broker) + " acknowledged " + what() + " (acks=all, " +
          offset_range_text(event.base_offset, run.count) + "), but committed was only what lies below " +
          count_text(std::min(p.logs.committed(), end)) + (early ? "." : ", and that is another record.");
      const std::string excuse = excuse_of(p, event.records.producer);
      if (!early && excuse.empty() && run.holders == 0 && void_.covers(event)) {
        void_.hold(event, std::move(story));
      } else {
        book_->breach(CheckId::S23, event.at, story, excuse);
      }
    }
  }
  // With acks=1 a leader may have been deposed, and have cut them, while its answer was under way.
  const std::int32_t answerer = p.index_of(event.broker);
  const bool cut_since =
      event.acks > 0 && (answerer < 0 || ((run.holders >> static_cast<unsigned>(answerer)) & 1u) == 0);
  if (p.info.flush_messages == 1 && !cut_since) {
    const std::int32_t needed =
        event.acks < 0 ? std::min(p.info.min_insync_replicas, static_cast<std::int32_t>(p.replicas.size()))
                       : 1;
    std::int32_t flushed = 0;
    for (std::size_t i = 0; i < p.replicas.size(); ++i) {
      // A kill between write and fsync leaves the record in the page cache; recovery keeps it and does not flush
      // (LogLoader), so it counts for the high watermark without ever having been synced. So does a leader that is down
      // still: what followers had fetched was committed before its fsync, and another member of the ISR may lead and
      // answer before the controller has heard of the death.
      const ReplicaView& replica = p.replicas[i];
      const bool holds = i < kMaskBits && ((run.holders >> i) & 1u) != 0;
      const bool down = !view_->broker(replica.broker).up;
      const bool kept_through_kill = holds && (down || end <= replica.recovered_end);
      const bool died_unflushed = down && p.contract.lossy(replica.broker);
      flushed += replica.flushed >= end || kept_through_kill || died_unflushed ? 1 : 0;
    }
    if (flushed < needed) {
      book_->breach(CheckId::S23, event.at,
                    at_text(event.at) + broker_text(event.broker) + " acknowledged " + what() + " (" +
                        acks_text(event.acks) + ") with flush.messages=1, but only " +
                        std::to_string(flushed) + " of " + std::to_string(needed) +
                        " replicas had them on the medium.",
                    p.answers_excuse_ever());
    }
  }
}

void ClientLaws::on(const history::Consumed& event) {
  PartitionView& p = view_->partition(event.records.partition);
  const std::string& consumer = view_->history().client(event.consumer).name;
  const std::int64_t end = event.base_offset + event.records.count;

  const Account* account = ledger_.find(static_cast<std::size_t>(event.records.partition.n),
                                        static_cast<std::size_t>(event.records.producer.n));
  if (account == nullptr || event.records.first + event.records.count > account->sent_end) {
    book_->breach(CheckId::S22, event.at,
                  at_text(event.at) + consumer + " read at " +
                      offset_range_text(event.base_offset, event.records.count) + " of " + p.name +
                      " records that nobody had sent.");
  }

  // What had expired by the time the application saw it is no longer known to anybody.
  const Run run =
      clip({event.base_offset, event.records.count, event.records.first, event.records.producer.n, 0},
           std::min(p.logs.reference().start(), end), end);
  const std::int64_t known = std::min(end, p.logs.committed());
  const std::int64_t matched = p.logs.reference().matching(run, true);
  if (matched < run.count || known < end) {
    const std::string what = at_text(event.at) + consumer + " read " +
                             record_range_text(run.first, run.count) + " of " +
                             name_of(view_->history(), event.records.producer) + " at " +
                             offset_range_text(event.base_offset, run.count) + " of " + p.name;
    book_->breach(CheckId::S25, event.at,
                  what + (matched < run.count ? ", but the committed log holds something else there."
                                              : ", but only what lies below " +
                                                    count_text(p.logs.committed()) + " is committed."),
                  p.excuse_ever());
  }
  p.read_end = std::max(p.read_end, known);

  const auto c = static_cast<std::size_t>(event.consumer.n);
  const auto n = static_cast<std::size_t>(event.records.partition.n);
  const auto from = static_cast<std::size_t>(event.records.producer.n);
  if (read_.size() <= n) read_.resize(n + 1);
  if (read_[n].size() <= from) read_[n].resize(from + 1);
  read_[n][from].add(event.records.first, event.records.first + event.records.count);
  if (view_->history().client(event.consumer).share) return;  // it gets what others leave
  if (places_.size() <= c) places_.resize(c + 1);
  if (places_[c].size() <= n) places_[c].resize(n + 1);
  Place& place = places_[c][n];
  // A pipeline that could not end its round seeks back to where it began.
  const bool sought = event.base_offset < place.next && transactions_->may_seek(event.consumer);
  if (!sought && !goes_on(p, place, event.base_offset, event.records.partition, event.consumer)) {
    book_->breach(CheckId::S26, event.at,
                  at_text(event.at) + consumer +
                      (event.base_offset > place.next ? " skipped " : " went back in ") + p.name +
                      ": after offset " + count_text(place.next - 1) + " it got offset " +
                      count_text(event.base_offset) + ".",
                  p.excuse_ever());
  }
  place.next = end;
}

/// Whether `offset` is the next one to read: where it stands, but for what compaction took and what transactions hide, or
/// where it was reset to.
bool ClientLaws::goes_on(const PartitionView& p, Place& place, std::int64_t offset,
                         history::PartitionId partition, history::ClientId consumer) const {
  if (place.next < 0) return true;
  std::int64_t position = place.next;
  for (std::size_t reset = 0;; ++reset) {
    const bool hidden =
        offset > position && p.compacted_offsets.count_within(position, offset) +
                                     transactions_->hidden_offsets(partition, position, offset, consumer) >=
                                 offset - position;
    if (position == offset || hidden) {
      place.resets.erase(place.resets.begin(), place.resets.begin() + static_cast<std::ptrdiff_t>(reset));
      return true;
    }
    if (reset == place.resets.size()) return false;
    position = place.resets[reset].second;
  }
}

void ClientLaws::forget_expired(history::PartitionId partition, const std::vector<IntervalSet>& expired) {
  for (std::size_t n = 0; n < expired.size(); ++n) {
    if (expired[n].empty()) continue;
    ledger_.account(partition, {static_cast<std::int32_t>(n)}).forget_expired(expired[n]);
  }
}

void ClientLaws::on(const history::OffsetReset& event) {
  PartitionView& p = view_->partition(event.partition);
  const auto c = static_cast<std::size_t>(event.consumer.n);
  const auto n = static_cast<std::size_t>(event.partition.n);
  if (c < places_.size() && n < places_[c].size()) places_[c][n].resets.emplace_back(event.from, event.to);
  // By right if some replica that it may have asked does not reach that far back, or that far up.
  bool outside = false;
  for (std::size_t i = 0; i < p.replicas.size(); ++i) {
    outside = outside || event.from < p.logs.start(i) || event.from > p.logs.end(i);
  }
  if (outside) return;
  book_->breach(CheckId::S26, event.at,
                at_text(event.at) + view_->history().client(event.consumer).name + " gave up its position " +
                    count_text(event.from) + " in " + p.name + ", which every replica's log still holds.",
                p.excuse_ever());
}

std::int64_t ClientLaws::unread(std::size_t partition, const Census& census) {
  if (!topics_read_) {
    topics_read_.emplace();
    for (std::size_t n = 0; n < read_.size(); ++n)
      if (!read_[n].empty()) topics_read_->insert(view_->partition({static_cast<std::int32_t>(n)}).info.topic);
  }
  const history::PartitionId id{static_cast<std::int32_t>(partition)};
  if (!topics_read_->contains(view_->partition(id).info.topic)) return 0;
  if (partition >= read_.size()) read_.resize(partition + 1);
  std::int64_t count = 0;
  for (std::size_t n = 0; n < ledger_.producers(partition); ++n) {
    const Account* account = ledger_.find(partition, n);
    if (account == nullptr) continue;
    IntervalSet missing = account->acknowledged_set();
    if (n < read_[partition].size()) missing = missing.minus(read_[partition][n]);
    if (const IntervalSet* hidden = transactions_->hidden(partition, n); hidden != nullptr)
      missing = missing.minus(*hidden);
    for (const Interval& part : missing.intervals())
      count += census.present(n).count_within(part.first, part.end);
  }
  return count;
}

void ClientLaws::on(const history::ClientRestarted& event) {
  const auto c = static_cast<std::size_t>(event.client.n);
  if (c < places_.size()) places_[c].clear();
}

void ClientLaws::on(const history::OwnershipChanged& event) {
  const auto c = static_cast<std::size_t>(event.consumer.n);
  if (c >= places_.size()) return;
  for (const history::PartitionId partition : event.partitions) {
    const auto n = static_cast<std::size_t>(partition.n);
    if (n < places_[c].size()) places_[c][n] = {};
  }
}

void ClientLaws::judge(const history::Appended& event) {
  if (event.role != history::AppendRole::leader) return;
  if (view_->partition(event.records.partition).info.internal) return;  // the brokers' own words
  if (event.mark == history::TransactionMark::commit || event.mark == history::TransactionMark::abort) return;
  const Account* known = ledger_.find(static_cast<std::size_t>(event.records.partition.n),
                                      static_cast<std::size_t>(event.records.producer.n));
  const std::int64_t end = event.records.first + event.records.count;
  if (known == nullptr || end > known->sent_end) {
    book_->breach(CheckId::S22, event.at,
                  at_text(event.at) + broker_text(event.broker) + " appended to " +
                      view_->partition(event.records.partition).name + " at " +
                      offset_range_text(event.base_offset, event.records.count) +
                      " records that nobody had sent.");
    return;
  }
  Account& account = ledger_.account(event.records.partition, event.records.producer);
  if (event.records.first < account.appended_end) note_again(event, account);
  account.appended_end = std::max(account.appended_end, end);
  if (account.failed.empty()) return;
  const std::int64_t refused = account.failed.count_within(event.records.first, end);
  if (refused == 0) return;
  book_->breach(CheckId::S24, event.at,
                at_text(event.at) + broker_text(event.broker) + " appended " + records_text(refused) +
                    " of " + name_of(view_->history(), event.records.producer) + " to " +
                    view_->partition(event.records.partition).name +
                    " that the producer had been told were not accepted.");
}

void ClientLaws::note_again(const history::Appended& event, Account& account) {
  const PartitionView& p = view_->partition(event.records.partition);
  const std::int32_t index = p.index_of(event.broker);
  if (index < 0) return;
  constexpr std::int64_t kReach = 1 << 16;  // offsets: what a client sends again is recent
  const auto replica = static_cast<std::size_t>(index);
  const std::int64_t loaded = p.replicas[replica].loaded_end;
  const std::int64_t end = event.records.first + event.records.count;
  bool stood = false;
  bool more_behind = false;
  p.logs.for_each(replica, std::max<std::int64_t>(loaded - kReach, 0), loaded, [&](const Run& run) {
    if (run.producer != event.records.producer.n) return;
    stood = stood || (run.first < end && run.first + run.count > event.records.first);
    more_behind = more_behind || (stood && run.first + run.count > end);
  });
  if (stood && more_behind) account.seen_by_snapshot = true;
}

void ClientLaws::finish(sim::SimTime now, std::size_t partition, const Census& census) {
  const PartitionView& p = view_->partition_at(partition);
  const auto& clients = view_->history().clients();
  for (std::size_t n = 0; n < census.producers.size(); ++n) {
    const ProducerCensus& found = census.producers[n];
    const history::ClientInfo& client = clients[n];
    std::string excuse = excuse_of(p, {static_cast<std::int32_t>(n)});
    if (excuse.empty() && began_in_the_middle(found))
      excuse = "a broker that knew nothing of " + client.name +
               " took a later batch of it for the first in " + p.name +
               ", as it takes any sequence number then (KAFKA-14359)";
    const Account* const books = ledger_.find(partition, n);
    if (excuse.empty() && books != nullptr && books->seen_by_snapshot)
      excuse = "a leader of " + p.name + " that had started anew knew only the last batch of " + client.name +
               " from its snapshot, and an earlier one was sent again";
    if (found.duplicated > 0 && client.idempotent) {
      book_->breach(
          CheckId::S21, now,
          records_text(found.duplicated) + " of " + client.name + " stand twice in " + p.name +
              "; the first: " + record_range_text(found.first_duplicate.first, found.first_duplicate.count) +
              " again at " + offset_range_text(found.first_duplicate.base, found.first_duplicate.count) + ".",
          excuse);
    }
    // With acks=0 nothing is answered, so nothing is "in flight": a request in a dead leader's socket is overtaken.
    const bool one_by_one = client.max_in_flight == 1 && client.acks != 0;
    // A request that the client gave up on may still reach the broker, after what was sent later.
    const bool answered = books != nullptr && !books->unsure;
    if (found.reordered > 0 && (client.idempotent || (one_by_one && answered))) {
      book_->breach(
          CheckId::S20, now,
          records_text(found.reordered) + " of " + client.name + " stand out of order in " + p.name +
              "; the first: " + record_range_text(found.first_reordered.first, found.first_reordered.count) +
              " at " + offset_range_text(found.first_reordered.base, found.first_reordered.count) +
              ", after record " + count_text(found.reordered_after) + ".",
          excuse);
    }
    if (books == nullptr) continue;
    std::int64_t refused = 0;
    for (const Interval& i : books->failed.intervals()) refused += found.present.count_within(i.first, i.end);
    if (refused == 0) continue;
    book_->breach(CheckId::S24, now,
                  records_text(refused) + " of " + client.name + " stand in " + p.name +
                      " at the end, although the producer was told that they had not been accepted.");
  }
}

}  // namespace brokersim::checkers
