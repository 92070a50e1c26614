// Processor time of this thread, so that a busy machine disturbs less; and one line for tools/bench_peers.py.
#pragma once

#include <cstdint>
#include <cstdio>
#include <ctime>

namespace workloads {

[[nodiscard]] inline double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct Row {
  double ns_per_event = 0;
  std::uint64_t events = 0;
  std::uint64_t checksum = 0;
  std::uint64_t allocations = 0;  ///< In the measured part.
  std::uint64_t measured = 0;     ///< Events of the measured part.
  double bytes_per_pending_event =
      0;  ///< What the kernel holds for events at the end, over those that are pending.
};
inline void print(const Row& row) {
  std::printf("%.2f %llu %016llx\n", row.ns_per_event, static_cast<unsigned long long>(row.events),
              static_cast<unsigned long long>(row.checksum));
}

/// How long PHOLD(n) runs, in simulated nanoseconds: about two million events, at least two a process; the first
/// quarter is not measured.
[[nodiscard]] inline std::int64_t phold_length(std::uint32_t n) {
  const std::int64_t rounds = 2'000'000 / n;
  return (rounds < 2 ? 2 : rounds) * 1'000'000'000;
}
/// How long the broker mix runs: about two million events, at least eight rounds of a batch; the first quarter
/// is not measured.
[[nodiscard]] inline std::int64_t mix_length(std::uint32_t batches) {
  constexpr std::int64_t kCycleNs = 22'500'000;  // think 20 ms, fill, three networks, service
  const std::int64_t cycles = 170'000 / batches;
  return (cycles < 8 ? 8 : cycles) * kCycleNs;
}

}  // namespace workloads
