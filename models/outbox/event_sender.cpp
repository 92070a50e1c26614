#include "models/outbox/event_sender.h"

#include <string>

#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::outbox {

kafka::client::ProducerParams EventSender::with(const SenderParams& params, EventSender* listener) {
  kafka::client::ProducerParams given = params.producer;
  given.arrivals = kafka::client::Arrivals::application;
  given.listener = listener;
  return given;
}

EventSender::EventSender(sim::Process& process, const kafka::client::ClientSite& site,
                         const SenderParams& params, history::History& history)
    : component_(process, process.path() + "/sender"),
      history_(history),
      client_(params.producer.client),
      partitions_(static_cast<std::int32_t>(params.producer.partitions.size())),
      producer_(process, site, with(params, this), *params.ledger, history) {}

std::uint64_t EventSender::send(history::EventNumber event, std::int64_t aggregate) {
  const std::int32_t partition = kafka::partition_for_key(std::to_string(aggregate), partitions_);
  const std::uint64_t ticket = next_ticket_++;
  pending_[ticket] = {event, aggregate, {}, false, history::Outcome::unknown};
  const std::uint64_t given = producer_.send(partition);
  SIM_CHECK(given == ticket, "the producer counts otherwise");
  return ticket;
}

void EventSender::on_joined(std::uint64_t ticket, const history::RecordRange& record) {
  Pending& pending = pending_.at(ticket);
  pending.record = record;
  by_record_[{record.partition, record.first}] = ticket;
  history_.record(history::EventJoined{component_.now(), pending.event, pending.aggregate, record});
}

void EventSender::on_refused(std::uint64_t ticket) {
  Pending& pending = pending_.at(ticket);
  pending.done = true;
  pending.outcome = history::Outcome::failed;
  changed_.notify_all();
}

void EventSender::on_outcome(const history::ProduceOutcome& outcome) {
  const history::RecordRange& records = outcome.records;
  for (std::int64_t i = records.first; i < records.first + records.count; ++i) {
    const auto found = by_record_.find({records.partition, i});
    if (found == by_record_.end()) continue;
    Pending& pending = pending_.at(found->second);
    pending.done = true;
    pending.outcome = outcome.outcome;
    by_record_.erase(found);
  }
  changed_.notify_all();
}

sim::Task<void> EventSender::on_the_wire(std::uint64_t ticket) {
  // A card has given a request of 64 KiB away in 52 us at 10 Gbit/s; an answer takes two ways and the replication between.
  constexpr sim::Duration kLeaves = {100'000};
  constexpr sim::Duration kLook = {10'000'000};  // beside the signal: it may never be sent, and expire
  for (;;) {
    const Pending& pending = pending_.at(ticket);
    if (pending.done) co_return;
    if (pending.record.count > 0 && producer_.has_sent(pending.record)) break;
    co_await producer_.request_sent().wait_for(kLook);
  }
  co_await sim::delay(kLeaves, "outbox.on_the_wire");
}

sim::Task<history::Outcome> EventSender::wait(std::uint64_t ticket) {
  while (!pending_.at(ticket).done) co_await changed_.wait();
  const history::Outcome outcome = pending_.at(ticket).outcome;
  pending_.erase(ticket);
  co_return outcome;
}

}  // namespace brokersim::outbox
