// A controller process: event queue, timers and network around the controller's state machine and its Raft node.
//
// Every controller of the quorum follows the log; the one that leads it is the active controller. It claims that role
// once it has applied everything committed before its epoch, and starts the session of every unfenced broker anew. One
// that leads no more forgets what was never committed and refuses what waits with NOT_CONTROLLER.
// One thread works on events in order, each with its CPU cost: its decision is made when it begins, its records go to
// the log and its answer leaves when the cost is paid; an answer also waits until every record made so far is
// committed, as in QuorumController's purgatory. Until this node leads, requests get NOT_CONTROLLER.
// Fencing: from 4.0 on sessions are looked at every session.timeout / 8 from the activation on (QuorumController,
// PeriodicTask maybeFenceStaleBroker), so a broker is fenced up to 1.125 s after its session ended; in 3.9 by a
// timer at the next expiry, exactly.
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
  wire::NodeId node = 0;                    ///< Position among the voters.
  std::vector<network::HostId> voters;      ///< Hosts of all controllers, by node. Empty: this one alone.
  Version version = Version::v4_1;
  BrokerConfig broker;  ///< Settings of the cluster that the controller reads.
  std::vector<PartitionSpec> partitions;
};

/// CPU time of one event, and of each record it makes, on the reference machine. Order of magnitude only: KRaft's
/// published controlled shutdown of 2 million partitions took 33 s, about 16 us a partition with everything included
/// (kafka-behaviour.md section 10.2, unverified).
inline constexpr sim::Duration kEventCost = {50'000};
inline constexpr sim::Duration kRecordCost = {10'000};
/// From 4.0 on: sessions are looked at this often per session timeout.
inline constexpr std::int64_t kFenceChecksPerSession = 8;
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

  void on_snapshot(const wire::MetadataSnapshot& snapshot) override;
  void on_committed(const MetadataBatch& batch) override;
  void on_leader(std::int32_t epoch) override;
  void on_resigned() override;
  [[nodiscard]] const wire::ClusterImage& committed_image() const override { return committed_; }
  void on_fatal() override;
  void on_log_changed(history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                      std::int64_t to) override;

  // For fault targets ("leader of orders/0"), metrics and tests; never for the modelled software.
  [[nodiscard]] bool active() const { return active_; }
  /// As committed.
  [[nodiscard]] const wire::ClusterImage& committed() const { return committed_; }
  [[nodiscard]] std::int64_t high_watermark() const { return quorum_.high_watermark(); }
  [[nodiscard]] const MetadataQuorum& quorum() const { return quorum_; }

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
  /// NOT_CONTROLLER, to a request or instead of the answer to it.
  void reject(network::ConnectionId connection, const wire::Message& message);
  void stop_timers();

  void arm_fencing();
  void arm_topic_creation();
  void fencing_due();
  void topic_creation_due();
  void idle_due();
  void balance_due();
  void unclean_due();
  void record_history(const LoggedRecord& logged);
  void record_metadata(history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                       std::int64_t to);
  [[nodiscard]] sim::Task<void> shut_down();

  host::Host& host_;
  network::Network& network_;
  history::History& history_;
  MetadataStore& store_;
  ControllerServiceConfig config_;
  sim::Component component_;
  compute::ThreadPool thread_;
  Controller controller_;
  MetadataQuorum quorum_;
  wire::ClusterImage committed_;
  bool active_ = false;
  std::int32_t epoch_ = 0;       // of the claim
  std::int32_t busy_epoch_ = 0;  // of the claim in which the event at work began

  std::deque<Event> queue_;
  bool busy_ = false;
  Records made_;                 // by the event at work
  std::vector<Answer> answers_;  // of the event at work: none or one
  std::deque<Answer> awaiting_;  // in order of await_offset
  sim::EventHandle fencing_;
  bool fence_queued_ = false;
  sim::EventHandle topic_creation_;
  sim::EventHandle idle_;
  sim::EventHandle balance_;
  sim::EventHandle unclean_;
  sim::SimTime last_record_;
};

}  // namespace brokersim::kafka::controller
