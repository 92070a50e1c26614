// What a client instance is given when its process starts: plain values that the world fills.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/network/peer.h"
#include "models/history/events.h"
#include "models/history/keys.h"
#include "models/kafka/config.h"
#include "models/kafka/costs.h"
#include "models/kafka/wire/messages.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::compute {
class ThreadPool;
}
namespace brokersim::history {
struct ListedRecord;
}
namespace brokersim::host {
class Host;
}
namespace brokersim::network {
class Network;
}
namespace brokersim::sim {
class Component;
}

namespace brokersim::kafka::client {

/// Where a client runs. `machine` may be null in tests: then terminate() ends without Host::exited().
struct ClientSite {
  network::Network& network;
  network::HostId host;
  host::Host* machine = nullptr;
  std::string service;  ///< Name of the process on `machine`.
  /// Which life of the process this is, from 1: two lives draw different jitter.
  std::uint64_t life = 1;
  /// Rate of the network card; paces acks=0, whose send is over once the socket took it. 0: no limit.
  sim::BytesPerSecond line_rate = {0};
};

/// The thread of a client that sends requests and reads answers; null where it costs nothing. Its process dies with it.
[[nodiscard]] std::unique_ptr<compute::ThreadPool> make_thread(sim::Component& owner, const ClientSite& site,
                                                               const Costs& costs);

/// When records are meant to be sent.
enum class Arrivals : std::uint8_t {
  constant,     ///< Group g of `records_per_send` records at start + phase + g x gap, exact.
  poisson,      ///< Exponential gaps between groups, drawn by group number.
  saturate,     ///< send() is called again as soon as it has returned.
  closed,       ///< A group of records is sent; the next one once each of them has its outcome.
  listed,       ///< Groups at the times given.
  application,  ///< By Producer::send(), from the program that the producer is a part of.
};

/// The program that a producer is a part of hears what became of its records. Must not call the producer back.
class SendListener {
 public:
  /// send() number `ticket` has its place: what it is known by from now on.
  virtual void on_joined(std::uint64_t ticket, const history::RecordRange& record) = 0;
  /// send() threw: no memory or no metadata for max.block.ms. The record never had a place.
  virtual void on_refused(std::uint64_t ticket) = 0;
  virtual void on_outcome(const history::ProduceOutcome& outcome) = 0;

 protected:
  ~SendListener() = default;
};

/// Of a transactional producer: what its batches wait for (TransactionManager.isSendToPartitionAllowed).
class SendGate {
 public:
  /// May batches of partition number `partition` be sent now?
  [[nodiscard]] virtual bool may_send(std::int32_t partition) const = 0;

 protected:
  ~SendGate() = default;
};

struct ProducerParams {
  history::ClientId client;
  std::string name;  ///< "checkout-0"; for messages only.
  Arrivals arrivals = Arrivals::constant;
  std::int64_t rate_per_second_milli =
      0;  ///< Of this instance, in 1/1000 records per second. Positive if constant or poisson.
  /// Of `listed`: when this instance's groups are due, ascending. Shared by all its lives.
  std::shared_ptr<const std::vector<sim::SimTime>> times;
  sim::Duration phase;                ///< Share of one gap, so that instances do not beat together.
  sim::Bytes record_size = {1'024};   ///< Key + value, 1 B or more.
  std::int32_t records_per_send = 1;  ///< Records of one group, 1 or more.
  /// Arrivals::closed: groups have records_per_send ... this many records, equally likely. 0: always records_per_send.
  std::int32_t records_per_send_max = 0;
  std::int64_t records_max = 0;  ///< Of this instance over all its lives; 0: until `end`.
  sim::SimTime start;
  sim::SimTime end = sim::SimTime::max();  ///< No record is meant to be sent at or after it.
  sim::Duration send_cost;  ///< Application and client CPU per record, in the application's one thread.
  std::int32_t compressed_percent = 0;  ///< How well the data compresses; 0: as the codec's corpus.
  Costs costs;                          ///< Of the client's threads; client_record is in send_cost.
  SendListener* listener = nullptr;     ///< Of Arrivals::application; outlives the producer.
  /// Its batches are transactional: id and epoch come by Producer::set_producer(). Outlives the producer.
  const SendGate* gate = nullptr;
  bool adds_partitions = false;  ///< Transaction version 2: a produce request adds its partitions.
  /// Keys and sizes of its records, where they are more than one number; null: without keys, all of record_size. Of all
  /// instances of the workload; it is told what only the producer knows (which record went where).
  std::shared_ptr<history::RecordLaw> law = nullptr;
  /// Of arrivals that a trace lists: what each record of this instance is, beside its time in `times`.
  std::shared_ptr<const std::vector<history::ListedRecord>> rows = nullptr;
  ProducerConfig config;
  std::vector<history::PartitionId> partitions;  ///< Of the topic, in order of partition number. Not empty.
  /// So many of them exist when the topic is made, others when an administrator adds them; 0: all.
  std::int32_t partitions_at_start = 0;
  std::vector<wire::BrokerEndpoint> bootstrap;   ///< Not empty.
};

/// Whether sequences are really used: with other settings Kafka turns enable.idempotence off silently when it was
/// not set explicitly, and refuses the configuration when it was (kafka-behaviour.md section 1.7).
[[nodiscard]] inline bool is_idempotent(const ProducerConfig& config) {
  return config.enable_idempotence && config.acks == Acks::all && config.max_in_flight <= 5 &&
         config.retries > 0;
}

/// What a producer's workload remembers over the lives of its process: the identities already given. Owned by the
/// world; not something a real producer stores.
struct ProducerLedger {
  std::vector<std::int64_t> next_ordinal;  ///< Per partition index; empty before the first life.
  std::int64_t next_record = 0;            ///< Number of the next record of the workload.
};

/// The program that a consumer is a part of, when it does the work itself instead of a time per record.
class ConsumerApplication {
 public:
  /// Where the partition at `index` of ConsumerParams::partitions begins; -1: as auto.offset.reset says.
  [[nodiscard]] virtual std::int64_t first_position(std::size_t index) = 0;
  /// poll() has returned these records. Must not call the consumer back.
  virtual void on_records(std::size_t index, const history::Consumed& records) = 0;
  /// At work: nothing more is handed out until it calls Consumer::go_on().
  [[nodiscard]] virtual bool busy() const = 0;

 protected:
  ~ConsumerApplication() = default;
};

/// When a member of a group commits.
enum class Commit : std::uint8_t {
  automatic,  ///< As enable.auto.commit has it; never if that is off.
  before_processing,  ///< commitSync() of what poll() returned, then it is processed; what could not be committed is not.
  after_processing,  ///< commitSync() once what poll() returned has been processed.
};

struct ConsumerParams {
  history::ClientId client;
  std::string name;
  sim::SimTime start;
  sim::Duration process_cost;  ///< Application time per record, in the polling thread.
  Costs costs;                 ///< Of the client's thread; client_poll_record is in process_cost.
  ConsumerApplication* application = nullptr;  ///< Outlives the consumer.
  bool validate_offsets = true;  ///< 2.1, KIP-320: asks a new leader whether it has the position.
  ConsumerConfig config;
  std::int32_t rack = -1;  ///< Number of config.client_rack in the cluster; -1: none, or no broker is in it.
  /// Assigned to this instance; may be empty. Of a member of a group: all of the topic, in order of partition number.
  std::vector<history::PartitionId> partitions;
  /// So many of them exist when the topic is made, others when an administrator adds them; 0: all.
  std::int32_t partitions_at_start = 0;
  std::string topic;     ///< Its name, for assignors.
  /// Of a member of a group: every topic of the cluster, for the leader of a group whose members read different topics (it
  /// asks for the metadata of them all, as ConsumerCoordinator does). Null: there is no other. Outlives the consumer.
  const std::map<std::string, std::vector<history::PartitionId>>* topics = nullptr;
  std::string group;     ///< group.id; empty: not a member of one.
  std::string instance;  ///< group.instance.id; empty: a dynamic member.
  Commit commit = Commit::automatic;
  bool in_background = false;  ///< poll() hands records to one worker thread without bound and goes on.
  std::vector<wire::BrokerEndpoint> bootstrap;  ///< Not empty.
};

}  // namespace brokersim::kafka::client
