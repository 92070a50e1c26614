// A share consumer and the application that reads with it (KIP-932): one life of a client process.
//
// The application polls, works on what it was given record by record, and polls again. That acknowledges what it was given:
// with share.acknowledgement.mode=implicit all of it is accepted; with explicit the application says for each record whether it
// accepts it, or cannot work on it (poison) and releases or rejects it. Acknowledgements travel with the next ShareFetch to
// the broker that gave the records, or by themselves (ShareAcknowledge) when more of what was fetched is still to be worked on.
// A second thread of control sends ShareGroupHeartbeats; the coordinator says which partitions to fetch from.
// Nothing is fetched while something is buffered; one request is under way to a broker at a time.
// Rules: ShareConsumerImpl, ShareConsumeRequestManager, ShareSessionHandler, ShareHeartbeatRequestManager of 4.1.
// Not modelled: max.poll.interval.ms, commitSync and commitAsync, interruption of a poll by an acknowledgement that failed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/host/service.h"
#include "models/history/history.h"
#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/coordinator_calls.h"
#include "models/kafka/client/metadata.h"
#include "models/kafka/client/params.h"
#include "models/kafka/wire/share_messages.h"
#include "models/log/batch.h"
#include "sim/sync.h"

namespace brokersim::kafka::client {

struct ShareConsumerParams {
  history::ClientId client;
  std::string name;
  std::string group;
  history::GroupId group_id;
  std::string topic;
  sim::SimTime start;
  sim::Duration process_cost;  ///< Application time per record, in the polling thread.
  std::int32_t poison_permille =
      0;                        ///< Records that nobody can work on, by their identity; explicit mode only.
  bool rejects_poison = false;  ///< Else it releases them.
  Costs costs;                  ///< Of the client's thread; client_poll_record is in process_cost.
  ConsumerConfig config;
  std::vector<history::PartitionId> partitions;  ///< All of the topic, in order of partition number.
  std::vector<wire::BrokerEndpoint> bootstrap;   ///< Not empty.
};

/// Whether nobody can work on this record.
[[nodiscard]] bool is_poison(const history::RecordRange& record, std::int32_t permille);

class ShareConsumer final : public host::Service, private ConnectionListener {
 public:
  /// `store` tells what a fetched batch holds; it and `history` must outlive the consumer.
  ShareConsumer(sim::Process& process, const ClientSite& site, ShareConsumerParams params,
                const log::BatchStore& store, history::History& history);

  void start() override;
  /// close(): says what it is through with, ends its sessions, leaves the group.
  void terminate() override;

 private:
  using Acknowledgements = std::map<wire::PartitionId, std::vector<wire::AcknowledgementBatch>>;
  /// A broker that it fetches from.
  struct Node {
    std::int32_t epoch = 0;  ///< Of the share session; 0: there is none.
    bool under_way = false;
    std::vector<wire::PartitionId> in_session;  ///< Sorted.
    Acknowledgements due;
    Acknowledgements sent;
    sim::SimTime not_before;
  };
  /// Records of one batch that it has and the application has not.
  struct Piece {
    wire::BrokerId broker = -1;
    log::BatchId batch = 0;
    std::int64_t first = 0;
    std::int64_t end = 0;
  };

  void on_broker_ready(wire::BrokerId broker) override;
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;

  // share_consumer.cpp: the application and the group.
  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] sim::Task<void> heartbeats();
  [[nodiscard]] sim::Task<void> close();
  void fail_for_good(wire::ErrorCode error);
  [[nodiscard]] bool take_answer(const wire::ShareGroupHeartbeatResponse& answer);
  [[nodiscard]] sim::Duration hand_out(std::vector<Piece>& taken);
  void say(const Piece& piece);

  // share_fetching.cpp: requests to brokers.
  [[nodiscard]] sim::Duration request_all();
  void send_fetch(wire::BrokerId broker, Node& node);
  void send_acknowledgements(bool closing);
  void on_fetched(wire::BrokerId broker, const wire::ShareFetchResponse& response);
  void on_acknowledged(wire::BrokerId broker, const wire::ShareAcknowledgeResponse& response);
  void take_records(wire::BrokerId broker, const wire::ShareFetchedPart& part);
  void end_session(Node& node, wire::ErrorCode told);
  void fail(Acknowledgements& lost, wire::ErrorCode error);
  void tell(wire::PartitionId partition, const std::vector<wire::AcknowledgementBatch>& batches,
            wire::ErrorCode error);
  static void add(Acknowledgements& to, wire::PartitionId partition, std::int64_t first, std::int64_t end,
                  wire::AcknowledgeType type);
  [[nodiscard]] std::vector<wire::PartitionId> led_by(wire::BrokerId broker) const;

  [[nodiscard]] sim::SimTime now() const { return component_.now(); }

  sim::Component component_;
  ClientSite site_;
  ShareConsumerParams params_;
  const log::BatchStore& store_;
  history::History& history_;
  std::unique_ptr<compute::ThreadPool> thread_;  // null: it needs no time
  BrokerConnections connections_;
  MetadataUpdater metadata_;
  CoordinatorCalls calls_;
  std::string member_;
  std::int32_t member_epoch_ = 0;
  sim::Duration heartbeat_interval_;
  std::vector<wire::PartitionId> assigned_;  // sorted
  std::map<wire::BrokerId, Node> nodes_;
  std::deque<Piece> buffer_;
  bool closing_ = false;
  bool left_ = false;
  bool failed_ = false;
  sim::Signal changed_{"share_consumer.poll"};
  sim::Signal heartbeat_now_{"share_consumer.heartbeat"};
};

}  // namespace brokersim::kafka::client
