// Goal: what cannot be done is said at once, with place, fact and way out; what can is numbered in one order.
// Method: the small run of 12 s, one request for each mistake.
#include "app/branch/request.h"

#include "tests/app/branch/small.h"

namespace brokersim::branch {
namespace {

constexpr std::int64_t s_ns = 1'000'000'000;

scenario::Diagnostic only_error(const Request& request) {
  const PlanResult made = make_plan(request);
  EXPECT_FALSE(made.plan.has_value());
  EXPECT_EQ(made.diagnostics.size(), 1u) << scenario::render(made.diagnostics);
  return made.diagnostics.empty() ? scenario::Diagnostic{} : made.diagnostics.front();
}

TEST(BranchRequest, InstantsMustLieWithinTheRun) {
  Request request = small_request();
  request.at = {{0}};
  EXPECT_EQ(only_error(request).code, "branch/at-the-start");
  request.at = {{-s_ns}};
  EXPECT_EQ(only_error(request).code, "branch/at-the-start");
  request.at = {{12 * s_ns}};
  EXPECT_EQ(only_error(request).code, "branch/after-the-end");
  EXPECT_EQ(only_error(request).message, "a branch at 12 s has no future: the run ends at 12 s");
  request.at = {{12 * s_ns - 1}};
  EXPECT_TRUE(make_plan(request).plan.has_value());
  request.at = {};
  EXPECT_EQ(only_error(request).code, "branch/no-instant");
}

TEST(BranchRequest, CountsHaveBounds) {
  Request request = small_request();
  request.last = 0;
  EXPECT_EQ(only_error(request).code, "branch/no-branches");
  request.last = 1'000'000'000;
  EXPECT_EQ(only_error(request).code, "branch/too-many");
  request.last = ~std::uint64_t{0};
  EXPECT_EQ(only_error(request).code, "branch/too-many");
  request.last = 200'000;
  request.every = {2 * s_ns};
  EXPECT_EQ(
      only_error(request).message,
      "6 instants, 1 variants and 200000 branches are 1200000 runs, but at most 1000000 are done at a time");
  request.last = 1;
  request.every = {1};
  EXPECT_EQ(only_error(request).code, "branch/too-many");
  request.every = {-1};
  EXPECT_EQ(only_error(request).code, "branch/no-instant");
}

TEST(BranchRequest, InstantsAreSortedAndEachOnce) {
  Request request = small_request();
  request.at = {{7 * s_ns}, {3 * s_ns}, {7 * s_ns}};
  request.every = {4 * s_ns};
  const PlanResult made = make_plan(request);
  ASSERT_TRUE(made.plan.has_value());
  EXPECT_EQ(made.plan->at, (std::vector<sim::SimTime>{{3 * s_ns}, {4 * s_ns}, {7 * s_ns}, {8 * s_ns}}))
      << "12 s is the end and no instant";
}

TEST(BranchRequest, TasksCountIdsFastestThenVariantsThenInstants) {
  Request request = small_request();
  request.at = {{3 * s_ns}, {4 * s_ns}};
  request.first = 5;
  request.last = 6;
  request.variants = scenario::NamedText{"faults.json", R"({"none": [], "also none": []})"};
  const Plan plan = *make_plan(request).plan;
  ASSERT_EQ(plan.tasks(), 8u);
  EXPECT_EQ(plan.task(0), (Task{.point = 0, .variant = 0, .id = 5}));
  EXPECT_EQ(plan.task(1), (Task{.point = 0, .variant = 0, .id = 6}));
  EXPECT_EQ(plan.task(2), (Task{.point = 0, .variant = 1, .id = 5}));
  EXPECT_EQ(plan.task(7), (Task{.point = 1, .variant = 1, .id = 6}));
  request.variant = "also none";
  EXPECT_EQ(make_plan(request).plan->variants.size(), 1u);
  request.variant = "nobody";
  EXPECT_EQ(only_error(request).hint, "there are: none, also none");
}

TEST(BranchRequest, FaultsMustComeBeforeTheEndFromTheFirstInstantAtLeast) {
  Request request = small_request();
  request.at = {};
  request.every = {5 * s_ns};
  request.variants =
      scenario::NamedText{"f", R"([{"at": "7 s", "kind": "kill_process", "target": {"broker": 0}}])"};
  EXPECT_TRUE(make_plan(request).plan.has_value()) << "in time from 5 s, never requested from 10 s";
  request.variants->text = R"([{"at": "8 s", "kind": "kill_process", "target": {"broker": 0}}])";
  EXPECT_EQ(only_error(request).code, "branch/after-the-end");
}

TEST(BranchRequest, CrossesTheProcessBorderAsItIs) {
  Request request = small_request();
  request.overrides = {"/title=\xFF\x01", "/seed=7"};
  request.seed = ~std::uint64_t{0};
  request.every = {7};
  request.first = 3;
  request.last = 1'000;
  request.variants = scenario::NamedText{"faults.json", std::string("[\0]", 3)};
  request.variant = "x";
  request.jobs = 8;
  request.text_width = 77;
  EXPECT_EQ(decode(encode(request)), request);
  EXPECT_FALSE(decode("").has_value());
  EXPECT_FALSE(decode("{}").has_value());
  const std::string whole = encode(request);
  for (std::size_t cut = 0; cut < whole.size(); cut += 7)
    EXPECT_FALSE(decode(whole.substr(0, cut)).has_value());
}

TEST(BranchRequest, AWrongScenarioIsToldLikeEverywhere) {
  Request request = small_request();
  request.overrides = {"/duration=0 s"};
  EXPECT_EQ(only_error(request).code, "scenario/out-of-range");
}

}  // namespace
}  // namespace brokersim::branch
