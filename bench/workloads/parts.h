// What an event of PHOLD costs by part: the same handler with one part of the kernel after the other.
//
//   handler      the decision and the process's state, processes in random order, nothing scheduled
//   draw         what mixing the bits of the random number adds to that
//   fingerprint  what hashing time, component, kind and draw adds to that
//   queue        what pushing and popping 16-byte entries in order adds to it
//   dispatch     the rest of the kernel's callback row: the events' slab, the checks, the indirect call, prefetching
// Each is measured in the company of the handler, as parts overlap in the processor; the rest is a difference.
#pragma once

#include <vector>

#include "bench/workloads/measure.h"
#include "bench/workloads/phold.h"
#include "sim/event_queue.h"
#include "sim/fingerprint.h"

namespace workloads {

struct Parts {
  double handler = 0;
  double draw = 0;
  double fingerprint = 0;
  double queue = 0;
};

/// Ns per event of `count` events at `n` processes, in an order that no queue decides. Without kDraw the bits are the
/// counter that a draw mixes.
template <bool kDraw, bool kFingerprint>
[[nodiscard]] double handler_alone(std::uint32_t n, std::uint64_t count, std::uint64_t& sum) {
  const PholdRules rules(n);
  std::vector<std::uint64_t> states(n);
  std::vector<std::uint32_t> tokens(n);
  for (std::uint32_t i = 0; i < n; ++i) states[i] = PholdRules::start(i), tokens[i] = i;
  brokersim::sim::Fingerprint fingerprint;
  std::int64_t time = 0;
  const double begin = cpu_ns();
  for (std::uint64_t i = 0, token = 0; i < count; ++i) {
    const std::uint32_t at = tokens[token];
    const std::uint64_t bits = kDraw ? next_bits(states[at]) : (states[at] += 0x9E3779B97F4A7C15ull);
    const Hold hold = rules.decide(bits, at);
    if constexpr (kFingerprint) {
      fingerprint.event(time, 0x1234567, bits);  // as much as the kernel hashes
      fingerprint.draw(bits);
    }
    time += hold.delay >> 20;
    tokens[token] = hold.target;
    if (++token == n) token = 0;
  }
  const double ns = (cpu_ns() - begin) / static_cast<double>(count);
  sum += static_cast<std::uint64_t>(time) ^ fingerprint.value();
  return ns;
}

/// The handler and the queue, without a kernel around them; the second half is measured.
[[nodiscard]] inline double handler_and_queue(std::uint32_t n, std::uint64_t count, std::uint64_t& sum) {
  using brokersim::sim::QueueEntry;
  const PholdRules rules(n);
  std::vector<std::uint64_t> states(n);
  brokersim::sim::EventQueue queue;
  std::uint64_t sequence = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    states[i] = PholdRules::start(i);
    queue.push(QueueEntry::make(static_cast<std::uint64_t>(rules.first(states[i])), sequence++, i));
  }
  double begin = 0;
  for (std::uint64_t i = 0; i < 2 * count; ++i) {
    if (i == count) begin = cpu_ns();
    if (queue.sorted() == 0) {
      if (!queue.refill(~std::uint64_t{0} >> 1)) break;
      const brokersim::sim::EventQueue::Ahead& soon = queue.ahead(0);
      for (const QueueEntry* e = soon.first; e != soon.last; ++e)
        __builtin_prefetch(&states[e->slot()], 0, 2);
    }
    const QueueEntry entry = queue.front();
    queue.pop_front();
    queue.set_floor(entry.time);
    const std::uint32_t at = entry.slot();
    const Hold hold = rules.decide(next_bits(states[at]), at);
    const QueueEntry next =
        QueueEntry::make(entry.time + static_cast<std::uint64_t>(hold.delay), sequence++, hold.target);
    if (!queue.push_easily(next)) queue.push(next);
  }
  sum += queue.front().time;
  return (cpu_ns() - begin) / static_cast<double>(count);
}

[[nodiscard]] inline Parts parts_of(std::uint32_t n, std::uint64_t& sum) {
  const std::uint64_t count = std::uint64_t{2'000'000};
  Parts parts;
  parts.handler = handler_alone<false, false>(n, count, sum);
  const double with_draw = handler_alone<true, false>(n, count, sum);
  parts.draw = with_draw - parts.handler;
  parts.fingerprint = handler_alone<true, true>(n, count, sum) - with_draw;
  parts.queue = handler_and_queue(n, count, sum) - with_draw;
  return parts;
}

}  // namespace workloads
