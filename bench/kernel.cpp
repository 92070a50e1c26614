// What an event costs: `bench_kernel` prints the tables of `make bench`; `bench_kernel WORKLOAD ENGINE SIZE` measures one
// cell and prints "ns_per_event events checksum" for tools/bench_peers.py and cachegrind; `bench_kernel parts SIZE` prints
// "handler draw fingerprint queue" of PHOLD, `bench_kernel memory WORKLOAD ENGINE SIZE` "allocations events
// bytes_per_pending", `bench_kernel frame` the bytes of the block that a frame of PHOLD's task takes.
//
// WORKLOAD phold: ENGINE callback, task, plain; SIZE processes. WORKLOAD mix: ENGINE kernel, plain; SIZE batches. SIZE from
// 1 to 4194304. Anything else: exit code 2.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "bench/workloads/kernel.h"
#include "bench/workloads/parts.h"
#include "bench/workloads/plain_queue.h"
#include "sim/histogram.h"

// Every request for memory of this program is counted; the frames' and the events' slabs come this way too.
void* operator new(std::size_t size) {
  ++workloads::allocations().count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++workloads::allocations().count;
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

workloads::Allocations& workloads::allocations() {
  static Allocations counted;
  return counted;
}

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

void parts_table() {
  std::printf(
      "\nPHOLD's callback row by part, ns per event (median of %d rounds; see bench/workloads/parts.h)\n",
      kRounds);
  std::printf("%10s %10s %8s %12s %8s %10s %8s\n", "pending", "handler", "draw", "fingerprint", "queue",
              "dispatch", "all");
  std::uint64_t sum = 0;
  for (const std::uint32_t n : {1'024u, 65'536u, 1'048'576u}) {
    std::vector<double> handler, draw, fingerprint, queue, all;
    for (int round = 0; round < kRounds; ++round) {
      const Parts parts = parts_of(n, sum);
      handler.push_back(parts.handler);
      draw.push_back(parts.draw);
      fingerprint.push_back(parts.fingerprint);
      queue.push_back(parts.queue);
      all.push_back(phold("callback", n).ns_per_event);
    }
    const double rest =
        median(all) - median(handler) - median(draw) - median(fingerprint) - median(queue);
    std::printf("%10u %10.1f %8.1f %12.1f %8.1f %10.1f %8.1f\n", n, median(handler), median(draw),
                median(fingerprint), median(queue), rest, median(all));
  }
  if (sum == 0) std::printf("nothing was done\n");
}

void memory_table() {
  std::printf(
      "\nMemory in steady state: requests (but for the log of checkpoints, which doubles) while at least 1.5 million events ran, bytes per pending event\n");
  std::printf("%12s %10s %10s %10s %16s\n", "workload", "size", "requests", "events", "bytes/pending");
  const auto line = [](const char* workload, std::uint32_t size, const Row& row) {
    std::printf("%12s %10u %10llu %10llu %16.0f\n", workload, size,
                static_cast<unsigned long long>(row.allocations),
                static_cast<unsigned long long>(row.measured), row.bytes_per_pending_event);
  };
  for (const std::uint32_t n : {1'024u, 65'536u, 1'048'576u}) {
    line("callback", n, phold("callback", n));
    line("task", n, phold("task", n));
  }
  for (const std::uint32_t n : {1'000u, 16'384u}) line("broker mix", n, mix("kernel", n));
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

constexpr std::uint32_t kSizeMax = 1u << 22;

[[noreturn]] void usage(const std::string& problem) {
  std::fprintf(stderr,
               "bench_kernel: %s\n"
               "usage: bench_kernel\n"
               "       bench_kernel phold callback|task|plain SIZE\n"
               "       bench_kernel mix kernel|plain SIZE\n"
               "       bench_kernel parts SIZE\n"
               "       bench_kernel memory phold|mix ENGINE SIZE\n"
               "       bench_kernel frame\n"
               "SIZE: 1 to %u\n",
               problem.c_str(), kSizeMax);
  std::exit(2);
}

std::uint32_t size_of(const char* word) {
  std::uint32_t size = 0;
  const char* end = word + std::strlen(word);
  const auto [rest, error] = std::from_chars(word, end, size);
  if (error != std::errc() || rest != end || size == 0 || size > kSizeMax)
    usage(std::string("not a size: ") + word);
  return size;
}

Row measured(const std::string& workload, const std::string& engine, std::uint32_t size) {
  const bool known = workload == "phold" ? engine == "callback" || engine == "task" || engine == "plain"
                                         : workload == "mix" && (engine == "kernel" || engine == "plain");
  if (!known) usage("no workload and engine " + workload + " " + engine);
  return workload == "mix" ? mix(engine, size) : phold(engine, size);
}

}  // namespace

int main(int count, char** words) {
  const std::string first = count > 1 ? words[1] : "";
  if (first == "frame" && count == 2) {
    std::printf("%zu\n", TaskPhold::frame_bytes());
    return 0;
  }
  if (first == "parts" && count == 3) {
    std::uint64_t sum = 0;
    const Parts parts = parts_of(size_of(words[2]), sum);
    std::printf("%.2f %.2f %.2f %.2f\n", parts.handler, parts.draw, parts.fingerprint, parts.queue);
    return sum == 0 ? 1 : 0;
  }
  if (first == "memory" && count == 5) {
    const Row row = measured(words[2], words[3], size_of(words[4]));
    std::printf("%llu %llu %.1f\n", static_cast<unsigned long long>(row.allocations),
                static_cast<unsigned long long>(row.measured), row.bytes_per_pending_event);
    return 0;
  }
  if (count == 4 && first != "memory") {
    print(measured(first, words[2], size_of(words[3])));
    return 0;
  }
  if (count != 1) usage("these words are not understood");
  phold_table();
  mix_table();
  parts_table();
  memory_table();
  small_table();
  return 0;
}
