// The tracer's eyes on brokers: their logs, requests and flushes.
#include <algorithm>
#include <utility>

#include "app/trace/flows.h"
#include "app/trace/tracer.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::trace {
namespace {

const char* reason_text(history::TruncateReason reason) {
  switch (reason) {
    case history::TruncateReason::divergence: return "divergence";
    case history::TruncateReason::out_of_range: return "out of range";
    case history::TruncateReason::recovery: return "recovery";
    case history::TruncateReason::high_watermark: return "high watermark";
  }
  return "?";
}

const char* state_text(history::LostState state) {
  switch (state) {
    case history::LostState::dirty: return "only in the page cache";
    case history::LostState::in_writeback: return "on its way to the drive";
    case history::LostState::drive_cache: return "in the drive's cache";
    case history::LostState::size_unknown: return "beyond the durable file size";
    case history::LostState::medium: return "on the medium";
  }
  return "?";
}

}  // namespace

// --- Brokers' logs -------------------------------------------------------------------------------------------------

void Tracer::on(const history::Appended& e) {
  Partition& partition = partition_at(e.records.partition);
  if (e.role == history::AppendRole::leader) {
    partition.log_end = e.base_offset + e.records.count;
    return;
  }
  Broker* follower = broker(e.broker);
  if (follower == nullptr || !spans_.within(e.at)) return;
  // It began when the leader's answer left; which leader's is known by who leads.
  sim::SimTime from = e.at;
  if (Broker* leader = broker(partition.leader); leader != nullptr) {
    const auto answered = leader->answered.find(e.broker);
    if (answered != leader->answered.end()) from = answered->second;
  }
  Slice slice{.place = place(follower->process, rank_copies, "copies from leaders"),
              .from = from,
              .to = e.at,
              .category = "replication",
              .name = batch_name(e.records)};
  slice.arguments = {{"base_offset", e.base_offset},
                     {"leader_epoch", std::int64_t{e.leader_epoch}},
                     {"producer", client_name(e.records.producer)}};
  if (const Batch* batch = batch_of(e.records); batch != nullptr) {
    if (Slice* request = spans_.find(batch->request); request != nullptr && request->from <= slice.from) {
      const std::uint64_t flow = flow_of(e.records, to_follower(e.broker));
      request->flows.push_back(flow);
      slice.flows.push_back(flow);
    }
  }
  spans_.add(std::move(slice));
}

void Tracer::on(const history::HighWatermark& e) {
  if (e.leader) partition_at(e.partition).high_watermark = e.offset;
}

void Tracer::log_event(std::int32_t id, sim::SimTime at, std::string what, Arguments arguments) {
  if (Broker* one = broker(id); one != nullptr && spans_.within(at))
    spans_.instant(place(one->process, rank_log, "log events"), at, "log", std::move(what),
                   std::move(arguments));
}

void Tracer::on(const history::Truncated& e) {
  log_event(e.broker, e.at, "truncated " + name(e.partition),
            {{"to_offset", e.to_offset}, {"from_offset", e.from_offset}, {"reason", reason_text(e.reason)}});
}
void Tracer::on(const history::FetchRefused& e) {
  log_event(e.broker, e.at, "fetch refused " + name(e.partition),
            {{"follower", std::int64_t{e.follower}},
             {"asked_epoch", std::int64_t{e.asked_epoch}},
             {"own_epoch", std::int64_t{e.own_epoch}}});
}
void Tracer::on(const history::StorageLost& e) {
  log_event(e.broker, e.at, "lost " + batch_name(e.records),
            {{"base_offset", e.base_offset}, {"was", state_text(e.state)}});
}
void Tracer::on(const history::CorruptRead& e) {
  log_event(e.broker, e.at, "corrupt batch " + name(e.partition), {{"offset", e.offset}});
}
void Tracer::on(const history::Recovered& e) {
  log_event(
      e.broker, e.at, "recovered " + name(e.partition),
      {{"log_end", e.log_end}, {"scanned_bytes", e.scanned_bytes}, {"clean", std::int64_t{e.clean ? 1 : 0}}});
}
void Tracer::on(const history::RegistrationRefused& e) {
  log_event(e.broker, e.at, "registration refused", {});
}
void Tracer::on(const history::LogDirFailed& e) {
  log_event(e.broker, e.at, "log directory failed",
            {{"log_dir", std::int64_t{e.log_dir}}, {"replicas", std::int64_t{e.replicas}}});
}
void Tracer::on(const history::GroupGeneration& e) {
  log_event(e.coordinator, e.at, "group " + world_.history().groups()[static_cast<std::size_t>(e.group.n)],
            {{"generation", std::int64_t{e.generation}}, {"members", std::int64_t{e.members}}});
}

/// What goes its ordinary way is seen by its requests; here is what does not.
void Tracer::on(const history::ShareRecordsChanged& e) {
  const char* what = nullptr;
  if (e.cause == history::ShareCause::lock_expired) what = "share locks ended";
  if (e.cause == history::ShareCause::session_ended) what = "share session ended";
  if (e.cause == history::ShareCause::released && e.state == history::ShareState::archived) what = "share records archived";
  if (what == nullptr) return;
  const std::string member = e.consumer.n < 0 ? std::string() : client_name(e.consumer);
  log_event(e.broker, e.at, what,
            {{"partition", name(e.partition)},
             {"first", e.first},
             {"records", e.end - e.first},
             {"member", member},
             {"deliveries", std::int64_t{e.delivery_count}}});
}
void Tracer::on(const history::ShareStartMoved& e) {
  if (!e.loaded) return;
  log_event(e.broker, e.at, "share group " + world_.history().groups()[static_cast<std::size_t>(e.group.n)],
            {{"partition", name(e.partition)}, {"start", e.start}});
}

// --- Requests and flushes ------------------------------------------------------------------------------------------

namespace {

const char* api_name(kafka::wire::Api api) {
  using enum kafka::wire::Api;
  switch (api) {
    case produce: return "Produce";
    case fetch: return "Fetch";
    case list_offsets: return "ListOffsets";
    case metadata: return "Metadata";
    case init_producer_id: return "InitProducerId";
    case broker_registration: return "BrokerRegistration";
    case broker_heartbeat: return "BrokerHeartbeat";
    case alter_partition: return "AlterPartition";
    case metadata_fetch: return "Fetch of metadata";
    case allocate_producer_ids: return "AllocateProducerIds";
    case vote: return "Vote";
    case begin_quorum_epoch: return "BeginQuorumEpoch";
    case end_quorum_epoch: return "EndQuorumEpoch";
    case fetch_snapshot: return "FetchSnapshot";
    case find_coordinator: return "FindCoordinator";
    case join_group: return "JoinGroup";
    case sync_group: return "SyncGroup";
    case heartbeat: return "Heartbeat";
    case leave_group: return "LeaveGroup";
    case offset_commit: return "OffsetCommit";
    case offset_fetch: return "OffsetFetch";
    case consumer_group_heartbeat: return "ConsumerGroupHeartbeat";
    case delete_records: return "DeleteRecords";
    case offsets_for_leader_epoch: return "OffsetsForLeaderEpoch";
    case elect_leaders: return "ElectLeaders";
    case alter_partition_reassignments: return "AlterPartitionReassignments";
    case create_partitions: return "CreatePartitions";
    case create_topics: return "CreateTopics";
    case delete_topics: return "DeleteTopics";
    case add_partitions_to_txn: return "AddPartitionsToTxn";
    case add_offsets_to_txn: return "AddOffsetsToTxn";
    case txn_offset_commit: return "TxnOffsetCommit";
    case end_txn: return "EndTxn";
    case write_txn_markers: return "WriteTxnMarkers";
    case share_group_heartbeat: return "ShareGroupHeartbeat";
    case share_fetch: return "ShareFetch";
    case share_acknowledge: return "ShareAcknowledge";
    case read_share_state: return "ReadShareGroupState";
    case write_share_state: return "WriteShareGroupState";
  }
  return "?";
}

}  // namespace

void Tracer::on_request(std::int32_t id, std::uint32_t slot, network::HostId from,
                        const kafka::wire::Message& request, sim::SimTime at) {
  Broker* one = broker(id);
  if (one == nullptr) return;
  Slice slice{.place = -1, .from = at, .to = {}, .category = "request", .name = api_name(request.api)};
  if (from != network::HostId{}) slice.arguments.push_back({"from", world_.network().name(from)});
  const kafka::wire::ProduceRequest* produced = nullptr;
  if (request.api == kafka::wire::Api::produce) {
    produced = static_cast<const kafka::wire::ProduceRequest*>(&request);
    slice.place = place(one->process, rank_produce, "produce requests");
    std::int64_t records = 0;
    for (const log::BatchData& batch : produced->batches) {
      records += batch.records.count;
      slice.flows.push_back(flow_of(batch.records, kToLeader));
    }
    if (!produced->batches.empty()) slice.name += " " + batch_name(produced->batches.front().records);
    if (produced->batches.size() > 1)
      slice.name += " and " + std::to_string(produced->batches.size() - 1) + " more";
    slice.arguments.push_back({"batches", static_cast<std::int64_t>(produced->batches.size())});
    slice.arguments.push_back({"records", records});
  } else if (request.api == kafka::wire::Api::fetch) {
    const auto& fetch = static_cast<const kafka::wire::FetchRequest&>(request);
    const bool follower = fetch.replica >= 0;
    slice.place = follower ? place(one->process, rank_follower_fetches, "fetches of followers")
                           : place(one->process, rank_consumer_fetches, "fetches of consumers");
    slice.name = follower ? "Fetch by broker " + std::to_string(fetch.replica) : "Fetch by consumer";
    if (follower) one->fetchers[slot] = fetch.replica;
  } else {
    slice.place = place(one->process, rank_other_requests, "other requests");
  }
  const SliceId kept = spans_.open(std::move(slice));
  one->requests[slot] = kept;
  if (produced == nullptr || spans_.find(kept) == nullptr) return;
  for (const log::BatchData& batch : produced->batches)
    batches_[{batch.records.producer.n, batch.records.partition.n, batch.records.first}] = {
        batch.records.count, kept};
}

void Tracer::on_request_done(std::int32_t id, std::uint32_t slot, const kafka::broker::RequestTimes& times) {
  Broker* one = broker(id);
  if (one == nullptr) return;
  const auto open = one->requests.find(slot);
  if (open == one->requests.end()) return;
  const SliceId kept = open->second;
  one->requests.erase(open);
  if (const auto fetcher = one->fetchers.find(slot); fetcher != one->fetchers.end()) {
    one->answered[fetcher->second] = times.sent;
    one->fetchers.erase(fetcher);
  }
  if (Slice* slice = spans_.find(kept); slice != nullptr) {
    const sim::SimTime answered = times.answered > sim::SimTime{} ? times.answered : times.sent;
    slice->parts = {{"network thread", times.read, times.queued},
                    {"request queue and handler", times.queued, times.handled},
                    {"log, flush and purgatory", times.handled, answered},
                    {"answer", answered, times.sent}};
  }
  spans_.close(kept, times.sent);
}

void Tracer::on_flush(std::int32_t id, history::PartitionId partition, sim::SimTime from, sim::SimTime to,
                      std::int64_t end) {
  if (const Broker* one = broker(id); one != nullptr)
    spans_.add({.place = place(one->process, rank_flushes, "flushes"),
                .from = from,
                .to = to,
                .category = "flush",
                .name = "flush " + name(partition),
                .arguments = {{"up_to_offset", end}}});
}

}  // namespace brokersim::trace
