// Goal: the kernel's own resources (thread pools on a host's processors, timers) behave as queueing theory says wherever
// its assumptions hold. Method: batch means after a warm-up; theory must lie in the 99 % interval of the simulation, and
// that interval must be narrower than 2 % of the value to each side, so that an error of 2 % would be seen.
// One seed each: a test that is right fails for 1 % of seeds, and always for the same.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "models/analytic/durability.h"
#include "models/analytic/markov.h"
#include "models/analytic/queues.h"
#include "models/devices/compute/thread_pool.h"
#include "sim/component.h"
#include "sim/sampling.h"
#include "sim/statistics.h"

namespace brokersim::analytic {
namespace {

constexpr std::int64_t kBatches = 32;

/// Means of kBatches consecutive pieces, the first eighth of all left out.
class BatchMeans {
 public:
  explicit BatchMeans(std::int64_t values) : skip_(values / 8), length_((values - values / 8) / kBatches) {}
  void add(double value) {
    if (seen_++ < skip_ || static_cast<std::int64_t>(means_.size()) == kBatches) return;
    sum_ += value;
    if (++in_batch_ < length_) return;
    means_.push_back(sum_ / static_cast<double>(length_));
    sum_ = 0;
    in_batch_ = 0;
  }
  [[nodiscard]] const std::vector<double>& means() const { return means_; }

 private:
  std::int64_t skip_;
  std::int64_t length_;
  std::int64_t seen_ = 0;
  std::int64_t in_batch_ = 0;
  double sum_ = 0;
  std::vector<double> means_;
};

/// BROKERSIM_SHOW=1 prints the rows of docs/validation-queues.md.
void show(const char* what, double theory, const sim::Interval& interval) {
  if (std::getenv("BROKERSIM_SHOW") == nullptr) return;
  const double middle = (interval.low + interval.high) / 2;
  std::printf("| %s | %.6g | %.6g | %+.2f %% | %.2f %% |\n", what, theory, middle, 100 * (middle / theory - 1),
              50 * (interval.high - interval.low) / theory);
}

void expect_mean(const std::vector<double>& values, double theory, const char* what) {
  const sim::Interval interval = sim::student_interval(sim::summarise(values), 0.99);
  show(what, theory, interval);
  EXPECT_LE(interval.low, theory) << what << ": 99 % interval " << interval.low << " to " << interval.high;
  EXPECT_GE(interval.high, theory) << what << ": 99 % interval " << interval.low << " to " << interval.high;
  EXPECT_LT((interval.high - interval.low) / 2, 0.02 * theory) << what << ": too few samples to see 2 %";
}

using Draw = std::function<double(std::uint64_t)>;

/// Poisson arrivals at one thread pool. Times in nanoseconds.
class OpenQueue {
 public:
  OpenQueue(std::int32_t servers, double gap_mean, Draw service, std::int64_t jobs)
      : cpu_(sim_, "host/cpu", {.cores = servers}),
        pool_(component_, servers, cpu_),
        gap_(gap_mean),
        service_(std::move(service)),
        responses_(jobs),
        jobs_(jobs) {
    arrived_.resize(static_cast<std::size_t>(jobs));
    arrive(0);
    sim_.run_to_end();
  }
  [[nodiscard]] const std::vector<double>& responses() const { return responses_.means(); }
  [[nodiscard]] double utilisation() const {
    return static_cast<double>(pool_.busy_time().ns) / static_cast<double>(sim_.now().ns) / pool_.threads();
  }

 private:
  void arrive(std::uint64_t job) {
    if (static_cast<std::int64_t>(job) == jobs_) return;
    component_.after(sim::whole_ns(gap_.sample(gaps_.bits(job))), "arrive",
                     sim::bind<&OpenQueue::on_arrival>(this, job));
  }
  void on_arrival(std::uint64_t job) {
    arrived_[job] = sim_.now();
    pool_.submit(sim::whole_ns(service_(services_.bits(job))), sim::bind<&OpenQueue::on_done>(this, job));
    arrive(job + 1);
  }
  void on_done(std::uint64_t job) { responses_.add(static_cast<double>((sim_.now() - arrived_[job]).ns)); }

  sim::Simulation sim_{7};
  sim::Process process_{sim_, "host/server"};
  sim::Component component_{process_, "host/server/queue"};
  compute::Cpu cpu_;
  compute::ThreadPool pool_;
  sim::Stream gaps_ = component_.stream("gaps");
  sim::Stream services_ = component_.stream("services");
  sim::Exponential gap_;
  Draw service_;
  std::vector<sim::SimTime> arrived_;
  BatchMeans responses_;
  std::int64_t jobs_;
};

constexpr double kService = 10'000;  // 10 us: rounding to nanoseconds moves nothing

TEST(SimulatedQueues, MM1) {
  const sim::Exponential service(kService);
  const OpenQueue queue(
      1, kService / 0.6, [&](std::uint64_t bits) { return service.sample(bits); }, 1'200'000);
  const Queue theory = mmc(1, 0.6 / kService, kService);
  expect_mean(queue.responses(), theory.response, "M/M/1 at 60 %");
  EXPECT_NEAR(queue.utilisation(), theory.utilisation, 0.005);
}

TEST(SimulatedQueues, MD1) {
  const OpenQueue queue(
      1, kService / 0.8, [](std::uint64_t) { return kService; }, 1'200'000);
  expect_mean(queue.responses(), mg1(0.8 / kService, kService, 0).response, "M/D/1 at 80 %");
}

TEST(SimulatedQueues, MG1WithLognormalService) {
  const double sigma = 0.8;
  const sim::LogNormal service(kService / std::exp(sigma * sigma / 2), sigma);
  const OpenQueue queue(
      1, kService / 0.6, [&](std::uint64_t bits) { return service.sample(bits); }, 1'600'000);
  expect_mean(queue.responses(), mg1(0.6 / kService, kService, lognormal_squared_cv(sigma)).response,
              "M/G/1, lognormal with sigma 0.8, at 60 %");
}

TEST(SimulatedQueues, MM8) {
  const sim::Exponential service(kService);
  const OpenQueue queue(
      8, kService / 8 / 0.85, [&](std::uint64_t bits) { return service.sample(bits); }, 1'200'000);
  const Queue theory = mmc(8, 8 * 0.85 / kService, kService);
  expect_mean(queue.responses(), theory.response, "M/M/8 at 85 %");
}

/// Customers that think, go to a pool of handlers and then to a disk with one server, and begin again.
class ClosedLoop {
 public:
  ClosedLoop(std::int32_t customers, double think, double handle, std::int32_t handlers, double disk,
             std::int64_t cycles)
      : cpu_(sim_, "host/cpu", {.cores = handlers + 1}),
        handlers_(component_, handlers, cpu_),
        disk_(component_, 1, cpu_),
        think_(think),
        handle_(handle),
        write_(disk),
        cycles_(cycles),
        times_(cycles) {
    since_.resize(static_cast<std::size_t>(customers));
    for (std::size_t i = 0; i < since_.size(); ++i) on_cycle(i);
    sim_.run_to_end();
  }
  [[nodiscard]] const std::vector<double>& times() const { return times_.means(); }

 private:
  void on_cycle(std::uint64_t customer) {
    const sim::SimTime now = sim_.now();
    if (now.ns > 0) times_.add(static_cast<double>((now - since_[customer]).ns));
    since_[customer] = now;
    if (draw_ >= 3 * static_cast<std::uint64_t>(cycles_)) return;
    component_.after(sim::whole_ns(think_.sample(draws_.bits(draw_++))), "think",
                     sim::bind<&ClosedLoop::on_thought>(this, customer));
  }
  void on_thought(std::uint64_t customer) {
    handlers_.submit(sim::whole_ns(handle_.sample(draws_.bits(draw_++))),
                     sim::bind<&ClosedLoop::on_handled>(this, customer));
  }
  void on_handled(std::uint64_t customer) {
    disk_.submit(sim::whole_ns(write_.sample(draws_.bits(draw_++))),
                 sim::bind<&ClosedLoop::on_cycle>(this, customer));
  }

  sim::Simulation sim_{11};
  sim::Process process_{sim_, "host/server"};
  sim::Component component_{process_, "host/server/loop"};
  compute::Cpu cpu_;
  compute::ThreadPool handlers_;
  compute::ThreadPool disk_;
  sim::Stream draws_ = component_.stream("draws");
  sim::Exponential think_;
  sim::Exponential handle_;
  sim::Exponential write_;
  std::vector<sim::SimTime> since_;
  std::uint64_t draw_ = 0;
  std::int64_t cycles_;
  BatchMeans times_;
};

TEST(SimulatedQueues, ClosedNetwork) {
  const ClosedLoop loop(20, 50'000, 10'000, 3, 4'000, 1'000'000);
  const ClosedNetwork theory = mean_value_analysis({{1, 50'000, 0}, {1, 10'000, 3}, {1, 4'000, 1}}, 20);
  expect_mean(loop.times(), theory.cycle, "20 customers, think time, 3 handlers, 1 disk");
}

// Fork and join on two pools of one thread each, as an append that waits for two followers.
class ForkJoin {
 public:
  ForkJoin(double gap, double service, std::int64_t jobs)
      : gap_(gap), service_(service), jobs_(jobs), responses_(jobs) {
    arrived_.resize(static_cast<std::size_t>(jobs));
    open_.resize(static_cast<std::size_t>(jobs), 2);
    arrive(0);
    sim_.run_to_end();
  }
  [[nodiscard]] const std::vector<double>& responses() const { return responses_.means(); }

 private:
  void arrive(std::uint64_t job) {
    if (static_cast<std::int64_t>(job) == jobs_) return;
    component_.after(sim::whole_ns(gap_.sample(draws_.bits(3 * job))), "arrive",
                     sim::bind<&ForkJoin::on_arrival>(this, job));
  }
  void on_arrival(std::uint64_t job) {
    arrived_[job] = sim_.now();
    first_.submit(sim::whole_ns(service_.sample(draws_.bits(3 * job + 1))),
                  sim::bind<&ForkJoin::on_done>(this, job));
    second_.submit(sim::whole_ns(service_.sample(draws_.bits(3 * job + 2))),
                   sim::bind<&ForkJoin::on_done>(this, job));
    arrive(job + 1);
  }
  void on_done(std::uint64_t job) {
    if (--open_[job] == 0) responses_.add(static_cast<double>((sim_.now() - arrived_[job]).ns));
  }

  sim::Simulation sim_{13};
  sim::Process process_{sim_, "host/server"};
  sim::Component component_{process_, "host/server/fork"};
  compute::Cpu cpu_{sim_, "host/cpu", {.cores = 2}};
  compute::ThreadPool first_{component_, 1, cpu_};
  compute::ThreadPool second_{component_, 1, cpu_};
  sim::Stream draws_ = component_.stream("draws");
  sim::Exponential gap_;
  sim::Exponential service_;
  std::vector<sim::SimTime> arrived_;
  std::vector<std::int8_t> open_;
  std::int64_t jobs_;
  BatchMeans responses_;
};

TEST(SimulatedQueues, ForkJoinOfTwo) {
  const ForkJoin queue(kService / 0.6, kService, 1'000'000);
  expect_mean(queue.responses(), fork_join_response(2, 0.6 / kService, kService), "fork-join of two at 60 %");
}

/// Three copies that fail and are repaired by timers of the kernel, until all are down or the time is over.
class Copies {
 public:
  Copies(double failure, double repair, double seconds, std::int64_t runs)
      : up_(1e9 / failure), down_(1e9 / repair), limit_(seconds) {
    for (std::int64_t run = 0; run < runs; ++run) {
      start_ = sim_.now();
      lost_ = false;
      down_now_ = 0;
      for (std::uint64_t copy = 0; copy < 3; ++copy) {
        is_down_[copy] = false;
        plan(copy);
      }
      sim_.run_until(start_ + sim::whole_ns(limit_ * 1e9));
      for (sim::EventHandle& next : next_) component_.cancel(next);
      losses_ += lost_ ? 1 : 0;
    }
  }
  [[nodiscard]] std::int64_t losses() const { return losses_; }

 private:
  void plan(std::uint64_t copy) {
    const sim::Exponential& time = is_down_[copy] ? down_ : up_;
    next_[copy] = component_.after(sim::whole_ns(time.sample(draws_.bits(draw_++))), "copy",
                                   sim::bind<&Copies::on_change>(this, copy));
  }
  void on_change(std::uint64_t copy) {
    is_down_[copy] = !is_down_[copy];
    down_now_ += is_down_[copy] ? 1 : -1;
    lost_ = lost_ || down_now_ == 3;
    if (lost_) {
      next_[copy] = {};
      return;
    }
    plan(copy);
  }

  sim::Simulation sim_{17};
  sim::Process process_{sim_, "host/copies"};
  sim::Component component_{process_, "host/copies/life"};
  sim::Stream draws_ = component_.stream("draws");
  sim::Exponential up_;
  sim::Exponential down_;
  double limit_;
  sim::SimTime start_;
  bool is_down_[3] = {};
  bool lost_ = false;
  int down_now_ = 0;
  std::uint64_t draw_ = 0;
  sim::EventHandle next_[3];
  std::int64_t losses_ = 0;
};

TEST(SimulatedChains, LossProbability) {
  constexpr std::int64_t runs = 200'000;
  const Copies copies(0.3, 1, 5, runs);
  const double theory = loss_by(3, 0.3, 1, 5);
  const sim::Interval interval = sim::clopper_pearson(copies.losses(), runs, 0.99);
  show("all of three copies down within 5 s (failure 0.3 /s, repair 1 /s)", theory, interval);
  EXPECT_LE(interval.low, theory);
  EXPECT_GE(interval.high, theory);
  EXPECT_LT((interval.high - interval.low) / 2, 0.02 * theory) << "too few runs to see 2 %";
}

}  // namespace
}  // namespace brokersim::analytic
