#include "tests/models/checkers/history_tape.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::checkers::test {

history::History facts_of(const history::History& history) {
  history::History facts;
  for (const history::PartitionInfo& partition : history.partitions()) facts.add_partition(partition);
  for (const history::ClientInfo& client : history.clients()) facts.add_client(client);
  for (const std::string& group : history.groups()) facts.group(group);
  for (const history::DatabaseInfo& database : history.databases()) facts.add_database(database);
  for (const history::PipelineInfo& pipeline : history.pipelines()) facts.add_pipeline(pipeline);
  for (const history::InboxInfo& inbox : history.inboxes()) facts.add_inbox(inbox);
  for (const history::TransformationInfo& info : history.transformations()) facts.add_transformation(info);
  for (const history::ShareGroupInfo& info : history.share_groups()) facts.add_share_group(info);
  return facts;
}

Findings judge(const Tape& tape) {
  history::History history = facts_of(tape.facts);
  RunObserver observer(history, /*invariants=*/true);
  for (const Event& event : tape.events) std::visit([&](const auto& e) { history.record(e); }, event);
  return observer.finish(tape.end, tape.leaders);
}

const CheckResult& verdict(const Findings& findings, CheckId law) {
  const CheckResult& result = findings.checks.at(static_cast<std::size_t>(law));
  SIM_CHECK(result.id == checks().at(static_cast<std::size_t>(law)).id);
  return result;
}

void drop(Tape& tape, const Places& places) {
  for (auto place = places.rbegin(); place != places.rend(); ++place)
    tape.events.erase(tape.events.begin() + static_cast<std::ptrdiff_t>(*place));
}

void put_before(Tape& tape, std::size_t place, Event what) {
  const sim::SimTime at = std::visit([](const auto& e) { return e.at; }, tape.events.at(place));
  std::visit([&](auto& e) { e.at = at; }, what);
  tape.events.insert(tape.events.begin() + static_cast<std::ptrdiff_t>(place), std::move(what));
}

void put_after(Tape& tape, std::size_t place, Event what) {
  const sim::SimTime at = std::visit([](const auto& e) { return e.at; }, tape.events.at(place));
  std::visit([&](auto& e) { e.at = at; }, what);
  tape.events.insert(tape.events.begin() + static_cast<std::ptrdiff_t>(place) + 1, std::move(what));
}

void move_before(Tape& tape, std::size_t from, std::size_t to) {
  Event what = tape.events.at(from);
  tape.events.erase(tape.events.begin() + static_cast<std::ptrdiff_t>(from));
  const std::size_t place = to > from ? to - 1 : to;
  tape.events.insert(tape.events.begin() + static_cast<std::ptrdiff_t>(place), std::move(what));
}

void swap(Tape& tape, std::size_t one, std::size_t other) {
  std::swap(tape.events.at(one), tape.events.at(other));
}

}  // namespace brokersim::checkers::test
