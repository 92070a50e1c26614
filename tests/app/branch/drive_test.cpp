// Goal: branches are continuations of one run: unbranched the run itself, else independent of each other, of how many
// there are and of how many run at a time. Method: the program as worker, fingerprints compared.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "app/results/execute.h"
#include "sim/fingerprint.h"
#include "tests/app/branch/small.h"

namespace brokersim::branch {
namespace {

constexpr std::int64_t s = 1'000'000'000;

std::vector<std::string> fingerprints(const Driven& driven) {
  std::vector<std::string> all;
  for (const Outcome& o : driven.outcomes) all.push_back(o.fingerprint);
  return all;
}

std::string run_fingerprint() {
  const scenario::LoadResult loaded = scenario::load_text(small_text, "small.json");
  return sim::hex16(results::execute(*loaded.scenario, 5).facts.fingerprint);
}

TEST(Branches, NumberZeroIsTheRunItself) {
  Request request = small_request();
  request.at = {{1}, {s}, {5 * s}, {6 * s}, {12 * s - 1}};
  request.first = request.last = 0;
  const Driven all = driven(request);
  EXPECT_EQ(all.end.error, "");
  EXPECT_EQ(fingerprints(all), std::vector<std::string>(5, run_fingerprint()));
}

TEST(Branches, AreTheSameWhateverRunsBesideThem) {
  Request request = small_request();
  request.last = 12;
  request.jobs = 1;
  const std::vector<std::string> one_at_a_time = fingerprints(driven(request));
  ASSERT_EQ(one_at_a_time.size(), 12u);
  EXPECT_EQ(std::set<std::string>(one_at_a_time.begin(), one_at_a_time.end()).size(), 12u)
      << "each its own future";
  request.jobs = 5;
  EXPECT_EQ(fingerprints(driven(request)), one_at_a_time);
  request.jobs = 64;
  EXPECT_EQ(fingerprints(driven(request)), one_at_a_time);
  for (const std::uint64_t k : {1, 7, 12}) {
    Request alone = small_request();
    alone.first = alone.last = k;
    EXPECT_EQ(fingerprints(driven(alone)), std::vector{one_at_a_time[k - 1]}) << "branch " << k << " alone";
  }
  // Instants before it on the way change nothing either.
  request.at = {{2 * s}, {5 * s}};
  const std::vector<std::string> behind_another = fingerprints(driven(request));
  EXPECT_EQ(std::vector(behind_another.begin() + 12, behind_another.end()), one_at_a_time);
}

TEST(Branches, ComeInOrderWithTheirTaskAndBelongToTheirPast) {
  Request request = small_request();
  request.at = {{4 * s}, {7 * s}};
  request.last = 6;
  request.jobs = 4;
  const Driven all = driven(request);
  ASSERT_EQ(all.outcomes.size(), 12u);
  for (std::uint64_t n = 0; n < 12; ++n) {
    EXPECT_EQ(all.outcomes[n].number, n);
    EXPECT_EQ(all.outcomes[n].task, (Task{.point = n / 6, .variant = 0, .id = n % 6 + 1}));
    EXPECT_GT(all.outcomes[n].cpu_seconds, 0);
    EXPECT_GT(all.outcomes[n].metrics.at(1).value(), 0) << "records.sent of checkout";
  }
  // At 7 s the power is lost already: nobody can choose another broker any more.
  std::set<double> lost;
  for (std::uint64_t n = 6; n < 12; ++n) lost.insert(all.outcomes[n].metrics.at(0).value());
  EXPECT_EQ(lost.size(), 1u);
}

TEST(Branches, VariantsAddFaultsFromTheInstantOnWithTheSameRandomness) {
  Request request = small_request();
  request.first = request.last = 0;
  request.variants = scenario::NamedText{"faults.json", R"({"as it was": [], "panic": [
      {"at": "0 s", "kind": "kernel_panic", "target": {"broker": 2}, "restart_after": "1 s", "name": "now"}]})"};
  const Driven all = driven(request);
  ASSERT_EQ(all.outcomes.size(), 2u);
  EXPECT_EQ(all.outcomes[0].fingerprint, run_fingerprint()) << "no fault more, no draw more";
  EXPECT_NE(all.outcomes[1].fingerprint, run_fingerprint());
  EXPECT_NE(all.outcomes[1].json.find(R"("name":"now","kind":"kernel_panic")"), std::string::npos);
  EXPECT_NE(all.outcomes[1].json.find(R"("at_s":5.0)"), std::string::npos) << "counted from the branch";
  EXPECT_EQ(all.outcomes[1].replay,
            "brokersim branch small.json --seed 5 --at '5 s' --only 0 --faults faults.json --variant panic");
  request.variant = "panic";
  EXPECT_EQ(fingerprints(driven(request)), std::vector{all.outcomes[1].fingerprint}) << "chosen alone";
}

TEST(Branches, StoppedOnTheWayWhatIsCompleteIsHandedOn) {
  Request request = small_request();
  request.last = 500;
  request.jobs = 2;
  const PlanResult made = make_plan(request);
  std::vector<std::uint64_t> told;
  const DriveEnd end = drive(
      worker_command(), request, *made.plan, [&](const Outcome& o) { told.push_back(o.number); },
      [&] { return told.size() >= 3; });
  EXPECT_TRUE(end.interrupted);
  EXPECT_EQ(end.error, "");
  EXPECT_GE(told.size(), 3u);
  EXPECT_LT(told.size(), 500u);
  EXPECT_EQ(end.told, told.size());
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_TRUE(::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD) << "the worker is reaped";
}

// Method: programs that are no workers: missing, silent, talking nonsense.
TEST(Branches, AWorkerThatFailsIsAnErrorAndNoHang) {
  const Request request = small_request();
  const Plan plan = *make_plan(request).plan;
  const std::map<std::string, std::vector<std::string>> workers{
      {"could not be started: No such file or directory", {"/no/such/program"}},
      {"ended with exit code 3", {"/bin/sh", "-c", "exit 3"}},
      {"was killed by signal 9", {"/bin/sh", "-c", "kill -9 $$"}},
      {"sent what is no message",
       {"/bin/sh", "-c", "{ head -c 64 /dev/zero | tr '\\0' '\\377'; } >&0; exec sleep 9"}}};
  for (const auto& [error, command] : workers) {
    const DriveEnd end = drive(
        command, request, plan, [](const Outcome&) {}, [] { return false; });
    EXPECT_NE(end.error.find(error), std::string::npos) << end.error;
    EXPECT_EQ(end.told, 0u);
    EXPECT_TRUE(::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD);
  }
}

// Method: a name that no request of ours has, so that the worker refuses what the driver let pass.
TEST(Branches, AnOutcomeOfADeadProcessSaysHowToRepeatIt) {
  Request request = small_request();
  request.overrides = {"/title=\xFF"};
  const Plan plan = *make_plan(small_request()).plan;
  const Outcome outcome = outcome_of_dead(request, plan, 0, "was killed by signal 9 (Killed)");
  EXPECT_EQ(outcome.exit_code, 70);
  EXPECT_TRUE(outcome.failed());
  EXPECT_NE(outcome.json.find(R"("branch":1,"branch_at_s":5.0)"), std::string::npos) << outcome.json;
  EXPECT_NE(outcome.json.find("killed by signal 9"), std::string::npos);
  EXPECT_NE(outcome.replay.find("--at '5 s' --only 1"), std::string::npos);
  EXPECT_EQ(outcome.metrics.size(), 2u);
}

TEST(Branches, ADamagedOutcomeIsNone) {
  EXPECT_FALSE(decode_outcome("").has_value());
  EXPECT_FALSE(decode_outcome("{}\n{}\n").has_value());
  EXPECT_FALSE(decode_outcome("[1,2]\n{}").has_value());
}

}  // namespace
}  // namespace brokersim::branch
