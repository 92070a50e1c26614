#include "tests/models/kafka/client/fake_cluster.h"

#include <algorithm>
#include <utility>

namespace brokersim::kafka::client::test {

using wire::ErrorCode;

FakeBroker::FakeBroker(FakeCluster& cluster, wire::BrokerId id, network::HostId on)
    : component(cluster.sim, "fake/" + std::to_string(id)), host(on), cluster_(cluster), id_(id) {
  cluster.network.listen(host, wire::kBrokerPort, component, *this);
}

template <class Response>
void FakeBroker::reply(network::ConnectionId connection, const wire::Message& request,
                       std::unique_ptr<Response> response, sim::Duration delay) {
  const sim::Bytes size = wire::wire_bytes(*response);
  reply_of(connection, request, {std::move(response), size, delay});
}

void FakeBroker::reply_of(network::ConnectionId connection, const wire::Message& request,
                          CoordinatorAnswer answer) {
  answer.message->correlation = request.correlation;
  replies_.push_back({connection, std::move(answer.message), answer.size, false});
  const std::uint64_t number = replies_.size() - 1;
  if (answer.delay.ns == 0) {
    send(number);
  } else {
    component.after(answer.delay, "fake.reply", sim::bind<&FakeBroker::send>(this, number));
  }
}

void FakeBroker::send(std::uint64_t number) {
  Reply& reply = replies_[number];
  if (reply.close) {
    cluster_.network.close(reply.connection);
  } else {
    cluster_.network.send(reply.connection, reply.size, std::move(reply.message));
  }
}

void FakeBroker::on_message(network::ConnectionId connection, std::unique_ptr<network::Message> raw,
                            sim::Bytes) {
  const auto& message = static_cast<const wire::Message&>(*raw);
  if (message.api == wire::Api::metadata) ++cluster_.metadata_requests;
  if (silent) return;
  switch (message.api) {
    case wire::Api::produce: produce(connection, static_cast<const wire::ProduceRequest&>(message)); break;
    case wire::Api::fetch: fetch(connection, static_cast<const wire::FetchRequest&>(message)); break;
    case wire::Api::metadata: {
      auto response = std::make_unique<wire::MetadataResponse>();
      response->brokers = cluster_.endpoints();
      for (std::size_t i = 0; i < cluster_.leaders.size(); ++i) {
        const Leader leader = cluster_.leaders[i];
        response->partitions.push_back({cluster_.partitions[i],
                                        {-1},
                                        leader.broker < 0 ? ErrorCode::leader_not_available : ErrorCode::none,
                                        leader.broker, leader.epoch});
      }
      reply(connection, message, std::move(response));
      break;
    }
    case wire::Api::init_producer_id: {
      if (cluster_.coordinator) return reply_of(connection, message, cluster_.coordinator(message));
      auto response = std::make_unique<wire::InitProducerIdResponse>();
      response->producer_id = 7'000;
      reply(connection, message, std::move(response));
      break;
    }
    case wire::Api::list_offsets: {
      const auto& asked = static_cast<const wire::ListOffsetsRequest&>(message);
      auto response = std::make_unique<wire::ListOffsetsResponse>();
      response->partition = asked.partition;
      const auto& log = cluster_.logs[static_cast<std::size_t>(asked.partition.n)];
      response->offset = asked.latest && !log.empty() ? cluster_.store[log.back()].next_offset() : 0;
      reply(connection, message, std::move(response));
      break;
    }
    case wire::Api::offsets_for_leader_epoch: {
      const auto& asked = static_cast<const wire::OffsetsForLeaderEpochRequest&>(message);
      auto response = std::make_unique<wire::OffsetsForLeaderEpochResponse>();
      for (const wire::EpochQuestion& question : asked.parts) {
        ++cluster_.epoch_questions;
        const auto& log = cluster_.logs[static_cast<std::size_t>(question.partition.n)];
        wire::EpochAnswer answer{question.partition, ErrorCode::none, question.epoch,
                                 log.empty() ? 0 : cluster_.store[log.back()].next_offset()};
        response->parts.push_back(cluster_.epoch_script ? cluster_.epoch_script(question) : answer);
      }
      reply(connection, message, std::move(response));
      break;
    }
    default:
      SIM_CHECK(cluster_.coordinator, "a client asked something else");
      reply_of(connection, message, cluster_.coordinator(message));
  }
}

void FakeBroker::produce(network::ConnectionId connection, const wire::ProduceRequest& request) {
  const int n = static_cast<int>(cluster_.produced.size());
  cluster_.produced.push_back({component.now(), id_, request.batches});
  const Script script = cluster_.script ? cluster_.script(n, id_, request) : Script{};
  if (script.what == Script::Do::drop) return;
  auto response = std::make_unique<wire::ProduceResponse>();
  for (const log::BatchData& batch : request.batches) {
    wire::ProduceResult result;
    result.partition = batch.records.partition;
    result.error = script.error;
    const Leader leader = cluster_.leaders[static_cast<std::size_t>(batch.records.partition.n)];
    if (result.error == ErrorCode::none && leader.broker != id_)
      result.error = ErrorCode::not_leader_or_follower;
    if (result.error == ErrorCode::none) result.error = cluster_.append(batch, result.base_offset);
    response->results.push_back(result);
  }
  if (request.acks == Acks::none || script.what == Script::Do::swallow) return;
  if (script.what == Script::Do::lose_answer) {
    replies_.push_back({connection, nullptr, {1}, true});
    component.after(script.delay, "fake.close", sim::bind<&FakeBroker::send>(this, replies_.size() - 1));
    return;
  }
  reply(connection, request, std::move(response), script.delay);
}

void FakeBroker::fetch(network::ConnectionId connection, const wire::FetchRequest& request) {
  const ErrorCode error =
      cluster_.fetch_script ? cluster_.fetch_script(cluster_.fetches, id_) : ErrorCode::none;
  ++cluster_.fetches;
  auto response = std::make_unique<wire::FetchResponse>();
  for (const wire::FetchPart& asked : request.parts) {
    const auto index = static_cast<std::size_t>(asked.partition.n);
    wire::FetchedPart part;
    part.partition = asked.partition;
    part.error = error;
    if (error == ErrorCode::none && cluster_.leaders[index].broker != id_)
      part.error = ErrorCode::not_leader_or_follower;
    for (const log::BatchId id : cluster_.logs[index]) {
      const log::StoredBatch batch = cluster_.store[id];
      if (part.error != ErrorCode::none || batch.next_offset() <= asked.fetch_offset) continue;
      if (part.bytes > 0 && part.bytes + batch.data.bytes > asked.max_bytes) break;
      part.batches.push_back(id);
      part.bytes += batch.data.bytes;
    }
    if (part.error != ErrorCode::none || !part.batches.empty()) response->parts.push_back(part);
  }
  reply(connection, request, std::move(response),
        response->parts.empty() ? request.max_wait : sim::Duration{0});
}

FakeCluster::FakeCluster(std::uint64_t seed, int broker_count, int partition_count)
    : sim(seed), network(sim, network::LatencyConfig{}) {
  client_host = network.add_host("c", "z", {});
  for (int b = 0; b < broker_count; ++b) {
    brokers.push_back(
        std::make_unique<FakeBroker>(*this, b, network.add_host("b-" + std::to_string(b), "z", {})));
  }
  for (int p = 0; p < partition_count; ++p) {
    history::PartitionInfo info;
    info.topic = "orders";
    info.partition = p;
    partitions.push_back(history.add_partition(info));
    leaders.push_back({p % broker_count, 0});
  }
  logs.resize(static_cast<std::size_t>(partition_count));
}

ErrorCode FakeCluster::append(const log::BatchData& batch, std::int64_t& base_offset) {
  auto& log = logs[static_cast<std::size_t>(batch.records.partition.n)];
  const std::int64_t end = log.empty() ? 0 : store[log.back()].next_offset();
  SequenceState* state = nullptr;
  if (batch.producer_id >= 0) {
    state = &sequences_[{batch.producer_id, batch.records.partition.n}];
    for (const log::BatchId id : state->last) {
      const log::BatchData& known = store[id].data;
      if (known.producer_epoch != batch.producer_epoch || known.base_sequence != batch.base_sequence ||
          known.records.count != batch.records.count) {
        continue;
      }
      base_offset = store[id].base_offset;
      return ErrorCode::none;
    }
    if (batch.producer_epoch < state->epoch) return ErrorCode::invalid_producer_epoch;
    const bool new_epoch = batch.producer_epoch > state->epoch;
    if (new_epoch && !state->last.empty() && batch.base_sequence != 0)
      return ErrorCode::out_of_order_sequence_number;
    // The model's broker accepts any first sequence when it knows nothing; so does this one.
    if (!new_epoch && batch.base_sequence != store[state->last.back()].data.last_sequence() + 1) {
      return ErrorCode::out_of_order_sequence_number;
    }
  }
  const log::BatchId id = store.add({batch, end, 0});
  log.push_back(id);
  base_offset = end;
  if (state != nullptr) {
    if (state->epoch != batch.producer_epoch) state->last.clear();
    state->epoch = batch.producer_epoch;
    state->last.push_back(id);
    if (state->last.size() > 5) state->last.erase(state->last.begin());
  }
  return ErrorCode::none;
}

std::vector<wire::BrokerEndpoint> FakeCluster::endpoints() const {
  std::vector<wire::BrokerEndpoint> all;
  for (std::size_t b = 0; b < brokers.size(); ++b)
    all.push_back({static_cast<wire::BrokerId>(b), brokers[b]->host});
  return all;
}

std::vector<std::int64_t> FakeCluster::order(int partition) const {
  std::vector<std::int64_t> firsts;
  for (const log::BatchId id : logs[static_cast<std::size_t>(partition)])
    firsts.push_back(store[id].data.records.first);
  return firsts;
}

namespace {
ClientSite site(FakeCluster& fake, std::uint64_t life = 1) {
  return {fake.network, fake.client_host, nullptr, "app", life, {0}};
}
}  // namespace

ProducerRun::ProducerRun(FakeCluster& fake, ProducerParams params, ProducerLedger* shared, std::uint64_t life)
    : process(fake.sim, "host/c/app"),
      producer(process, site(fake, life), std::move(params), shared == nullptr ? own : *shared,
               fake.history) {
  producer.start();
}

ConsumerRun::ConsumerRun(FakeCluster& fake, ConsumerParams params)
    : process(fake.sim, "host/c/reader"),
      consumer(process, site(fake), std::move(params), fake.store, fake.history) {
  consumer.start();
}

ProducerParams producer_params(FakeCluster& fake) {
  ProducerParams params;
  params.client = fake.history.add_client({});
  params.name = "checkout-0";
  params.rate_per_second_milli = 1'000'000;
  params.record_size = {100};
  params.start = {1'000'000'000};
  params.partitions = fake.partitions;
  params.bootstrap = fake.endpoints();
  return params;
}

ConsumerParams consumer_params(FakeCluster& fake) {
  ConsumerParams params;
  params.client = fake.history.add_client({});
  params.name = "reader-0";
  params.config.auto_offset_reset = OffsetReset::earliest;
  params.partitions = fake.partitions;
  params.bootstrap = fake.endpoints();
  return params;
}

}  // namespace brokersim::kafka::client::test
