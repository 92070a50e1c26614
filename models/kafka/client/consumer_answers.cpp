// What a consumer makes of answers and errors (FetchCollector.handleInitializeErrors, OffsetFetcherUtils).
#include <algorithm>
#include <utility>

#include "models/kafka/client/consumer.h"
#include "models/kafka/client/produce_errors.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;

void Consumer::on_fetch_response(wire::BrokerId broker, const wire::FetchResponse& response) {
  // Partitions that the answer leaves out had nothing new: an incremental session lists only what changed.
  if (!fetch_of(broker).session.answered(response)) return end_fetch(broker);  // a full fetch follows
  for (const wire::FetchedPart& part : response.parts) on_fetched_part(broker, part);
  for (const std::int32_t index : fetch_of(broker).indexes) {
    if (at(index).fetched_from == broker) note_answer(index, true);
  }
  end_fetch(broker);
}

void Consumer::end_fetch(wire::BrokerId broker) {
  Fetch& fetch = fetch_of(broker);
  for (const std::int32_t index : fetch.indexes) {
    if (at(index).fetched_from == broker) at(index).fetched_from = -1;
  }
  fetch.indexes.clear();
  fetch.under_way = false;
}

void Consumer::on_fetched_part(wire::BrokerId broker, const wire::FetchedPart& part) {
  const std::int32_t index = metadata_.leaders().index_of(part.partition);
  SIM_CHECK(index >= 0, "a fetch response for a partition nobody asked for");
  if (part.partition != params_.partitions[static_cast<std::size_t>(index)]) return;  // of a topic that is gone
  Partition& partition = at(index);
  if (partition.fetched_from != broker || partition.where != Where::fetching) return;
  if (part.error == ErrorCode::none) {
    partition.failures = 0;
    partition.not_before = {};
    if (part.preferred >= 0) {  // the answer is empty; the next fetch goes there
      partition.preferred = part.preferred;
      partition.preferred_epoch = partition.asked_epoch;
      partition.preferred_until = now() + params_.config.metadata_max_age;
      partition.fetched_from = -1;
      return;
    }
    if (part.corrupt_from == 0) return on_corrupt(index, part.batches.front());
    if (part.batches.empty()) return;
    Fetched fetched;
    fetched.index = index;
    fetched.broker = broker;
    if (!part.aborted.empty()) {
      fetched.aborted = part.aborted;
      std::sort(fetched.aborted.begin(), fetched.aborted.end(),
                [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
    }
    if (!spare_.empty()) {
      fetched.batches = std::move(spare_.back());
      spare_.pop_back();
    }
    const auto sound =
        part.corrupt_from < 0 ? part.batches.size() : static_cast<std::size_t>(part.corrupt_from);
    fetched.batches.assign(part.batches.begin(), part.batches.begin() + static_cast<std::ptrdiff_t>(sound));
    buffer_.push_back(std::move(fetched));
    partition.buffered = true;
    return;
  }
  metadata_.learn(part.partition, part.leader, part.leader_epoch);
  on_error(index, part.error);
}

/// check.crcs: poll() throws, and throws again, until somebody seeks behind the batch. Nobody does: the application logs it
/// and polls on, so that the partition stands still while other ones go on.
void Consumer::on_corrupt(std::int32_t index, log::BatchId batch) {
  Partition& partition = at(index);
  history_.record(history::CorruptRead{now(), -1, params_.client,
                                       params_.partitions[static_cast<std::size_t>(index)],
                                       store_[batch].base_offset});
  partition.fetched_from = -1;
  note_answer(index, false);
  back_off(index);
}

void Consumer::on_error(std::int32_t index, ErrorCode error) {
  Partition& partition = at(index);
  partition.fetched_from = -1;
  const bool at_follower = partition.preferred >= 0;
  partition.preferred = -1;
  if (error == ErrorCode::offset_out_of_range && at_follower) return;  // the leader will know
  note_answer(index, false);
  if (error == ErrorCode::offset_out_of_range) {
    partition.where = Where::unknown;  // auto.offset.reset decides where to go on
    partition.reset_from = partition.position;
    return;
  }
  if (wants_metadata(error)) metadata_.request();
  back_off(index);
}

void Consumer::back_off(std::int32_t index) {
  Partition& partition = at(index);
  const auto id = static_cast<std::uint64_t>(params_.partitions[static_cast<std::size_t>(index)].n);
  const Backoff backoff{params_.config.retry_backoff, params_.config.retry_backoff_max};
  partition.not_before =
      now() + backoff(partition.failures++, retry_jitter_.child(id).bits(partition.draws++));
  // With NOT_LEADER the old leader's epoch is what failed; a newer one, known already or later, may be tried at once.
  partition.failed_epoch = partition.asked_epoch;
}

void Consumer::on_offset(std::int32_t index, const wire::ListOffsetsResponse& response) {
  Partition& partition = at(index);
  if (partition.where != Where::asking) return;
  if (response.error == ErrorCode::none) {
    partition.where = Where::fetching;
    note_reset(index, response.offset);
    partition.position = response.offset;
    partition.position_epoch = response.leader_epoch;
    partition.validated_epoch = partition.asked_epoch;
    partition.failures = 0;
    partition.not_before = {};
    note_position(index, history::PositionAnswer::found);
    return;
  }
  partition.where = Where::unknown;
  if (response.error == ErrorCode::offset_not_available)
    note_position(index, history::PositionAnswer::not_available);
  if (wants_metadata(response.error)) metadata_.request();
  back_off(index);
}

/// Tells that the application lost its position, if it had one.
void Consumer::note_reset(std::int32_t index, std::int64_t to) {
  const std::int64_t from = std::exchange(at(index).reset_from, -1);
  if (from < 0) return;
  history_.record(history::OffsetReset{now(), params_.client,
                                       params_.partitions[static_cast<std::size_t>(index)], from, to});
}

/// As OffsetsForLeaderEpochUtils and SubscriptionState.maybeCompleteValidation have it: where the logs part before the
/// position, go on from there if there is a reset policy, else tell the application (LogTruncationException).
void Consumer::on_epoch_end(std::int32_t index, const wire::EpochAnswer& answer) {
  Partition& partition = at(index);
  if (partition.where != Where::validating) return;
  partition.where = Where::fetching;
  if (answer.error != ErrorCode::none) {
    if (wants_metadata(answer.error)) metadata_.request();
    back_off(index);
    return;
  }
  partition.failures = 0;
  partition.not_before = {};
  partition.validated_epoch = partition.asked_epoch;
  const bool unknown = answer.epoch < 0 || answer.end_offset < 0;
  if (!unknown && answer.end_offset >= partition.position)
    return note_position(index, history::PositionAnswer::valid);
  if (params_.config.auto_offset_reset == OffsetReset::none) {
    partition.where = Where::stopped;
    note_answer(index, false);
  } else if (unknown) {
    partition.where = Where::unknown;
  } else {
    partition.position = answer.end_offset;
    partition.position_epoch = answer.epoch;
  }
  note_position(index, history::PositionAnswer::lost);
}

void Consumer::note_position(std::int32_t index, history::PositionAnswer answer) {
  const Partition& partition = at(index);
  history_.record(history::PositionAnswered{now(), params_.client,
                                            params_.partitions[static_cast<std::size_t>(index)], answer,
                                            partition.where == Where::fetching ? partition.position : -1});
}

/// Only changes are recorded: they bound the windows in which a partition could not be read.
void Consumer::note_answer(std::int32_t index, bool ok) {
  Partition& partition = at(index);
  partition.wanted = ok ? sim::SimTime::max() : std::min(partition.wanted, now());
  const int answered = ok ? 1 : 0;
  if (partition.answered == answered) return;
  partition.answered = answered;
  history_.record(history::FetchAnswered{now(), params_.client,
                                         params_.partitions[static_cast<std::size_t>(index)], ok,
                                         ok ? sim::SimTime{} : partition.wanted});
}

}  // namespace brokersim::kafka::client
