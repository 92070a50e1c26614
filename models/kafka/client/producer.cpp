#include "models/kafka/client/producer.h"

#include <algorithm>
#include <utility>

#include "models/devices/host/host.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

Producer::Producer(sim::Process& process, const ClientSite& site, ProducerParams params,
                   ProducerLedger& ledger, history::History& history)
    : component_(process, process.path() + "/producer"),
      site_(site),
      params_(std::move(params)),
      history_(history),
      codec_(params_.config.compression.model(params_.compressed_percent)),
      accumulator_(params_.partitions.size(), params_.config.buffer_memory, params_.config.batch_size),
      intake_(params_, ledger, accumulator_, component_.stream("arrivals"),
              component_.stream("sticky_partition"), component_.now()),
      sequences_(params_.partitions.size()),
      thread_(make_thread(component_, site_, params_.costs)),
      connections_(component_, site_,
                   {params_.config.request_timeout,
                    params_.config.max_in_flight,
                    {params_.config.reconnect_backoff, params_.config.reconnect_backoff_max},
                    {params_.config.socket_connection_setup_timeout,
                     params_.config.socket_connection_setup_timeout_max},
                    params_.config.send_buffer,
                    params_.config.receive_buffer,
                    params_.config.security,
                    thread_.get(),
                    params_.costs.client_response,
                    params_.costs.client_ps_per_byte},
                   *this),
      metadata_(
          component_, site_, connections_,
          {{params_.config.retry_backoff, params_.config.retry_backoff_max}, params_.config.metadata_max_age},
          params_.partitions),
      retry_jitter_(component_.stream("retry_backoff")),
      id_broker_(component_.stream("producer_id").child(site.life)),
      in_flight_(params_.partitions.size(), 0),
      ordered_(is_idempotent(params_.config)) {
  SIM_CHECK(!params_.bootstrap.empty(), params_.name + " knows no broker");
  if (params_.gate != nullptr) sequences_.leave_epoch_alone();
  metadata_.follow_names(params_.gate == nullptr);
  metadata_.expect_only(params_.partitions_at_start);
  SIM_CHECK(config().linger.ns >= 0);
  if (thread_ != nullptr) {
    const auto tick = static_cast<std::uint64_t>(kTick.ns);
    clock_phase_ = {static_cast<std::int64_t>(component_.stream("clock_phase").below(0, tick))};
  }
  for (const wire::BrokerEndpoint& endpoint : params_.bootstrap) connections_.learn(endpoint);
}

void Producer::start() {
  if (site_.life > 1) history_.record(history::ClientRestarted{now(), params_.client});
  settle();
}

void Producer::terminate() {
  begin();
  intake_.stop();
  closing_ = true;
  settle();
}

void Producer::set_producer(std::int64_t id, std::int16_t epoch) {
  begin();
  SIM_CHECK(accumulator_.live() == 0, "a new epoch while something is in flight");
  sequences_.set_producer_id(id, epoch);
  settle();
}

std::uint64_t Producer::send(std::int32_t partition, const history::ListedRecord& row) {
  begin();
  const std::uint64_t ticket = next_ticket_++;
  submissions_.push_back({ticket, partition, now(), row});
  settle();
  return ticket;
}

/// Brings the application up to date before anything else happens.
void Producer::begin() {
  if (wake_at_ < now()) {
    // The process was paused: its threads last ran when the wake-up was due, at the latest. Of the threads that go
    // on now, the sender is taken to look first: what has expired takes no more records.
    intake_.advance(wake_at_);
    intake_.stall(now());
    expire();
  }
  intake_.advance(now());
}

/// After anything has happened: what now expires, fits, may be sent, and when to look again.
void Producer::settle() {
  expire();
  intake_.unblock(now());
  refuse_blocked();
  if (!submissions_.empty()) submit_waiting();
  record_sent();
  if (ordered_) {
    sequences_.settle();
    if (params_.gate == nullptr) ask_for_producer_id();
  }
  send_ready();
  record_sent();
  metadata_.poke();
  arm();
  exit_if_done();
}

void Producer::on_wake() {
  begin();
  wake_ = {};
  wake_at_ = sim::SimTime::max();
  settle();
}

void Producer::on_deadline() {
  deadline_ = {};
  deadline_at_ = sim::SimTime::max();
  begin();
  settle();
}

void Producer::on_broker_ready(wire::BrokerId) {
  begin();
  settle();
}

void Producer::on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) {
  begin();
  switch (tag.api) {
    case wire::Api::produce:
      on_produce_response(broker, tag.number, static_cast<const wire::ProduceResponse&>(response));
      break;
    case wire::Api::metadata:
      metadata_.on_response(static_cast<const wire::MetadataResponse&>(response));
      meet_successors();
      note_leaders();
      break;
    case wire::Api::init_producer_id:
      on_producer_id(static_cast<const wire::InitProducerIdResponse&>(response));
      break;
    default: SIM_CHECK(false, "a producer never asks that");
  }
  settle();
}

void Producer::on_request_written(wire::BrokerId, RequestTag tag) {
  SIM_CHECK(tag.api == wire::Api::produce);
  begin();
  on_produce_written(tag.number);
  settle();
}

void Producer::on_request_lost(wire::BrokerId broker, RequestTag tag) {
  begin();
  switch (tag.api) {
    case wire::Api::produce: on_produce_lost(broker, tag.number); break;
    case wire::Api::metadata: metadata_.on_lost(); break;
    case wire::Api::init_producer_id: {
      wire::InitProducerIdResponse none;
      none.error = wire::ErrorCode::network_exception;
      on_producer_id(none);
      break;
    }
    default: SIM_CHECK(false, "a producer never asks that");
  }
}

void Producer::on_disconnected(wire::BrokerId) {
  begin();
  metadata_.request();
  settle();
}

void Producer::meet_successors() {
  for (const std::int32_t index : metadata_.take_replaced()) {
    const auto i = static_cast<std::size_t>(index);
    params_.partitions[i] = leaders().partitions()[i];
  }
}

void Producer::note_leaders() {
  std::vector<bool> available(static_cast<std::size_t>(metadata_.topic_size()));
  for (std::size_t i = 0; i < available.size(); ++i)
    available[i] = leaders()[static_cast<std::int32_t>(i)].broker >= 0;
  intake_.set_available(available);
}

void Producer::arm() {
  // A sender that is a thread is woken when a batch is opened; else it need not look before the batch has lingered.
  const sim::Duration quiet = thread_ == nullptr ? config().linger : sim::Duration{0};
  sim::SimTime wake = std::min(intake_.next_time(quiet), head_ready_);
  if (intake_.blocked()) wake = std::min(wake, intake_.blocked_since() + config().max_block);
  if (!submissions_.empty()) wake = std::min(wake, submissions_.front().since + config().max_block);
  if (ordered_ && params_.gate == nullptr && !sequences_.has_producer_id() && !id_under_way_ &&
      id_not_before_ > now()) {
    wake = std::min(wake, id_not_before_);
  }
  arm_wake(wake);
  // Deadlines only grow with the age order of batches, so this timer is set once and again when it has fired.
  const Slot oldest = accumulator_.oldest();
  if (oldest == kNoSlot) return;
  const sim::SimTime deadline = accumulator_[oldest].created + config().delivery_timeout;
  if (deadline >= deadline_at_) return;
  component_.cancel(deadline_);
  deadline_at_ = deadline;
  deadline_ =
      component_.at(std::max(deadline, now()), "producer.deadline", sim::bind<&Producer::on_deadline>(this));
}

void Producer::arm_wake(sim::SimTime at) {
  if (at == wake_at_) return;
  component_.cancel(wake_);
  wake_at_ = at;
  if (at != sim::SimTime::max())
    wake_ = component_.at(at, "producer.wake", sim::bind<&Producer::on_wake>(this));
}

void Producer::exit_if_done() {
  if (!closing_ || exited_) return;
  if (accumulator_.live() > 0) return;
  exited_ = true;
  connections_.close_all();
  if (site_.machine != nullptr) site_.machine->exited(site_.service);
}

}  // namespace brokersim::kafka::client
