// How an event got lost, or into the topic without its row: which steps, which transaction, which cursor.
#include <string>

#include "models/checkers/pipelines.h"
#include "models/checkers/words.h"

namespace brokersim::checkers {

using history::OutboxOrder;
using history::PipelineInfo;
using history::Publishing;

namespace {


/// What the service did after the commit of a dual write.
std::string after_the_commit(const EventState& state) {
  if (state.crashed_at != nullptr) {
    return "The service died at step " + std::string(state.crashed_at) + " at " + sim::to_string(state.crashed) +
           (state.sends == 0 ? ", before it had sent the event. "
                             : ", before anybody had answered its send. ");
  }
  if (state.ended) {
    return std::string(state.sends == 0 ? "It was never sent" : "The send failed") +
           ", and the operation ended at " + sim::to_string(state.ended_at) + ". ";
  }
  return "The service died before it had " +
         std::string(state.sends == 0 ? "sent it. " : "an answer to its send. ");
}

}  // namespace

std::string Pipelines::tell_lost(const PipelineInfo& info, history::EventNumber event,
                                 const EventState& state) const {
  std::string text = "The row of event " + std::to_string(event) + " (aggregate " +
                     std::to_string(state.aggregate) + ") committed at " + sim::to_string(state.committed) + ". ";
  if (state.accepted > 0) {
    return text + "Its record was acknowledged at " + sim::to_string(state.first_accepted) +
           ", and the topic does not hold it any more.";
  }
  if (info.publishing != Publishing::outbox) {
    return text + after_the_commit(state) +
           "A row in an outbox, written by the same transaction, would have kept the event.";
  }
  if (info.order == OutboxOrder::flag) {
    return text + "Its outbox row " + std::to_string(state.outbox_id) + " was marked as published at " +
           sim::to_string(state.marked) +
           (state.sends == 0 ? ", but it was never sent." : ", but no send of it was acknowledged.") +
           " A publisher that sends first and marks after the acknowledgement repeats instead of losing.";
  }
  const CursorMove* const move = jumped_by(info, state);
  text += "Its transaction (xid " + std::to_string(state.xid) + ") had begun at " + sim::to_string(state.began) +
          " and taken outbox id " + std::to_string(state.outbox_id) + ". ";
  if (move != nullptr) {
    text += "The publisher's cursor was moved to id " + std::to_string(move->id) + " at " +
            sim::to_string(move->at) +
            (move->at < state.committed ? ", while that row was not yet visible: a younger transaction with "
                                          "a higher id had committed first. "
                                        : ", by a batch that was read before the row became visible. ");
  }
  return text +
         "The cursor never looks back. A flag, or a cursor that stops below the oldest open transaction "
         "(pg_snapshot_xmin), would have found it.";
}

std::string Pipelines::tell_phantom(const PipelineInfo& info, history::EventNumber event,
                                    const EventState& state) const {
  std::string text = "Event " + std::to_string(event) + " (aggregate " + std::to_string(state.aggregate) +
                     ") was sent at " + sim::to_string(state.first_sent);
  if (state.accepted > 0) text += " and acknowledged at " + sim::to_string(state.first_accepted);
  text += ". ";
  if (row(info, state) == Row::lost) {
    const history::TransactionLost& loss = transactions_.loss(info.database, state.transaction);
    return text + "Its transaction had committed at " + sim::to_string(state.committed) + ", but the recovery at " +
           sim::to_string(loss.at) + " did not find it: its commit record was " + lost_in_text(loss.where) + ".";
  }
  if (state.crashed_at != nullptr && info.publishing != Publishing::outbox) {
    return text + "The service died at step " + std::string(state.crashed_at) + " at " +
           sim::to_string(state.crashed) + ", before its row had committed.";
  }
  if (state.ended && state.outcome == history::Outcome::failed)
    return text + "Its transaction was rolled back, at the latest at " + sim::to_string(state.ended_at) + ".";
  if (info.publishing == Publishing::outbox)
    return text + "Its transaction has not committed: the publisher read what was not there.";
  return text + "Its service died before the row had committed.";
}

}  // namespace brokersim::checkers
