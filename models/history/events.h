// What happened, as values: the only thing that checkers, measures and explanations read.
//
// Two kinds of facts: what clients saw (sent, acknowledged, failed, consumed), and what the system did
// behind their back (white box: appended, truncated, elected, lost with the power). Every event carries its
// time; order is the order of recording. Strings appear only in names registered once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::history {

/// Dense number of a topic-partition, given by History::partition().
struct PartitionId {
  std::int32_t n = -1;
  [[nodiscard]] constexpr auto operator<=>(const PartitionId&) const = default;
};
/// Dense number of a client (one producer or consumer instance), given by History::client().
struct ClientId {
  std::int32_t n = -1;
  [[nodiscard]] constexpr auto operator<=>(const ClientId&) const = default;
};
/// Broker id as the cluster knows it; one cluster per history for now.
using BrokerId = std::int32_t;

/// `count` records that one producer addressed to one partition: ordinals first .. first + count - 1.
/// The ordinal counts this producer's records for this partition from 0; it is the record's identity.
struct RecordRange {
  ClientId producer;
  PartitionId partition;
  std::int64_t first = 0;
  std::int64_t count = 0;
  [[nodiscard]] bool operator==(const RecordRange&) const = default;
};

// --- what clients saw -------------------------------------------------------------------------------

enum class Outcome : std::uint8_t {
  acknowledged,  ///< Positive answer (acks=0: the request was written to the socket).
  failed,        ///< The application saw an error and the record was certainly not accepted.
  unknown,       ///< The application saw an error; the record may still be in the log.
};

/// The final word on a batch, once per record.
struct ProduceOutcome {
  sim::SimTime at;
  RecordRange records;
  Outcome outcome = Outcome::acknowledged;
  std::int16_t error = 0;         ///< Kafka error code of a failure, 0 if none.
  BrokerId broker = -1;           ///< Who answered; -1 nobody.
  std::int64_t base_offset = -1;  ///< Offset of records.first as answered; -1 unknown.
  std::int8_t acks = -1;          ///< acks setting of the producer: 0, 1, -1.
  sim::SimTime intended_first;    ///< Intended send time of the first record; the others are evenly spaced
  sim::SimTime intended_last;     ///< up to this one, that of the last.
  sim::SimTime first_sent;        ///< When a request with them left first; equals `at` if never sent.
  std::int32_t attempts = 0;      ///< Requests sent with them.
  sim::Bytes payload;             ///< Sum of record sizes.
};

/// Records accepted by send() (once each, when they join a batch).
struct Sent {
  sim::SimTime at;
  RecordRange records;
};

/// Records handed to the application of a consumer, in offset order.
struct Consumed {
  sim::SimTime at;
  ClientId consumer;
  RecordRange records;
  std::int64_t base_offset = 0;
  sim::SimTime intended_first;  ///< As in ProduceOutcome, for end-to-end latency.
  sim::SimTime intended_last;
  /// When the application begins with the first of them, and how long each takes: record i is done at
  /// `processed_from` + (i + 1) x `process_cost`, if the process is still alive then.
  sim::SimTime processed_from = {};
  sim::Duration process_cost = {};
  BrokerId broker = -1;  ///< Who served them; -1 unknown.
};

/// A client operation that keeps failing is visible through its outcomes; this marks a fetch that got data or
/// an empty answer, for availability windows.
struct FetchAnswered {
  sim::SimTime at;
  ClientId consumer;
  PartitionId partition;
  bool ok = true;
  sim::SimTime
      since;  ///< With ok = false: when this consumer first asked in vain; what it did before it asked does not count.
};

enum class PositionAnswer : std::uint8_t {
  found,          ///< The reset offset.
  not_available,  ///< OFFSET_NOT_AVAILABLE: the leader does not know its high watermark yet (KIP-207).
  valid,          ///< A new leader has the position (KIP-320).
  lost,           ///< A new leader's log parts from what was read, before the position.
};
/// A broker told a consumer where to read, or whether it may go on there.
struct PositionAnswered {
  sim::SimTime at;
  ClientId consumer;
  PartitionId partition;
  PositionAnswer answer = PositionAnswer::found;
  std::int64_t offset = -1;  ///< Where it reads now; -1 unknown.
};

/// A client process began anew: a consumer's positions and a producer's unsent records are gone.
struct ClientRestarted {
  sim::SimTime at;
  ClientId client;
};

/// A client's application has seen an exception that does not pass: it does nothing more in this life.
struct ClientFailed {
  sim::SimTime at;
  ClientId client;
  std::string group;       ///< Name of the group that it meant to be a member of; empty: of none.
  std::int16_t error = 0;  ///< Kafka error code.
};

/// A client process has ended, for whatever reason.
struct ClientStopped {
  sim::SimTime at;
  ClientId client;
};

// --- groups -----------------------------------------------------------------------------------------

/// Dense number of a consumer group, given by History::group().
struct GroupId {
  std::int32_t n = -1;
  [[nodiscard]] constexpr auto operator<=>(const GroupId&) const = default;
};

enum class OwnershipChange : std::uint8_t {
  assigned,  ///< onPartitionsAssigned: it reads them from now on.
  revoked,   ///< onPartitionsRevoked: given up in order, after a last commit.
  lost,      ///< onPartitionsLost: found out that they were not its any more.
};
/// A member's view of what it owns has changed.
struct OwnershipChanged {
  sim::SimTime at;
  ClientId consumer;
  GroupId group;
  std::int32_t generation = -1;  ///< Or member epoch (KIP-848), under which it owns them.
  OwnershipChange change = OwnershipChange::assigned;
  std::vector<PartitionId> partitions;  ///< Those that changed; may be empty.
};

/// The coordinator has a new generation: what it assigned to each member is durable.
struct GroupGeneration {
  sim::SimTime at;
  BrokerId coordinator = -1;
  GroupId group;
  std::int32_t generation = 0;
  std::int32_t members = 0;  ///< 0: the group is empty now.
  bool modern = false;       ///< By the protocol of KIP-848.
};

/// The coordinator of a group of KIP-848 counts a member as gone: it has left, was silent or too slow.
struct MemberRemoved {
  sim::SimTime at;
  GroupId group;
  ClientId consumer;
};

/// A committed offset has become visible at the coordinator.
struct OffsetCommitted {
  sim::SimTime at;
  BrokerId coordinator = -1;
  GroupId group;
  PartitionId partition;
  std::int64_t offset = 0;       ///< The next record to read.
  std::int32_t generation = -1;  ///< Of the member that committed; -1 not a member.
  /// The client had given up the connection that the request came by: a later commit of its may have overtaken it.
  bool abandoned = false;
};

// --- share groups (KIP-932) ----------------------------------------------------------------------------

/// What a share group holds a record to be, as the leader of its partition has it.
enum class ShareState : std::uint8_t { available, acquired, acknowledged, archived };

/// Why it is that.
enum class ShareCause : std::uint8_t {
  loaded,        ///< As the share coordinator had it when this leader asked.
  delivered,     ///< Given to a member, in an answer to its ShareFetch.
  accepted,      ///< The member has acknowledged it.
  released,      ///< The member gives it back.
  rejected,      ///< The member says that nobody shall have it.
  gap,           ///< The member found no record for an application there: a marker, or compacted away.
  lock_expired,  ///< Nothing was heard of it for share.record.lock.duration.ms.
  session_ended,  ///< The member has closed, or its connection was lost.
  log_start,      ///< The log begins above it now.
};
/// Records of a share-partition have changed their state at its leader. Told when it counts: what is to be persisted, after
/// that has been done.
struct ShareRecordsChanged {
  sim::SimTime at;
  BrokerId broker = -1;
  GroupId group;
  PartitionId partition;
  std::int64_t first = 0;
  std::int64_t end = 0;
  ClientId consumer;  ///< Who has them or had them; -1 nobody.
  ShareState state = ShareState::available;
  ShareCause cause = ShareCause::delivered;
  std::int32_t delivery_count = 0;  ///< As it is now.
};
/// The start of a share-partition (SPSO) as its leader has it: all below is settled.
struct ShareStartMoved {
  sim::SimTime at;
  BrokerId broker = -1;
  GroupId group;
  PartitionId partition;
  std::int64_t start = 0;
  bool loaded = false;  ///< A leader begins with this; what it holds of other records follows as `loaded`.
  bool fresh = false;   ///< With `loaded`: nothing was ever persisted, share.auto.offset.reset has decided.
};
/// A member has heard what became of its acknowledgements, or never will.
struct ShareAcknowledged {
  sim::SimTime at;
  ClientId consumer;
  GroupId group;
  PartitionId partition;
  std::int64_t first = 0;
  std::int64_t end = 0;
  ShareCause kind = ShareCause::accepted;  ///< accepted, released, rejected or gap.
  std::int16_t error = 0;                  ///< 0: they count. NETWORK_EXCEPTION: it cannot know.
};

// --- transactions, as their clients see them ---------------------------------------------------------

/// A record that a client has sent within a transaction of its own, which it numbers from 0 over all its lives.
struct TransactionJoined {
  sim::SimTime at;
  ClientId client;
  std::int64_t transaction = 0;
  RecordRange records;
  /// Made from this record of another topic (consume-process-produce); producer -1: of nothing.
  RecordRange source;
  std::int64_t amount = 0;  ///< What it moves, if transactions move something: those of one sum up to 0.
};

enum class TransactionOutcome : std::uint8_t {
  committed,  ///< commitTransaction() has returned.
  aborted,    ///< abortTransaction() has returned, or the transaction cannot have been committed.
  unknown,    ///< The client has found out that it is fenced, or gave up, while it tried to commit.
};
/// The client's last word on a transaction. None for one during which it died.
struct TransactionEnded {
  sim::SimTime at;
  ClientId client;
  std::int64_t transaction = 0;
  TransactionOutcome outcome = TransactionOutcome::committed;
  sim::SimTime began;
  std::int64_t records = 0;
  std::int16_t error = 0;  ///< Kafka error code that ended it, 0 if none.
  bool fenced = false;     ///< Somebody else has the transactional id now.
};

// --- what the system did (white box) ------------------------------------------------------------------

enum class AppendRole : std::uint8_t { leader, follower };

/// What a batch is to transactions.
enum class TransactionMark : std::uint8_t { none, data, commit, abort };

struct Appended {
  sim::SimTime at;
  BrokerId broker = -1;
  AppendRole role = AppendRole::leader;
  RecordRange records;
  std::int64_t base_offset = 0;   ///< Offset of records.first; offsets are consecutive within a batch.
  std::int32_t leader_epoch = 0;  ///< Epoch stamped on the batch.
  TransactionMark mark = TransactionMark::none;
  std::int16_t producer_epoch = -1;
  std::int64_t producer_id = -1;  ///< Of an idempotent producer; -1 without.
};

enum class TruncateReason : std::uint8_t {
  divergence,      ///< Follower cut to the end of a common epoch.
  out_of_range,    ///< Follower was ahead of an unclean leader.
  recovery,        ///< Restart: the first invalid batch and everything after it.
  high_watermark,  ///< Legacy rule (before 0.11) or its mutation.
};
/// Every record at or after `to_offset` left this replica's log.
struct Truncated {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int64_t to_offset = 0;
  std::int64_t from_offset = 0;  ///< Log end before.
  TruncateReason reason = TruncateReason::divergence;
};

struct HighWatermark {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int64_t offset = 0;  ///< New local value; may go down on followers.
  bool leader = false;
};

/// The ISR as a leader has it, whenever that changes: what its high watermark waits for.
struct LeaderIsr {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int32_t leader_epoch = 0;
  std::vector<BrokerId> committed;  ///< As the leader knows it: the minimum is judged by it.
  std::vector<BrokerId> maximal;    ///< Beside it, members that the leader has asked the controller to add.
  bool pending = false;             ///< A change is asked for and not answered.
};

/// A broker refused a fetch of a follower, because the two knew different leader epochs.
struct FetchRefused {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  BrokerId follower = -1;
  std::int32_t asked_epoch = 0;
  std::int32_t own_epoch = 0;
};

/// A replica began to lead or follow in an epoch, as it learned from metadata.
struct RoleChanged {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int32_t leader = -1;  ///< Who leads in this epoch; equals `broker` if it does; -1 nobody.
  std::int32_t leader_epoch = 0;
  std::int64_t log_end = 0;
};

/// Committed by the controller.
struct PartitionChanged {
  sim::SimTime at;
  PartitionId partition;
  std::int32_t leader = -1;
  std::int32_t leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  std::vector<BrokerId> isr;
  std::vector<BrokerId> elr;
  bool unclean = false;  ///< The leader was elected from outside ISR and ELR.
  bool by_operator =
      false;  ///< An administrator asked for that (ElectLeaders, KIP-460): allowed whatever the topic says.
};

/// The controller committed that the partition is gone: its topic was deleted.
struct PartitionDeleted {
  sim::SimTime at;
  PartitionId partition;
};

enum class BrokerEvent : std::uint8_t {
  process_started,  ///< Begins to load its log.
  running,          ///< Unfenced by the controller.
  fenced,           ///< By the controller.
  process_killed,   ///< SIGKILL; the page cache stays.
  stopped_clean,    ///< After a controlled shutdown.
  paused,
  resumed,
  kernel_panicked,  ///< Page cache lost.
  power_lost,       ///< Page cache and volatile drive cache lost.
  storage_damaged,  ///< A disk holds other data than was written, or another disk is there; nobody was told.
};
struct BrokerChanged {
  sim::SimTime at;
  BrokerId broker = -1;
  BrokerEvent event = BrokerEvent::running;
};

/// A coordinator has given a producer id and epoch to a client: whoever has an older epoch is fenced.
struct ProducerEpochGiven {
  sim::SimTime at;
  BrokerId coordinator = -1;
  std::int64_t producer_id = -1;
  std::int16_t epoch = 0;
  bool by_timeout = false;
};

/// The controller refused to register a broker whose previous incarnation still has a session.
struct RegistrationRefused {
  sim::SimTime at;
  BrokerId broker = -1;
};

/// In what state bytes were when they were lost.
enum class LostState : std::uint8_t {
  dirty,         ///< Only in the page cache.
  in_writeback,  ///< Submitted to the device, not complete.
  drive_cache,   ///< Complete, in the drive's volatile cache.
  size_unknown,  ///< Data durable but beyond the durable file size.
  medium,        ///< Durable, on a disk that was exchanged or set back.
};
enum class ControllerEvent : std::uint8_t {
  active,    ///< Leads the metadata quorum and has applied what was committed before.
  resigned,  ///< Has found out that it leads no more.
  stopped,   ///< Its process is gone, for whatever reason.
};
/// A controller of the metadata quorum.
struct ControllerChanged {
  sim::SimTime at;
  std::int32_t node = -1;   ///< Position among the controllers.
  std::int32_t epoch = -1;  ///< Of the quorum; -1 when stopped.
  ControllerEvent event = ControllerEvent::active;
};

/// Somebody fetched a batch whose checksum is wrong, and cannot go on there: a follower or a consumer.
struct CorruptRead {
  sim::SimTime at;
  BrokerId broker = -1;  ///< The follower; -1: a consumer.
  ClientId consumer;     ///< If it is one.
  PartitionId partition;
  std::int64_t offset = 0;  ///< First of the batch.
};

enum class MetadataChange : std::uint8_t {
  loaded,     ///< The process has started: its log ends at `to`.
  leads,      ///< The node leads `epoch` from now, with a log that ends at `to`; its own record comes next.
  appended,   ///< Records [from, to) of `epoch`.
  truncated,  ///< From `from` (the end) back to `to`.
  snapshot,   ///< Everything below `to` is a snapshot fetched from the leader.
  committed,  ///< Records [from, to) of `epoch` count as committed here, each once in a life, in order.
  damaged,    ///< Its disk has lost or changed what the node had fsynced; nobody was told.
};
/// The metadata log of a node of the quorum, or what a broker has of it.
struct MetadataLogChanged {
  sim::SimTime at;
  std::int32_t node = -1;  ///< Position among the controllers; of a broker its id.
  bool observer = false;   ///< A broker: only snapshot and committed.
  MetadataChange change = MetadataChange::appended;
  std::int32_t epoch = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// A stored batch that a crash took from a replica's disk image.
struct StorageLost {
  sim::SimTime at;
  BrokerId broker = -1;
  RecordRange records;
  std::int64_t base_offset = 0;
  LostState state = LostState::dirty;
};

/// Consecutive records of one producer and epoch, as recovery found them.
struct RecoveredRun {
  RecordRange records;
  std::int64_t base_offset = 0;
  std::int32_t leader_epoch = 0;
};

/// A replica finished loading its log.
struct Recovered {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int64_t log_end = 0;
  bool clean = false;  ///< The clean-shutdown marker was found.
  std::int64_t scanned_bytes = 0;
  /// What was scanned, in offset order without gaps up to log_end. Not always what the process had known: a crash may
  /// take back a truncation, and the old records are there again. Empty if nothing was scanned.
  std::vector<RecoveredRun> content;
};

/// Everything below `offset` of this replica is on the medium.
struct Flushed {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int64_t offset = 0;
};

/// The log start of a replica moved up: records below it are gone by right, not lost.
enum class LogStartCause : std::uint8_t {
  retention,       ///< retention.ms or retention.bytes.
  delete_records,  ///< An administrator asked for it.
  followed,        ///< The leader's log starts there.
  reset,           ///< A follower whose log ended before the leader's begins starts anew there.
  loaded,          ///< As found on the disk at the start of the process.
};
struct LogStartMoved {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::int64_t offset = 0;  ///< New log start. Higher than before, but for `loaded`.
  LogStartCause cause = LogStartCause::retention;
};

/// Offsets first .. end - 1.
struct OffsetRange {
  std::int64_t first = 0;
  std::int64_t end = 0;
  [[nodiscard]] bool operator==(const OffsetRange&) const = default;
};
/// Compaction has taken records out of a replica's log; the offsets of the others stay as they are.
struct Compacted {
  sim::SimTime at;
  BrokerId broker = -1;
  PartitionId partition;
  std::vector<OffsetRange> removed;  ///< Ascending, in this pass.
  /// False: the replica cleaned its log. True: it has copied a batch that its leader had cleaned.
  bool copied = false;
};

/// A log directory of a broker returned an error and is offline from now on, with every replica in it.
struct LogDirFailed {
  sim::SimTime at;
  BrokerId broker = -1;
  std::int32_t log_dir = 0;   ///< Place among the broker's log.dirs.
  std::int32_t replicas = 0;  ///< That went offline with it.
  bool halts = false;  ///< It was the last one, or it could not be told to the controller: the process ends.
};

/// An administrator's action is over.
struct AdminDone {
  sim::SimTime at;
  sim::SimTime asked_at;
  std::string name;
  std::string kind;    ///< "delete_records"
  std::string target;  ///< "orders/0"
  std::int16_t error = 0;
  std::string error_name;    ///< "" if none.
  std::int64_t offset = -1;  ///< delete_records: the low watermark answered.
};

/// A consumer found its position outside of the log and acted by auto.offset.reset.
struct OffsetReset {
  sim::SimTime at;
  ClientId consumer;
  PartitionId partition;
  std::int64_t from = 0;  ///< Its position.
  std::int64_t to = -1;   ///< Where it goes on; -1: it stopped (auto.offset.reset=none).
};

struct FaultFired {
  sim::SimTime at;
  std::int32_t fault = 0;  ///< Index into the realised fault list of the run.
  std::string kind;
  std::string target;   ///< Resolved: "host b-0", "broker 1 (leader of orders/0)".
  bool fired = true;    ///< False: requested, no candidate.
  bool healed = false;  ///< This entry marks its end.
  std::int64_t effects =
      -1;  ///< When healed: what it touched (messages held back, I/Os slowed); -1 not counted.
};

}  // namespace brokersim::history
