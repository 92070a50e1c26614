#include "models/kafka/controller/quorum.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

constexpr const char* kDirectory = "__cluster_metadata-0";

/// "EPOCH VOTED LEADER", as quorum-state holds it; nothing if there is none or it was lost.
raft::Election parse_election(const std::optional<std::string>& content) {
  raft::Election election;
  if (!content) return election;
  const char* at = content->data();
  const char* end = at + content->size();
  for (std::int32_t* field : {&election.epoch, &election.voted_for, &election.leader}) {
    while (at < end && *at == ' ') ++at;
    at = std::from_chars(at, end, *field).ptr;
  }
  return election;
}

std::string text_of(const raft::Election& election) {
  return std::to_string(election.epoch) + " " + std::to_string(election.voted_for) + " " +
         std::to_string(election.leader);
}

}  // namespace

MetadataQuorum::MetadataQuorum(sim::Component& owner, network::Network& network, network::HostId host,
                               storage::FileSystem& file_system, MetadataStore& store,
                               const QuorumConfig& config, QuorumListener& listener)
    : owner_(owner),
      network_(network),
      file_system_(file_system),
      config_(config),
      listener_(listener),
      state_file_(std::string(kDirectory) + "/quorum-state"),
      log_(store, file_system, kDirectory, config.segment_bytes),
      snapshots_(store, file_system, kDirectory) {
  VoterChannelListener& self = *this;
  for (std::size_t i = 0; i < config_.voters.size(); ++i) {
    const auto id = static_cast<wire::NodeId>(i);
    channels_.push_back(id == config_.self
                            ? nullptr
                            : std::make_unique<VoterChannel>(owner_, network_, host, config_.voters[i], id,
                                                             config_.rules.request_timeout, self));
  }
}

void MetadataQuorum::start() { owner_.spawn(load()); }

sim::Task<void> MetadataQuorum::load() {
  snapshots_.open();
  const wire::MetadataSnapshot* latest = snapshots_.latest();
  const wire::OffsetEpoch latest_id = latest == nullptr ? wire::OffsetEpoch{} : latest->id;
  log_.open(snapshots_.ids());
  if (log_.scanned().n > 0) {
    co_await file_system_.read(log_.file(), sim::Bytes{0}, file_system_.size(log_.file()));
  }
  if (latest != nullptr) {
    listener_.on_snapshot(*latest);
    told_ = latest_id.offset;
  }
  listener_.on_log_changed(history::MetadataChange::loaded, 0, told_, log_.end_offset());
  last_snapshot_ = owner_.now();
  const auto voters = static_cast<wire::NodeId>(std::max<std::size_t>(1, config_.voters.size()));
  const sim::Stream dice = owner_.stream("raft").child(config_.incarnation);
  const std::optional<std::string> state = file_system_.read_whole(state_file_);
  raft::Election election = parse_election(state);
  if (config_.stands_first && !state && log_.end_offset() == 0) election = {1, config_.self, wire::kNoNode};
  node_ = raft::make_node(config_.rules, config_.self, voters, dice, election, log_.epochs(), latest_id);
  outputs_.clear();
  next_output_ = 0;
  raft::start(*node_, owner_.now(), outputs_);
  if (perform()) work();
}

// --- one input after the other -----------------------------------------------------------------------------------

void MetadataQuorum::take(Input input) {
  inputs_.push_back(std::move(input));
  if (!busy_) work();
}

void MetadataQuorum::work() {
  busy_ = true;
  while (!inputs_.empty() && !failed_) {
    input_ = std::move(inputs_.front());
    inputs_.pop_front();
    outputs_.clear();
    next_output_ = 0;
    handle(input_);
    if (failed_) break;
    if (!perform()) return;
  }
  busy_ = false;
  arm();
}

void MetadataQuorum::handle(Input& input) {
  raft::Node& node = *node_;
  const sim::SimTime now = owner_.now();
  switch (input.kind) {
    case Input::Kind::request: raft::on_request(node, input.token, *input.message, now, outputs_); return;
    case Input::Kind::answer: raft::on_response(node, input.voter, *input.message, now, outputs_); return;
    case Input::Kind::failure:
      raft::on_request_failed(node, input.voter, input.correlation, now, outputs_);
      return;
    case Input::Kind::tick: raft::tick(node, now, outputs_); return;
    case Input::Kind::drain: drain(); return;
    case Input::Kind::shut_down: raft::shut_down(node, now, outputs_); return;
    case Input::Kind::snapshot_written: {
      raft::snapshot_written(node, input.snapshot, /*log_start=*/false);
      const wire::OffsetEpoch start = snapshots_.clean(log_.bytes(), config_.snapshots.retention);
      if (start.offset <= log_.start_offset()) return;
      log_.advance_start(start);
      node.log.advance_start(start);
      return;
    }
  }
}

void MetadataQuorum::drain() {
  if (waiting_.empty() || node_->role != raft::Role::leader) {
    waiting_.clear();
    return;
  }
  Records records = std::exchange(waiting_, {});
  const auto count = static_cast<std::int64_t>(records.size());
  const std::int64_t from = log_.end_offset();
  if (!appended(log_.append(std::move(records), node_->election.epoch))) return;
  tell_appended(node_->election.epoch, from);
  raft::appended(*node_, count, owner_.now(), outputs_);
}

void MetadataQuorum::tell_appended(std::int32_t epoch, std::int64_t from) {
  listener_.on_log_changed(history::MetadataChange::appended, epoch, from, log_.end_offset());
}

bool MetadataQuorum::perform() {
  // A leader's own records are in its log already; a follower's high watermark may run ahead of what is done below.
  if (node_->role == raft::Role::leader) tell_committed();
  while (next_output_ < outputs_.size()) {
    if (!perform(outputs_[next_output_++])) return false;
    if (failed_) return true;
  }
  tell_committed();
  tell_role();
  if (node_->shutting_down && raft::may_stop(*node_)) stopped_.notify_all();
  return true;
}

bool MetadataQuorum::perform(raft::Output& output) {
  if (auto* respond = std::get_if<raft::Respond>(&output)) {
    send(*respond);
  } else if (auto* request = std::get_if<raft::Send>(&output)) {
    channels_[static_cast<std::size_t>(request->to)]->send(std::move(request->request));
  } else if (std::holds_alternative<raft::FlushLog>(output)) {
    owner_.spawn(flush());
    return false;
  } else if (std::holds_alternative<raft::AppendFetched>(output)) {
    for (const MetadataBatch* batch :
         static_cast<const wire::MetadataFetchResponse&>(*input_.message).batches) {
      const std::int64_t from = log_.end_offset();
      if (!appended(log_.append(*batch))) return true;
      tell_appended(batch->epoch, from);
    }
  } else if (auto* change = std::get_if<raft::AppendLeaderChange>(&output)) {
    Records records(1);
    records.front().record.kind = wire::RecordKind::leader_change;
    const std::int64_t from = log_.end_offset();
    listener_.on_log_changed(history::MetadataChange::leads, change->epoch, 0, from);
    if (!appended(log_.append(std::move(records), change->epoch))) return true;
    tell_appended(change->epoch, from);
    tell_committed();
  } else if (auto* election = std::get_if<raft::PersistElection>(&output)) {
    owner_.spawn(persist(election->election));
    return false;
  } else if (auto* cut = std::get_if<raft::TruncateLog>(&output)) {
    const std::int64_t from = log_.end_offset();
    log_.truncate(cut->offset);
    listener_.on_log_changed(history::MetadataChange::truncated, 0, from, log_.end_offset());
  } else if (auto* complete = std::get_if<raft::InstallSnapshot>(&output)) {
    owner_.spawn(install(complete->snapshot));
    return false;
  } else {
    fail();
  }
  return true;
}

bool MetadataQuorum::appended(const storage::WriteResult& written) {
  held_back_ += written.held_back;
  if (written.status != storage::Status::ok) fail();
  return !failed_;
}

void MetadataQuorum::fail() {
  failed_ = true;
  listener_.on_fatal();
}

sim::Task<void> MetadataQuorum::persist(raft::Election election) {
  sim::Task<storage::Status> writing = file_system_.replace(state_file_, text_of(election));
  const storage::Status status = co_await writing;
  done_waiting(status);
}

sim::Task<void> MetadataQuorum::flush() {
  const sim::Duration held_back = std::exchange(held_back_, {});
  if (held_back > sim::Duration{}) co_await sim::delay(held_back, "controller.throttled");
  storage::Status status = storage::Status::ok;
  for (const storage::FileId file : log_.files()) {  // a roll may have left a dirty one behind
    if (status != storage::Status::ok || (file != log_.file() && !file_system_.has_dirty(file))) continue;
    status = co_await file_system_.sync(file);
  }
  done_waiting(status);
}

sim::Task<void> MetadataQuorum::install(const wire::MetadataSnapshot* snapshot) {
  const storage::Status status = co_await snapshots_.write(snapshot);
  if (status == storage::Status::ok) {
    const std::int64_t from = log_.end_offset();
    log_.reset(snapshot->id);
    snapshots_.forget_before(snapshot->id.offset);
    listener_.on_log_changed(history::MetadataChange::snapshot, snapshot->id.epoch, from,
                             snapshot->id.offset);
    listener_.on_snapshot(*snapshot);
    told_ = snapshot->id.offset;
    bytes_since_snapshot_ = 0;
    last_snapshot_ = owner_.now();
  }
  done_waiting(status);
}

void MetadataQuorum::done_waiting(storage::Status status) {
  if (status != storage::Status::ok) return fail();
  if (perform()) work();
}

// --- what others hear --------------------------------------------------------------------------------------------

void MetadataQuorum::send(raft::Respond& respond) {
  const auto found =
      std::lower_bound(askers_.begin(), askers_.end(), respond.token,
                       [](const auto& asker, std::uint64_t token) { return asker.first < token; });
  if (found == askers_.end() || found->first != respond.token) return;  // its connection has closed
  const network::ConnectionId connection = found->second;
  askers_.erase(found);
  if (respond.read_from >= 0) {
    auto& response = static_cast<wire::MetadataFetchResponse&>(*respond.response);
    log_.read(respond.read_from, kFetchBytesMax, response.batches);
  }
  if (respond.snapshot_position >= 0) {
    auto& response = static_cast<wire::FetchSnapshotResponse&>(*respond.response);
    response.snapshot = snapshots_.find(response.id);
    if (response.snapshot == nullptr) {
      response.error = wire::ErrorCode::snapshot_not_found;
    } else {
      response.bytes = std::min(kFetchBytesMax.n, response.snapshot->bytes - respond.snapshot_position);
    }
  }
  const sim::Bytes size = wire::raft_response_bytes(*respond.response);
  network_.send(connection, size, std::move(respond.response));
}

void MetadataQuorum::tell_committed() {
  const std::int64_t until = std::min(node_->high_watermark, log_.end_offset());
  while (told_ < until) {
    const MetadataBatch& batch = log_.batch_at(told_);
    if (batch.next_offset() > until) break;
    told_ = batch.next_offset();
    bytes_since_snapshot_ += wire::batch_bytes(batch);
    listener_.on_committed(batch);
  }
  consider_snapshot();
}

void MetadataQuorum::tell_role() {
  const raft::Node& node = *node_;
  const bool leads = node.role == raft::Role::leader;
  if (claimed_ && (!leads || node.election.epoch != claimed_epoch_)) {
    claimed_ = false;
    waiting_.clear();
    owner_.cancel(linger_);
    listener_.on_resigned();
  }
  if (claimed_ || !leads || !node.leader_high_watermark || told_ < node.high_watermark) return;
  claimed_ = true;
  claimed_epoch_ = node.election.epoch;
  listener_.on_leader(claimed_epoch_);
}

void MetadataQuorum::on_request(network::ConnectionId connection, std::unique_ptr<wire::Message> request) {
  askers_.emplace_back(next_token_, connection);
  Input input;
  input.kind = Input::Kind::request;
  input.message = std::move(request);
  input.token = next_token_++;
  take(std::move(input));
}

void MetadataQuorum::forget(network::ConnectionId connection) {
  std::erase_if(askers_, [&](const auto& asker) {
    if (asker.second != connection) return false;
    if (node_) raft::forget(*node_, asker.first);
    return true;
  });
}

void MetadataQuorum::on_answer(wire::NodeId from, std::unique_ptr<wire::Message> response) {
  Input input;
  input.kind = Input::Kind::answer;
  input.message = std::move(response);
  input.voter = from;
  take(std::move(input));
}

void MetadataQuorum::on_failure(wire::NodeId to, std::int32_t correlation) {
  Input input;
  input.kind = Input::Kind::failure;
  input.voter = to;
  input.correlation = correlation;
  take(std::move(input));
}

// --- the accumulator, timers ---------------------------------------------------------------------------------------

void MetadataQuorum::append(Records records) {
  SIM_CHECK(claimed_);
  if (records.empty()) return;
  const bool first = waiting_.empty();
  waiting_.insert(waiting_.end(), std::make_move_iterator(records.begin()),
                  std::make_move_iterator(records.end()));
  if (first) {
    linger_ = owner_.after(config_.append_linger, "controller.linger",
                           sim::bind<&MetadataQuorum::linger_over>(this));
  }
}

void MetadataQuorum::linger_over() {
  linger_ = {};
  Input input;
  input.kind = Input::Kind::drain;
  take(std::move(input));
}

void MetadataQuorum::arm() {
  const sim::SimTime next = raft::next_deadline(*node_);
  if (owner_.sim().pending(timer_)) {
    // A timer that comes too early finds nothing to do and is set again: cheaper than to move it with every fetch.
    if (timer_at_ <= next) return;
    owner_.cancel(timer_);
  }
  if (next == sim::SimTime::max()) return;
  timer_at_ = std::max(next, owner_.now());
  timer_ = owner_.at(timer_at_, "controller.raft", sim::bind<&MetadataQuorum::timer_due>(this));
}

void MetadataQuorum::timer_due() {
  timer_ = {};
  if (busy_) return;  // set again when it is done
  if (raft::next_deadline(*node_) > owner_.now()) {
    arm();
  } else {
    take(Input{});
  }
}

sim::Task<void> MetadataQuorum::shut_down() {
  if (!node_) co_return;
  Input input;
  input.kind = Input::Kind::shut_down;
  take(std::move(input));
  const sim::SimTime give_up = owner_.now() + kQuorumShutdownMax;
  while (!raft::may_stop(*node_) && owner_.now() < give_up) {
    co_await stopped_.wait_for(give_up - owner_.now());
  }
  const storage::Status status = co_await file_system_.sync(log_.file());
  if (status != storage::Status::ok) listener_.on_fatal();
}

}  // namespace brokersim::kafka::controller
