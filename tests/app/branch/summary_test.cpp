// Goal: shares and bounds are those of what was added, in whatever order. Method: made-up outcomes.
#include "app/branch/summary.h"

#include "tests/app/branch/small.h"

namespace brokersim::branch {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

Outcome outcome_of(const Plan& plan, std::uint64_t number, int exit_code, double lost) {
  Outcome outcome;
  outcome.number = number;
  outcome.task = plan.task(number);
  outcome.exit_code = exit_code;
  outcome.metrics = {lost, 100.0};
  outcome.replay = "replay " + std::to_string(number);
  if (exit_code == 1) outcome.violated = {"a law"};
  return outcome;
}

TEST(BranchSummary, OneInstantShowsMetricsAndExactBounds) {
  Request request = small_request();
  request.last = 100;
  const Plan plan = *make_plan(request).plan;
  Summary summary(request, plan);
  for (std::uint64_t n = 0; n < 100; ++n) summary.add(outcome_of(plan, n, n < 3 ? 1 : 0, n < 1 ? 7 : 0));
  const std::string text = summary.render(100, false);
  EXPECT_NE(text.find("branches that failed: 3 of 100 (3 %, 0.623 to 8.52 %)"), std::string::npos) << text;
  EXPECT_NE(text.find("lost acknowledged records: 1 of 100"), std::string::npos) << text;
  EXPECT_NE(text.find("Replay\n  replay 0\n"), std::string::npos) << text;
  EXPECT_EQ(summary.exit_code(), 1);
}

TEST(BranchSummary, SeveralInstantsAreACurveAndOrderDoesNotMatter) {
  Request request = small_request();
  request.at = {{4 * second_ns}, {8 * second_ns}};
  request.last = 10;
  const Plan plan = *make_plan(request).plan;
  Summary forth(request, plan), back(request, plan);
  for (std::uint64_t n = 0; n < 20; ++n) forth.add(outcome_of(plan, n, n == 13 || n == 17 ? 1 : 0, 0));
  for (std::uint64_t n = 20; n-- > 0;) back.add(outcome_of(plan, n, n == 13 || n == 17 ? 1 : 0, 0));
  EXPECT_EQ(forth.render(100, false), back.render(100, false));
  EXPECT_EQ(forth.json(), back.json());
  EXPECT_NE(
      forth.json().find(
          R"({"branch_at_s":8.0,"variant":null,"branches":10,"failed":2,"failed_share":{"value":0.2,"low":0.0252)"),
      std::string::npos)
      << forth.json();
  EXPECT_NE(forth.render(100, false).find("####"), std::string::npos) << "a fifth of twenty";
  EXPECT_NE(forth.render(100, false).find("replay 13"), std::string::npos);
}

TEST(BranchSummary, AProcessThatDiedCountsAsNoResultAndAsTheWorst) {
  Request request = small_request();
  request.last = 2;
  const Plan plan = *make_plan(request).plan;
  Summary summary(request, plan);
  summary.add(outcome_of(plan, 0, 1, 1));
  summary.add(outcome_of_dead(request, plan, 1, "was killed by signal 9 (Killed)"));
  EXPECT_EQ(summary.exit_code(), 70);
  EXPECT_NE(summary.render(100, false).find("without a result: 1 of 2"), std::string::npos);
  EXPECT_NE(summary.json().find(R"("died":1)"), std::string::npos);
}

TEST(BranchSummary, WithoutABranchThereIsNoShare) {
  const Request request = small_request();
  const Plan plan = *make_plan(request).plan;
  const Summary summary(request, plan);
  EXPECT_NE(summary.render(100, false).find("no branch has ended"), std::string::npos);
  EXPECT_EQ(summary.exit_code(), 0);
}

}  // namespace
}  // namespace brokersim::branch
