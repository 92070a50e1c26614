// Fetching into the cache what the next events need, once for each refill of the queue. Nothing but speed depends on it.
//
// A heap cannot know its next events; the queue knows them two slots ahead (EventQueue::ahead). Measured with PHOLD, ns per
// event: 25.3 without and 22.2 with the fetches into the first-level cache at 1,024 pending events, 32.4 and 26.7 at 65,536.
#include <algorithm>

#include "sim/simulation.h"

namespace brokersim::sim {

namespace {
/// Of at most so many sorted events the objects are fetched into the cache.
constexpr std::size_t kFetched = 64;
/// g++ 12 takes a function that only fetches for one without effect, and leaves out its calls.
inline void has_effect() { asm volatile("" ::: "memory"); }
}  // namespace

/// Of events that are in the cache, what they work on.
template <int kLocality>
[[gnu::always_inline]] inline void Simulation::fetch_objects(const QueueEntry* first,
                                                             const QueueEntry* end) const {
  const Node* nodes = &nodes_[0];
  if (task_events_ == 0) {
#pragma GCC unroll 8
    for (; first != end; ++first) __builtin_prefetch(nodes[first->slot()].callback.self, 0, kLocality);
    return;
  }
#pragma GCC unroll 8
  for (; first != end; ++first) {
    const Callback& callback = nodes[first->slot()].callback;
    const char* object = static_cast<const char*>(callback.self);
    __builtin_prefetch(object, 0, kLocality);
    // Runs have hardly any tasks or, as benchmarks, nothing else: the processor foretells this.
    if (callback.function != &resume_frame) continue;
    // A frame has two lines or more, and works on another object.
    __builtin_prefetch(object + 64, 0, kLocality);
    __builtin_prefetch(reinterpret_cast<const void*>(static_cast<std::uintptr_t>(callback.argument)), 0,
                       kLocality);
  }
}

/// After a refill: what runs next comes into the first-level cache, the events and then what they work on.
void Simulation::fetch_sorted() {
  has_effect();
  const Node* nodes = &nodes_[0];
  const QueueEntry* first = &queue_.front();
  const QueueEntry* end = first + std::min(queue_.sorted(), kFetched);
#pragma GCC unroll 8
  for (const QueueEntry* e = first; e != end; ++e) __builtin_prefetch(nodes + e->slot(), 0, 3);
  fetch_objects<3>(first, end);
}

/// In a large simulation, two refills ahead the event, one refill ahead what its callback works on: each load finds its
/// line on the way, and nobody waits for the first event of a refill. Into the second-level cache: the first one does not
/// hold what two refills work on. (One with each event that runs, instead of all at once, was tried: it is slower.)
void Simulation::fetch_ahead() {
  has_effect();
  const Node* nodes = &nodes_[0];
  const EventQueue::Ahead& soon = queue_.ahead(0);
  const EventQueue::Ahead& later = queue_.ahead(1);
  if (queue_.front().time >= fetched_before_) {  // the first refill of a level: nothing is fetched yet
    for (const QueueEntry* e = soon.first; e != soon.last; ++e) __builtin_prefetch(nodes + e->slot(), 0, 2);
  }
#pragma GCC unroll 8
  for (const QueueEntry* e = later.first; e != later.last; ++e) __builtin_prefetch(nodes + e->slot(), 0, 2);
  fetch_objects<2>(soon.first, soon.last);
  fetched_before_ = soon.before;
}

}  // namespace brokersim::sim
