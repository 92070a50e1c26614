#include "models/checkers/law_book.h"

#include "models/checkers/words.h"

namespace brokersim::checkers {

const std::vector<CheckInfo>& checks() {
  static const std::vector<CheckInfo> all = {
      {CheckId::S1, "S1", "No record acknowledged with acks=all is lost.",
       "acks=all, unclean election off, within the fault budget since the acknowledgement"},
      {CheckId::S2, "S2",
       "Every acknowledged record is accounted for: on a current leader, at risk, or lost with its story.",
       "always; what acks=0 and acks=1 lose is counted here, not flagged"},
      {CheckId::S3, "S3",
       "Two replicas hold the same records, of the same epochs, below their high watermarks.",
       "within the fault budget, no unclean election"},
      {CheckId::S5, "S5",
       "Who is in the ISR or ELR and runs, and who takes the lead, holds everything that was committed.",
       "within the fault budget, no unclean election"},
      {CheckId::S7, "S7",
       "ISR and ELR are disjoint sets of replicas, the leader is elected from them, partition epochs grow.",
       "while no controller's disk forgets what it had fsynced; leaders from outside need unclean election, "
       "or an "
       "administrator who asks for one"},
      {CheckId::S8, "S8",
       "One leader per partition and epoch; epochs never go back; appends carry the appender's epoch.",
       "while no controller's disk forgets what it had fsynced"},
      {CheckId::S9, "S9",
       "A leader's high watermark never moves back while it leads, and never passes its log.",
       "within the fault budget, no unclean election"},
      {CheckId::S11, "S11",
       "Truncation never removes a committed record, and recovery never cuts what no crash took.",
       "within the fault budget, no unclean election"},
      {CheckId::S12, "S12", "Offsets are dense, and a committed offset holds one record for ever.",
       "density always; the rest within the fault budget, no unclean election"},
      {CheckId::S15, "S15",
       "What a crash leaves can be opened again: no log directory fails while its broker starts.",
       "while no disk has had a fault"},
      {CheckId::S20, "S20", "A producer's records stand in a partition in the order it sent them.",
       "producers with idempotence, or with one request in flight of which all were answered; within the "
       "fault budget; "
       "not KAFKA-14359, nor what a leader forgot that had restarted"},
      {CheckId::S21, "S21", "No record stands at two offsets of a partition.",
       "idempotent producers, within the fault budget; not KAFKA-14359, nor what a leader forgot that had "
       "restarted"},
      {CheckId::S22, "S22", "No record is in a log or read by a consumer that nobody sent.", "always"},
      {CheckId::S23, "S23",
       "An acks=all answer means committed; with flush.messages=1 also on the media of min ISR replicas.",
       "within the fault budget, no unclean election"},
      {CheckId::S24, "S24", "A record reported as not accepted is in no log.", "always"},
      {CheckId::S25, "S25", "What a consumer has read stays as it was read.",
       "within the fault budget, no unclean election"},
      {CheckId::S26, "S26",
       "A consumer gets the offsets of a partition without a gap and without going back.",
       "consumers between their starts, and while they own the partition, within the fault budget"},
      {CheckId::S27, "S27",
       "Consumers get no markers; with read_committed nothing of open or aborted transactions.",
       "clusters with transactional producers, within the fault budget"},
      {CheckId::S28, "S28",
       "Of a transaction all records count or none, as its client was told; with exactly_once every record "
       "in has one "
       "out.",
       "transactional producers, within the fault budget"},
      {CheckId::S29, "S29", "Once a client has a producer's new epoch, nothing of an older one is appended.",
       "transactional producers, within the fault budget"},
      {CheckId::S34, "S34",
       "Retention and DeleteRecords take committed records only; compaction keeps the last value of every "
       "key.",
       "within the fault budget, no unclean election"},
      {CheckId::L1, "L1", "A partition has a leader whenever somebody who may lead it is there.",
       "after 30 s in which nothing happened to brokers, controllers and networks, with an active "
       "controller; a stall that "
       "nobody could end is justified by name"},
      {CheckId::L4, "L4",
       "A live replica holds what its leader holds and is in the ISR, or is still copying.",
       "as L1; sound disks, leaders that have been still for 10 s, no administrator's actions"},
      {CheckId::L8, "L8", "No transaction stays open in a log when its time is long over.",
       "transactional producers, partitions that can be written to, those of coordinators included; 30 s "
       "after "
       "the end of transaction.timeout.ms and of the coordinator's pause between two looks, or after its "
       "producer has "
       "begun the next one, and after the last change of a broker"},
      {CheckId::L11, "L11", "What a member of a share group could have is given to one, the oldest first.",
       "share groups with members; the wait: within the fault budget, with leaders, coordinators that can "
       "write, members that "
       "have nothing to do, and nothing that happened for the time of a session and of a lock"},
      {CheckId::G1, "G1",
       "Within one generation of a group a partition has one owner; with KIP-848 never two that are members.",
       "members of groups"},
      {CheckId::G2, "G2", "Within one generation of a group a committed offset does not go back.",
       "members of groups"},
      {CheckId::G3, "G3",
       "At a leader a record of a share group is in one member's hands at a time, and is delivered at most "
       "as often as "
       "group.share.delivery.count.limit says, then archived.",
       "share groups"},
      {CheckId::G4, "G4",
       "A share group passes over no record, and what a member has heard to be acknowledged is given to "
       "nobody again.",
       "share groups, within the fault budget; once something of the group was persisted"},
      {CheckId::B1, "B1", "A transaction whose commit was answered survives every crash.",
       "synchronous_commit and fsync on, drives that do not lie about flushes"},
      {CheckId::O1, "O1",
       "An event whose row has committed reaches the topic, or somebody will still publish it.",
       "an outbox read by flag or below the horizon, marked after the acknowledgement, acks=all"},
      {CheckId::O2, "O2", "No event is in the topic whose row has not committed.",
       "an outbox; a database that keeps B1"},
      {CheckId::O3, "O3", "A publisher repeats at most one batch for each time it was interrupted.",
       "an outbox whose rows one worker reads, or that are locked; idempotent producers"},
      {CheckId::O4, "O4", "Events of one aggregate stand in the order of their commits.",
       "an outbox, transactions on one aggregate exclude each other, one worker for an aggregate, by id; "
       "no batch was sent in part"},
      {CheckId::O5, "O5", "Every event that was handled takes effect exactly once.",
       "consumers with an inbox; a database that keeps B1"},
      {CheckId::INV1, "INV1",
       "Who takes the lead of a partition holds everything below the true high watermark.",
       "where invariants are asked for; within the fault budget, no unclean election"},
      {CheckId::INV2, "INV2",
       "Every running member of ISR and ELR holds everything below the true high watermark.",
       "where invariants are asked for; within the fault budget, no unclean election"},
      {CheckId::INV3, "INV3",
       "While a leader may commit, its maximal ISR has every member of the controller's ISR and ELR.",
       "where invariants are asked for; within the fault budget"},
      {CheckId::INV4, "INV4", "Two replicas hold the same records below both their high watermarks.",
       "where invariants are asked for; within the fault budget, no unclean election"},
      {CheckId::INV5, "INV5",
       "A replica that stopped uncleanly is in no ISR and no ELR until it has caught up.",
       "where invariants are asked for; without ELR not the last replica standing"},
      {CheckId::INV6, "INV6",
       "What acks=all acknowledged is below the true high watermark, and is never lost.",
       "where invariants are asked for; within the fault budget, no unclean election"},
      {CheckId::INV7, "INV7",
       "One leader per partition and epoch, partition epochs grow, nobody fenced is in an ISR of two or "
       "more.",
       "where invariants are asked for; while no controller's disk forgets what it had fsynced"},
      {CheckId::INV8, "INV8",
       "Consumers are given only what lies below the high watermark of the replica that serves them, without "
       "gaps.",
       "where invariants are asked for; within the fault budget"},
      {CheckId::INV9, "INV9",
       "The metadata quorum has one leader an epoch, and what it has committed never changes.",
       "where invariants are asked for; a single controller must keep its machine, and no controller's disk "
       "may forget what "
       "it had fsynced"},
  };
  return all;
}

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return "holds";
    case Verdict::violated: return "violated";
    case Verdict::not_applicable: return "not_applicable";
  }
  return "";
}

namespace {

/// The invariant that says the same as the law; the law itself if none does.
CheckId invariant_of(CheckId law) {
  switch (law) {
    case CheckId::S1:
    case CheckId::S23: return CheckId::INV6;
    case CheckId::S3: return CheckId::INV4;
    case CheckId::S7:
    case CheckId::S8: return CheckId::INV7;
    case CheckId::S25:
    case CheckId::S26: return CheckId::INV8;
    default: return law;
  }
}

}  // namespace

void LawBook::breach(CheckId check, sim::SimTime at, const std::string& story, const std::string& excuse) {
  const CheckId invariant = invariant_of(check);
  if (invariant != check) breach(invariant, at, story, excuse);
  Entry& entry = entries_[static_cast<std::size_t>(check)];
  if (excuse.empty()) {
    if (entry.violations++ == 0) {
      entry.violated_at = at;
      entry.violation = story;
    }
    return;
  }
  if (entry.excused++ == 0) {
    entry.excused_at = at;
    entry.excused_story = story;
    entry.excuse = excuse;
  }
}

void LawBook::not_applicable(CheckId check, const std::string& why) {
  Entry& entry = entries_[static_cast<std::size_t>(check)];
  if (entry.no_subject.empty()) entry.no_subject = why;
}

void LawBook::note(CheckId check, const std::string& text) {
  Entry& entry = entries_[static_cast<std::size_t>(check)];
  if (!entry.note.empty()) entry.note += " ";
  entry.note += text;
}

bool LawBook::wants_story(CheckId check, bool excused) const {
  return excused ? entry(check).excused == 0 : entry(check).violations == 0;
}

std::vector<CheckResult> LawBook::results() const {
  std::vector<CheckResult> results;
  for (const CheckInfo& info : checks()) {
    if (static_cast<std::size_t>(info.check) >= shown_) break;
    const Entry& e = entry(info.check);
    CheckResult result{.id = info.id, .title = info.title};
    if (e.violations > 0) {
      result.verdict = Verdict::violated;
      result.detail = e.violation;
      result.breaches = e.violations;
      result.first_at = e.violated_at;
      if (e.violations > 1) result.detail += " (and " + count_text(e.violations - 1) + " more)";
    } else if (e.excused > 0) {
      result.verdict = Verdict::not_applicable;
      result.breaches = e.excused;
      result.first_at = e.excused_at;
      result.detail = "Outside its premises (" + e.excuse + "). Measured: " + e.excused_story;
      if (e.excused > 1) result.detail += " (and " + count_text(e.excused - 1) + " more)";
    } else if (!e.no_subject.empty()) {
      result.verdict = Verdict::not_applicable;
      result.detail = e.no_subject;
    } else {
      result.detail = e.note;
    }
    results.push_back(result);
  }
  return results;
}

}  // namespace brokersim::checkers
