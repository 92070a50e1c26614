// A Kafka consumer with assigned partitions and the application that reads from it: one life of a client process.
//
// The application's thread polls: it is handed up to max.poll.records buffered records, and before it processes
// them the next fetches go out (pipelining). One fetch is in flight per broker, for those partitions that have a
// position, a leader and nothing buffered; the broker may hold it for fetch.max.wait.ms.
//
// Rules: KafkaConsumer.poll, AbstractFetch.prepareFetchRequests, FetchCollector, OffsetFetcher (kafka-behaviour.md
// sections 1.8, 4.6). The position starts by auto.offset.reset, as nothing is committed.
// As a member of a group (group_member.h) it reads what the group gives it, from the committed offsets on.
// Reading from followers (KIP-392, AbstractFetch.selectReadReplica): with client.rack the leader may name a replica to read
// from, which holds for metadata.max.age.ms, until a new leader is known, until that broker is gone from the metadata, or
// until it fails: then the leader is asked again.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/devices/host/service.h"
#include "models/history/history.h"
#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/group_member.h"
#include "models/kafka/client/metadata.h"
#include "models/kafka/client/params.h"
#include "models/kafka/wire/fetch_session_handler.h"
#include "models/log/batch.h"

namespace brokersim::kafka::client {

class Consumer final : public host::Service, private ConnectionListener, private MemberOwner {
 public:
  /// `store` tells what a fetched batch holds; it and `history` must outlive the consumer.
  Consumer(sim::Process& process, const ClientSite& site, ConsumerParams params, const log::BatchStore& store,
           history::History& history);

  void start() override;
  /// Stops at once: nothing is committed. A member of a group closes in order: last commit, LeaveGroup.
  void terminate() override;

  /// The application has done its work (ConsumerApplication::busy).
  void go_on() { settle(); }

  /// seek(): goes on there, if the partition is still its own and has a position. What is buffered is thrown away.
  void seek(std::size_t index, std::int64_t offset);
  /// seek() to what the group has committed, asked for anew: for who does not know whether its last commit counts. Where
  /// nothing is committed, to `otherwise`. The partition is not read until the answer is there, unless it is taken away.
  void seek_to_committed(std::size_t index, std::int64_t otherwise);
  /// groupMetadata(): as whom it is known to its group (KIP-447).
  [[nodiscard]] GroupIdentity group_identity() const;

  /// The next offset to hand out, -1 while unknown. `index` counts the assigned partitions.
  [[nodiscard]] std::int64_t position(std::size_t index) const { return partitions_[index].position; }

 private:
  enum class Where : std::uint8_t {
    unowned,     ///< The group has not given it to us.
    awaiting,    ///< Ours; the committed offset is being asked for.
    unknown,     ///< No position: ask for the reset offset.
    asking,      ///< ListOffsets under way.
    validating,  ///< Has a position; a new leader is being asked whether it has it too.
    fetching,    ///< Has a position.
    stopped,     ///< auto.offset.reset=none: the application saw an exception.
  };
  struct Partition {
    Where where = Where::unknown;
    std::int64_t position = -1;
    std::int64_t reset_from = -1;  ///< Position that was out of range, until the reset; -1 none.
    std::int64_t uncommitted_from =
        -1;  ///< While awaiting: where to begin if nothing is committed; -1: auto.offset.reset.
    bool buffered = false;         ///< A fetched answer waits for the application: not fetched again.
    wire::BrokerId fetched_from =
        -1;  ///< Broker with a fetch under way for it; -1 none. A new leader is asked at once.
    std::int64_t failures = 0;
    std::uint64_t draws = 0;
    sim::SimTime not_before;
    std::int32_t asked_epoch = -1;              ///< Leader epoch of the last request.
    std::int32_t failed_epoch = -1;             ///< Backoff holds only while the leader epoch is this one.
    sim::SimTime wanted = sim::SimTime::max();  ///< Since when it waits for a good answer; max: it does not.
    wire::BrokerId preferred = -1;              ///< Read from there (KIP-392); -1: from the leader.
    std::int32_t preferred_epoch = -1;
    sim::SimTime preferred_until;
    std::int32_t position_epoch = -1;   ///< Leader epoch of the record before the position; -1 unknown.
    std::int32_t validated_epoch = -1;  ///< Leader epoch whose leader has the position.
    int answered = -1;                  ///< Last FetchAnswered recorded: -1 none, 0 not ok, 1 ok.
  };
  /// An answer that waits for the application.
  struct Fetched {
    std::int32_t index = -1;
    std::vector<log::BatchId> batches;
    std::size_t next = 0;
    wire::BrokerId broker = -1;  ///< Who served it.
    std::vector<log::AbortedTransaction> aborted;  ///< Of read_committed, by first offset.
    std::size_t aborted_next = 0;                  ///< Those before have begun.
    std::vector<std::int64_t> aborting;            ///< Producers whose records do not count just now.
  };
  /// Records that poll() returned and whose processing waits for their commit.
  struct Taken {
    std::int32_t index = -1;
    history::Consumed event;
  };
  struct Fetch {
    bool under_way = false;
    std::vector<std::int32_t> indexes;
    wire::FetchSessionHandler session;
  };

  void on_broker_ready(wire::BrokerId broker) override;
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;
  void on_wake();
  void meet_successor(std::int32_t index);

  // consumer.cpp: life, positions, fetching.
  void settle();
  void request_all();
  void ask_offset(std::int32_t index, wire::BrokerId leader);
  void validate(std::int32_t index, wire::BrokerId leader);
  /// Where to fetch the partition from: its leader, or the replica that the leader has named.
  [[nodiscard]] wire::BrokerId source_of(std::int32_t index);
  void send_fetch(wire::BrokerId broker);
  [[nodiscard]] bool is_held_back(const Partition& partition, std::int32_t epoch) const;
  void arm();

  // consumer_answers.cpp: what answers mean.
  void on_fetch_response(wire::BrokerId broker, const wire::FetchResponse& response);
  void on_fetched_part(wire::BrokerId broker, const wire::FetchedPart& part);
  void on_offset(std::int32_t index, const wire::ListOffsetsResponse& response);
  void on_epoch_end(std::int32_t index, const wire::EpochAnswer& answer);
  void on_error(std::int32_t index, wire::ErrorCode error);
  void on_corrupt(std::int32_t index, log::BatchId batch);
  void back_off(std::int32_t index);
  void note_answer(std::int32_t index, bool ok);
  void note_reset(std::int32_t index, std::int64_t to);
  void note_position(std::int32_t index, history::PositionAnswer answer);
  void end_fetch(wire::BrokerId broker);

  // consumer_poll.cpp: the application.
  void poll();
  /// True when it may return records: nothing of the group's keeps it.
  [[nodiscard]] bool poll_group();
  void process_taken(bool committed);
  void begin_processing(std::int64_t records);
  [[nodiscard]] bool application_free() const {
    return busy_until_ <= now() && !committing_ && !application_busy();
  }
  [[nodiscard]] std::int64_t hand_out(Fetched& fetched, std::int64_t records_max);
  [[nodiscard]] std::int64_t hand_out_cleaned(Fetched& fetched, const log::StoredBatch& batch,
                                              std::int64_t from, std::int64_t records_max);
  /// A marker, or of an aborted transaction: nothing of it reaches the application.
  [[nodiscard]] bool is_filtered(Fetched& fetched, const log::StoredBatch& batch) const;
  void hand_over(std::int32_t index, const history::Consumed& event);
  void tell(const Fetched& fetched, const log::StoredBatch& batch, std::int64_t from, std::int64_t to);

  // consumer_group.cpp: as a member of a group.
  [[nodiscard]] std::vector<wire::PartitionOffset> consumed() const override;
  void assigned(const std::vector<wire::PartitionId>& partitions) override;
  void dropped(const std::vector<wire::PartitionId>& partitions) override;
  void start_at(wire::PartitionId partition, std::int64_t offset) override;
  void commit_ended(bool ok) override;
  void wake() override { settle(); }
  void left() override;

  [[nodiscard]] bool application_busy() const {
    return params_.application != nullptr && params_.application->busy();
  }
  [[nodiscard]] sim::SimTime now() const { return component_.now(); }
  [[nodiscard]] Partition& at(std::int32_t index) { return partitions_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Fetch& fetch_of(wire::BrokerId broker);

  sim::Component component_;
  ClientSite site_;
  ConsumerParams params_;
  const log::BatchStore& store_;
  history::History& history_;
  std::unique_ptr<compute::ThreadPool> thread_;  // that polls; null: it needs no time
  BrokerConnections connections_;
  MetadataUpdater metadata_;
  sim::Stream retry_jitter_;

  std::vector<Partition> partitions_;
  std::vector<Fetch> fetches_;                    // by broker id
  std::deque<Fetched> buffer_;                    // in order of arrival
  std::vector<std::vector<log::BatchId>> spare_;  // emptied answers, to be used again
  std::vector<wire::BrokerId> wanted_brokers_;    // scratch
  std::vector<wire::BrokerId> online_;            // by the last metadata, if client.rack is set
  sim::Duration decompression_;                   // of what the present poll() hands out
  sim::SimTime busy_until_;                       // the application processes until then
  sim::EventHandle wake_;
  sim::SimTime wake_at_ = sim::SimTime::max();
  sim::SimTime held_back_until_ = sim::SimTime::max();
  bool stopped_ = false;
  std::unique_ptr<GroupMember> member_;  // null: not a member of a group
  std::vector<Taken> taken_;
  std::int64_t handed_out_ = 0;  // records of the present poll() so far
  bool committing_ = false;      // the application waits for commitSync()
  bool uncommitted_ = false;     // processed, to be committed before the next poll
  sim::SimTime worker_free_;     // in_background: when the worker is through with what it has
};

}  // namespace brokersim::kafka::client
