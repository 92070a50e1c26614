// Goal: jobs start and end exactly when k first come, first served threads let them.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "models/devices/compute/thread_pool.h"

namespace brokersim::compute {
namespace {
using namespace sim::literals;

struct Ended {
  std::int64_t ns = 0;
  std::uint64_t job = 0;
  bool operator==(const Ended&) const = default;
};

struct Bench {
  sim::Simulation sim{1};
  sim::Process process{sim, "host/b/broker"};
  sim::Component component{process, "host/b/broker/io"};
  Cpu cpu{sim, "host/b/cpu", {}};
  std::vector<Ended> ended;

  void done(std::uint64_t job) { ended.push_back({sim.now().ns, job}); }
  void submit(ThreadPool& pool, sim::Duration cost, std::uint64_t job) {
    pool.submit(cost, sim::bind<&Bench::done>(this, job));
  }
};

// Method: M/D/2 by hand: five jobs of 10 us at 0, 2, 3, 9, 40 us on two threads.
TEST(ThreadPool, ExactScheduleOfTwoThreads) {
  Bench t;
  ThreadPool pool(t.component, 2, t.cpu);
  const std::int64_t arrivals[] = {0, 2'000, 3'000, 9'000, 40'000};
  for (std::uint64_t i = 0; i < 5; ++i) {
    t.sim.run_until(sim::SimTime{arrivals[i]});
    if (i == 3) {
      EXPECT_EQ(pool.busy(), 2);
      EXPECT_EQ(pool.queued(), 1u);
      EXPECT_EQ(pool.backlog(), 1_us + 3_us + 10_us);
      EXPECT_EQ(pool.wait(), 3_us)
          << "the second thread is free at 12 us: the queued job has taken the first";
    }
    t.submit(pool, 10_us, i);
  }
  EXPECT_EQ(pool.wait(), 0_us) << "one thread is idle";
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{10'000, 0}, {12'000, 1}, {20'000, 2}, {22'000, 3}, {50'000, 4}}));
  EXPECT_EQ(pool.busy_time(), 50_us);
  EXPECT_EQ(pool.wait_max(), 7_us);
  EXPECT_EQ(pool.completed(), 5u);
  EXPECT_EQ(t.sim.fingerprint().events(), 5u) << "one event a job";
}

// Method: 2,000 jobs with drawn arrivals and costs against the recursion of k servers: start = max(arrival,
// earliest free), in order of arrival; and wait() announces each start exactly.
TEST(ThreadPool, EqualsTheRecursionOfKServers) {
  for (const int threads : {1, 3, 8}) {
    Bench t;
    ThreadPool pool(t.component, threads, t.cpu);
    const sim::Stream draws = t.component.stream("jobs");
    std::vector<std::int64_t> free_at(static_cast<std::size_t>(threads), 0);
    std::vector<Ended> expected;
    std::int64_t now = 0;
    for (std::uint64_t i = 0; i < 2'000; ++i) {
      now += static_cast<std::int64_t>(draws.below(2 * i, 2'000 / static_cast<std::uint64_t>(threads)));
      const auto cost = static_cast<std::int64_t>(draws.below(2 * i + 1, 2'000));
      t.sim.run_until(sim::SimTime{now});
      const auto thread = std::min_element(free_at.begin(), free_at.end());
      const std::int64_t start = std::max(now, *thread);
      ASSERT_EQ(pool.wait(), sim::Duration{start - now}) << "job " << i;
      *thread = start + cost;
      expected.push_back({start + cost, i});
      t.submit(pool, sim::Duration{cost}, i);
    }
    t.sim.run_to_end();
    EXPECT_EQ(pool.backlog(), 0_us);
    const auto before = [](const Ended& x, const Ended& y) {
      return std::pair(x.ns, x.job) < std::pair(y.ns, y.job);
    };
    std::sort(expected.begin(), expected.end(), before);
    EXPECT_TRUE(std::is_sorted(t.ended.begin(), t.ended.end(),
                               [](const Ended& x, const Ended& y) { return x.ns < y.ns; }));
    std::sort(t.ended.begin(), t.ended.end(), before);
    EXPECT_EQ(t.ended, expected);
  }
}

TEST(ThreadPool, SpeedScalesCostRoundedUp) {
  Bench t;
  Cpu cpu(t.sim, "host/b/slow_cpu", {.cores = 8, .speed_percent = 30});
  ThreadPool slow(t.component, 1, cpu);
  EXPECT_EQ(slow.scaled(100_ns), 334_ns);
  EXPECT_EQ(slow.scaled(0_ns), 0_ns);
  t.submit(slow, 100_ns, 1);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{334, 1}}));
}

TEST(ThreadPool, DeadProcessCompletesNothing) {
  Bench t;
  ThreadPool pool(t.component, 1, t.cpu);
  t.submit(pool, 10_us, 1);
  t.submit(pool, 10_us, 2);
  t.sim.run_until(sim::SimTime{15'000});
  t.process.kill();
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{10'000, 1}}));
  EXPECT_EQ(t.sim.pending_events(), 0u);
}

// A stopped process does no work: queued jobs need their full time after it resumes.
TEST(ThreadPool, PausedProcessWorksOffItsQueueAfterwards) {
  Bench t;
  ThreadPool pool(t.component, 1, t.cpu);
  for (std::uint64_t i = 1; i <= 3; ++i) t.submit(pool, 10_us, i);
  t.sim.run_until(sim::SimTime{5'000});
  t.process.pause();
  t.sim.run_until(sim::SimTime{1'000'000});
  EXPECT_EQ(pool.backlog(), 20_us);
  t.process.resume();
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{1'000'000, 1}, {1'010'000, 2}, {1'020'000, 3}}));
  EXPECT_EQ(pool.wait_max(), 1'010_us);
}

struct Holder {
  Bench& bench;
  ThreadPool& pool;
  std::size_t thread = 0;
  void job(std::uint64_t number) {
    bench.done(number);
    thread = pool.hold();
    bench.component.after(25_us, "fsync", sim::bind<&Holder::synced>(this));
  }
  void synced() { pool.release(thread); }
};

// Method: one thread; the first job waits 25 us for an fsync after its 10 us of work. The second starts at 35 us.
TEST(ThreadPool, HeldThreadServesNobodyUntilReleased) {
  Bench t;
  ThreadPool pool(t.component, 1, t.cpu);
  Holder holder{t, pool};
  pool.submit(10_us, sim::bind<&Holder::job>(&holder, 1));
  t.submit(pool, 10_us, 2);
  t.sim.run_until(sim::SimTime{20'000});
  EXPECT_EQ(pool.busy(), 1);
  EXPECT_EQ(pool.queued(), 1u);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{10'000, 1}, {45'000, 2}}));
  EXPECT_EQ(pool.busy_time(), 45_us);
  EXPECT_EQ(pool.wait_max(), 35_us);
  EXPECT_EQ(pool.busy(), 0);
  EXPECT_THROW(static_cast<void>(pool.hold()), sim::Bug) << "no job is ending";
  EXPECT_THROW(pool.release(0), sim::Bug);
}

// Method: three threads, two queues by hand: pinned jobs wait for their own thread although another idles, and go before
// what may run anywhere.
TEST(ThreadPool, PinnedJobsWaitForTheirOwnThread) {
  Bench t;
  ThreadPool pool(t.component, 2, t.cpu);
  pool.submit_to(0, 10_us, sim::bind<&Bench::done>(&t, 1));
  pool.submit_to(0, 10_us, sim::bind<&Bench::done>(&t, 2));
  EXPECT_EQ(pool.queued_at(0), 1u);
  EXPECT_EQ(pool.busy(), 1) << "thread 1 idles";
  t.submit(pool, 5_us, 3);   // thread 1
  t.submit(pool, 50_us, 4);  // waits for any: thread 1 at 5 us
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{5'000, 3}, {10'000, 1}, {20'000, 2}, {55'000, 4}}));
}

// Method: of two threads one stands still from 5 us to 100 us: it ends its job and takes no other.
TEST(ThreadPool, StalledThreadFinishesAndTakesNothingMore) {
  Bench t;
  ThreadPool pool(t.component, 2, t.cpu);
  for (std::uint64_t i = 1; i <= 6; ++i) t.submit(pool, 10_us, i);
  t.sim.run_until(sim::SimTime{5'000});
  pool.set_stalled(1);
  t.sim.run_until(sim::SimTime{29'000});
  pool.set_stalled(0);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{
                         {10'000, 1}, {10'000, 2}, {20'000, 3}, {30'000, 4}, {39'000, 5}, {40'000, 6}}));
}

// A job that submits another in its end goes on after those that waited.
TEST(ThreadPool, JobSubmittedInAnEndQueuesBehindTheOthers) {
  struct Chain {
    Bench& bench;
    ThreadPool& pool;
    void first() {
      bench.done(1);
      bench.submit(pool, 10_us, 3);
    }
  };
  Bench t;
  ThreadPool pool(t.component, 1, t.cpu);
  Chain chain{t, pool};
  pool.submit(10_us, sim::bind<&Chain::first>(&chain));
  t.submit(pool, 10_us, 2);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{10'000, 1}, {20'000, 2}, {30'000, 3}}));
}

}  // namespace
}  // namespace brokersim::compute
