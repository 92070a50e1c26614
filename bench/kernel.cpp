// What an event costs: `bench_kernel` prints the tables of `make bench`; `bench_kernel WORKLOAD ENGINE SIZE` measures one
// cell and prints "ns_per_event events checksum" for tools/bench_peers.py and cachegrind.
//
// WORKLOAD phold: ENGINE callback, task, plain; SIZE processes. WORKLOAD mix: ENGINE kernel, plain; SIZE batches.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "bench/workloads/kernel.h"
#include "bench/workloads/plain_queue.h"
#include "sim/histogram.h"

namespace {

using namespace workloads;

constexpr int kRounds = 5;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Row phold(const std::string& engine, std::uint32_t n) {
  const std::int64_t length = phold_length(n);
  const std::int64_t warm = length / 4;
  if (engine == "callback") return kernel_phold<KernelPhold>(n, warm, length);
  if (engine == "task") return kernel_phold<TaskPhold>(n, warm, length);
  return plain_phold(n, warm, length);
}
Row mix(const std::string& engine, std::uint32_t batches) {
  const std::int64_t length = mix_length(batches);
  if (engine == "kernel") return kernel_mix(batches, length / 4, length);
  return plain_mix(batches, length / 4, length);
}

void phold_table() {
  std::printf(
      "PHOLD, ns of processor time per event, one thread (median of %d interleaved rounds), fingerprint on\n",
      kRounds);
  std::printf("%10s %10s %8s %12s %14s %16s\n", "pending", "callback", "task", "task/callback",
              "priority_queue", "queue/callback");
  for (const std::uint32_t n : {1'024u, 65'536u, 1'048'576u}) {
    std::vector<double> callback, task, plain;
    for (int round = 0; round < kRounds; ++round) {
      const Row a = phold("callback", n), b = phold("task", n), c = phold("plain", n);
      if (a.checksum != b.checksum || a.checksum != c.checksum) {
        std::printf("error: the checksums differ: %016llx %016llx %016llx\n",
                    static_cast<unsigned long long>(a.checksum), static_cast<unsigned long long>(b.checksum),
                    static_cast<unsigned long long>(c.checksum));
        std::exit(1);
      }
      callback.push_back(a.ns_per_event);
      task.push_back(b.ns_per_event);
      plain.push_back(c.ns_per_event);
    }
    std::printf("%10u %10.1f %8.1f %12.2f %14.1f %16.2f\n", n, median(callback), median(task),
                median(task) / median(callback), median(plain), median(plain) / median(callback));
  }
}

void mix_table() {
  std::printf("\nBroker mix, ns per event (12 events and 3 timers a batch)\n%10s %10s %14s %8s\n", "batches",
              "kernel", "priority_queue", "ratio");
  for (const std::uint32_t batches : {100u, 1'000u, 16'384u}) {
    std::vector<double> kernel, plain;
    for (int round = 0; round < kRounds; ++round) {
      const Row a = mix("kernel", batches), b = mix("plain", batches);
      if (a.checksum != b.checksum || a.events != b.events) {
        std::printf("error: the checksums differ\n");
        std::exit(1);
      }
      kernel.push_back(a.ns_per_event);
      plain.push_back(b.ns_per_event);
    }
    std::printf("%10u %10.1f %14.1f %8.2f\n", batches, median(kernel), median(plain),
                median(plain) / median(kernel));
  }
}

struct Nothing {
  void never() {}
};
template <class Body>
double each(std::uint64_t count, Body body) {
  const double begin = cpu_ns();
  for (std::uint64_t i = 0; i < count; ++i) body(i);
  return (cpu_ns() - begin) / static_cast<double>(count);
}
sim::Task<int> ready(int value) { co_return value; }
sim::Task<void> switches(std::uint64_t count, std::uint64_t* sum) {
  for (std::uint64_t i = 0; i < count; ++i) *sum += static_cast<std::uint64_t>(co_await ready(1));
}
double task_switch(std::uint64_t count) {
  sim::Simulation simulation(1);
  sim::Process process(simulation, "p");
  sim::Component component(process, "p/c");
  std::uint64_t sum = 0;
  component.spawn(switches(count, &sum));
  const double begin = cpu_ns();
  simulation.run_to_end();
  return (cpu_ns() - begin) / static_cast<double>(sum);
}

void small_table() {
  sim::Simulation simulation(1);
  sim::Component component(simulation, "c");
  Nothing nothing;
  const auto set_and_cancel = [&](std::uint64_t) {
    sim::EventHandle timer = component.after({30'000'000'000}, "timer", sim::bind<&Nothing::never>(&nothing));
    component.cancel(timer);
  };
  const sim::TimerClass half_minute = simulation.timer_class({30'000'000'000});
  const auto set_and_cancel_class = [&](std::uint64_t) {
    simulation.cancel(
        simulation.set_timer(half_minute, component, "timer", sim::bind<&Nothing::never>(&nothing)));
  };
  const sim::Stream stream = component.stream("bench");
  std::uint64_t sum = 0;
  const auto draw = [&](std::uint64_t i) { sum += stream.bits(i); };
  sim::Histogram histogram;
  const auto add = [&](std::uint64_t i) {
    histogram.add(static_cast<std::int64_t>(i * 977 % 1'000'000'000));
  };
  const auto fingerprint = [&](std::uint64_t i) {
    simulation.fingerprint().event(static_cast<std::int64_t>(i), 1, 2);
  };
  std::printf(
      "\nns each: task switch (await a ready task) %.1f; timer set and cancelled %.1f, in a class %.1f; draw "
      "%.1f; "
      "histogram %.1f; fingerprint %.1f\n",
      task_switch(2'000'000), each(2'000'000, set_and_cancel), each(2'000'000, set_and_cancel_class),
      each(10'000'000, draw), each(10'000'000, add), each(10'000'000, fingerprint));
  if (sum == 0) std::printf("no draws\n");
}

}  // namespace

int main(int count, char** words) {
  if (count == 4) {
    const std::string workload = words[1];
    const auto size = static_cast<std::uint32_t>(std::strtoul(words[3], nullptr, 10));
    print(workload == "mix" ? mix(words[2], size) : phold(words[2], size));
    return 0;
  }
  phold_table();
  mix_table();
  small_table();
  return 0;
}
