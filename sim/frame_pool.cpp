#include "sim/frame_pool.h"

#include <algorithm>
#include <mutex>  // lint: allow(thread) see Store
#include <utility>

#include "sim/slab.h"

namespace brokersim::sim::detail {

/// Free blocks of threads that have ended.
struct FramePool::Store {
  // Taken when a thread ends or needs a slab, never by an event that runs in steady state.
  std::mutex lock;  // lint: allow(thread) guards recycled memory
  Block* free[kClasses] = {};

  static Store& instance() {
    // lint: allow(global) recycled memory; never destroyed, as threads may end after the globals
    static Store* const store = new Store;
    return *store;
  }
};

FramePool::~FramePool() {
  Store& store = Store::instance();
  const std::lock_guard hold(store.lock);  // lint: allow(thread) as above
  for (std::size_t index = 0; index < kClasses; ++index) {
    Block* first = std::exchange(free_[index], nullptr);
    if (first == nullptr) continue;
    Block* last = first;
    while (last->next != nullptr) last = last->next;
    last->next = std::exchange(store.free[index], first);
  }
}

FramePool::Block* FramePool::more(std::size_t index) {
  {
    Store& store = Store::instance();
    const std::lock_guard hold(store.lock);  // lint: allow(thread) as above
    if (store.free[index] != nullptr) return std::exchange(store.free[index], nullptr);
  }
  // Slabs double with the number of blocks, from 4 KiB to a huge page. None is ever given back.
  const std::size_t size = (index + 1) * kStep;
  const std::size_t bytes = next_slab(std::clamp(blocks_[index] * size, std::size_t{4} << 10, kHugePage));
  const std::size_t count = bytes / size;
  auto* memory = static_cast<std::byte*>(allocate_slab(bytes));
  Block* first = nullptr;
  for (std::size_t i = count; i-- > 0;) first = new (memory + i * size) Block{first};
  blocks_[index] += count;
  return first;
}

}  // namespace brokersim::sim::detail
