// Scripted brokers for client tests, on the real network model.
//
// A FakeBroker answers at once unless a script says otherwise. Its log is one list of batches per partition with
// the broker's sequence rules (kafka-behaviour.md section 3.1), so that duplicates and order are what a real
// broker would have stored. It knows nothing of replication.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/network/network.h"
#include "models/history/history.h"
#include "models/kafka/client/consumer.h"
#include "models/kafka/client/producer.h"
#include "sim/component.h"

namespace brokersim::kafka::client::test {

/// What a broker does with a produce request before it looks at it.
struct Script {
  enum class Do : std::uint8_t {
    answer,
    lose_answer,  ///< Appends, then closes the connection instead of answering.
    drop,         ///< Neither appends nor answers.
    swallow,      ///< Appends and never answers.
  };
  Do what = Do::answer;
  sim::Duration delay = {0};                      ///< Before the answer is sent.
  wire::ErrorCode error = wire::ErrorCode::none;  ///< For every batch; nothing is appended.
};

/// What a coordinator says.
struct CoordinatorAnswer {
  std::unique_ptr<wire::Message> message;
  sim::Bytes size;
  sim::Duration delay = {0};
};
template <class Response>
[[nodiscard]] CoordinatorAnswer coordinator_answer(Response response, sim::Duration delay = {0}) {
  auto message = std::make_unique<Response>(std::move(response));
  const sim::Bytes size = wire::wire_bytes(*message);
  return {std::move(message), size, delay};
}

struct ReceivedProduce {
  sim::SimTime at;
  wire::BrokerId broker = -1;
  std::vector<log::BatchData> batches;
};

class FakeCluster;

class FakeBroker final : public network::Peer {
 public:
  FakeBroker(FakeCluster& cluster, wire::BrokerId id, network::HostId host);

  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes) override;
  void on_closed(network::ConnectionId, network::CloseReason) override {}

  sim::Component component;
  network::HostId host;
  bool silent = false;  ///< Hears everything, says nothing, stores nothing.

 private:
  struct Reply {
    network::ConnectionId connection;
    std::unique_ptr<wire::Message> message;
    sim::Bytes size;
    bool close = false;
  };
  template <class Response>
  void reply(network::ConnectionId connection, const wire::Message& request,
             std::unique_ptr<Response> response, sim::Duration delay = {0});
  void reply_of(network::ConnectionId connection, const wire::Message& request, CoordinatorAnswer answer);
  void send(std::uint64_t number);
  void produce(network::ConnectionId connection, const wire::ProduceRequest& request);
  void fetch(network::ConnectionId connection, const wire::FetchRequest& request);

  FakeCluster& cluster_;
  wire::BrokerId id_;
  std::vector<Reply> replies_;
};

class FakeCluster {
 public:
  /// `brokers` brokers, partition p led by broker p modulo brokers in epoch 0.
  FakeCluster(std::uint64_t seed, int brokers, int partitions);

  /// Called for request number n (from 0, over all brokers).
  std::function<Script(int n, wire::BrokerId broker, const wire::ProduceRequest&)> script;
  /// Error of the next fetches; none by default.
  std::function<wire::ErrorCode(int n, wire::BrokerId broker)> fetch_script;
  /// What OffsetsForLeaderEpoch is answered; by default the epoch asked about ends at the log end.
  std::function<wire::EpochAnswer(const wire::EpochQuestion&)> epoch_script;
  int epoch_questions = 0;
  /// Of a coordinator of groups and transactions, which is every broker; without it nobody may ask one.
  std::function<CoordinatorAnswer(const wire::Message&)> coordinator;

  [[nodiscard]] wire::ErrorCode append(const log::BatchData& batch, std::int64_t& base_offset);
  void lead(int partition, wire::BrokerId broker) {
    leaders[static_cast<std::size_t>(partition)] = {broker,
                                                    leaders[static_cast<std::size_t>(partition)].epoch + 1};
  }
  [[nodiscard]] std::vector<wire::BrokerEndpoint> endpoints() const;
  /// First ordinals in log order: "0 81 162" for batches in order.
  [[nodiscard]] std::vector<std::int64_t> order(int partition) const;

  sim::Simulation sim;
  network::Network network;
  history::History history;
  log::BatchStore store;
  std::vector<history::PartitionId> partitions;
  std::vector<Leader> leaders;
  std::vector<std::unique_ptr<FakeBroker>> brokers;
  std::vector<std::vector<log::BatchId>> logs;
  std::vector<ReceivedProduce> produced;
  int fetches = 0;
  int metadata_requests = 0;
  network::HostId client_host;

 private:
  struct SequenceState {
    std::int16_t epoch = -1;
    std::vector<log::BatchId> last;
  };
  std::map<std::pair<std::int64_t, std::int32_t>, SequenceState> sequences_;
};

/// Keeps what clients saw.
struct Seen final : history::Watcher {
  using history::Watcher::on;
  std::vector<history::Sent> sent;
  std::vector<history::ProduceOutcome> outcomes;
  std::vector<history::Consumed> consumed;
  std::vector<history::FetchAnswered> answered;
  std::vector<history::ClientRestarted> restarted;
  void on(const history::Sent& e) override { sent.push_back(e); }
  void on(const history::ProduceOutcome& e) override { outcomes.push_back(e); }
  void on(const history::Consumed& e) override { consumed.push_back(e); }
  void on(const history::FetchAnswered& e) override { answered.push_back(e); }
  void on(const history::ClientRestarted& e) override { restarted.push_back(e); }

  [[nodiscard]] std::int64_t records(history::Outcome outcome) const {
    std::int64_t n = 0;
    for (const auto& e : outcomes) n += e.outcome == outcome ? e.records.count : 0;
    return n;
  }
};

/// One producer process on the client host.
struct ProducerRun {
  ProducerRun(FakeCluster& fake, ProducerParams params, ProducerLedger* shared = nullptr,
              std::uint64_t life = 1);
  ~ProducerRun() { process.kill(); }
  ProducerLedger own;
  sim::Process process;
  Producer producer;
};
struct ConsumerRun {
  explicit ConsumerRun(FakeCluster& fake, ConsumerParams params);
  ~ConsumerRun() { process.kill(); }
  sim::Process process;
  Consumer consumer;
};

/// 1000 records of 100 B per second from t = 1 s, 4.1 defaults, all partitions of the cluster.
[[nodiscard]] ProducerParams producer_params(FakeCluster& fake);
[[nodiscard]] ConsumerParams consumer_params(FakeCluster& fake);

}  // namespace brokersim::kafka::client::test
