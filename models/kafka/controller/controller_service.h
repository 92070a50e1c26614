// A controller process: event queue, timers and network around the controller's state machine and its Raft node.
//
// One thread works on events in order, each with its CPU cost: its decision is made when it begins, its records go to
// the log and its answer leaves when the cost is paid; an answer also waits until every record made so far is
// committed, as in QuorumController's purgatory. Until this node leads, requests get NOT_CONTROLLER.
// Fencing is exact: one timer at the next expiry, armed again only when it fires. Kafka from 4.0 on looks at sessions
// periodically instead (every session.timeout / 8 in recent releases), which adds up to that much; not modelled.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/compute/thread_pool.h"
#include "models/devices/host/host.h"
#include "models/history/history.h"
#include "models/kafka/config.h"
#include "models/kafka/controller/controller.h"
#include "models/kafka/controller/quorum.h"

namespace brokersim::kafka::controller {

struct ControllerServiceConfig {
  std::string process_name = "controller";  ///< As installed on the host.
  Version version = Version::v4_1;
  BrokerConfig broker;  ///< Settings of the cluster that the controller reads.
  std::vector<PartitionSpec> partitions;
};

/// CPU time of one event, and of each record it makes, on the reference machine. Order of magnitude only: KRaft's
/// published controlled shutdown of 2 million partitions took 33 s, about 16 us a partition with everything included
/// (kafka-behaviour.md section 10.2, unverified).
inline constexpr sim::Duration kEventCost = {50'000};
inline constexpr sim::Duration kRecordCost = {10'000};
/// A periodic election that reached its limit runs again after this long (QuorumController).
inline constexpr sim::Duration kElectionRerun = {10'000'000};

class ControllerService final : public host::Service, public network::Peer, public QuorumListener {
 public:
  /// `store` and `history` outlive every process.
  ControllerService(sim::Process& process, host::Host& host, const ControllerServiceConfig& config,
                    MetadataStore& store, history::History& history);

  void start() override;
  /// Makes the log durable and exits.
  void terminate() override;

  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

  void on_loaded(const MetadataLog& log) override;
  void on_leader(std::int32_t epoch) override;
  void on_committed(const MetadataBatch& batch, std::int64_t high_watermark) override;
  void on_fatal() override;

  // For fault targets ("leader of orders/0"), metrics and tests; never for the modelled software.
  [[nodiscard]] bool active() const { return active_; }
  /// As committed.
  [[nodiscard]] const wire::ClusterImage& committed() const { return committed_; }
  [[nodiscard]] std::int64_t high_watermark() const { return quorum_.high_watermark(); }

 private:
  enum class Work : std::uint8_t { request, fence, balance, elect_unclean, create_topics, no_op };
  struct Event {
    Work work = Work::request;
    network::ConnectionId connection;
    std::unique_ptr<wire::Message> request;
  };
  /// An answer, and the offset that must be committed before it leaves.
  struct Answer {
    network::ConnectionId connection;
    std::unique_ptr<wire::Message> response;
    sim::Bytes size;
    std::int64_t await_offset = 0;
  };

  void enqueue(Work work);
  void pump();
  void decide(Event& event);
  void decide_request(Event& event);
  void event_done();
  template <class Response>
  void answer(const Event& event, Response response);
  void send(Answer answer);
  void reject(network::ConnectionId connection, const wire::Message& request);

  void arm_fencing();
  void arm_topic_creation();
  void fencing_due();
  void topic_creation_due();
  void idle_due();
  void balance_due();
  void unclean_due();
  void record_history(const LoggedRecord& logged);
  [[nodiscard]] sim::Task<void> shut_down();

  host::Host& host_;
  network::Network& network_;
  history::History& history_;
  ControllerServiceConfig config_;
  sim::Component component_;
  compute::ThreadPool thread_;
  Controller controller_;
  MetadataQuorum quorum_;
  wire::ClusterImage committed_;
  bool active_ = false;

  std::deque<Event> queue_;
  bool busy_ = false;
  Records made_;                 // by the event at work
  std::vector<Answer> answers_;  // of the event at work: none or one
  std::deque<Answer> awaiting_;  // in order of await_offset
  sim::EventHandle fencing_;
  bool fence_queued_ = false;
  sim::EventHandle topic_creation_;
  sim::SimTime last_record_;
};

}  // namespace brokersim::kafka::controller
