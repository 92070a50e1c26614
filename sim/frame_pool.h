// Coroutine frames from size-class free lists, so that steady state makes no heap calls.
//
// Frames are cut from slabs: each begins on a cache line, so that it spans as few as it can, and many of them share a
// page, a huge one where there are many. The lists belong to the thread, as malloc's do; a block may be returned on
// another thread. What a thread leaves behind goes to a store from which the next thread that needs slabs takes it, so
// memory is bounded by the most frames that ever lived at once. Sanitizer builds go straight to malloc so that use after
// free is seen.
#pragma once

#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define BROKERSIM_FRAME_POOL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define BROKERSIM_FRAME_POOL 0
#endif
#endif
#ifndef BROKERSIM_FRAME_POOL
#define BROKERSIM_FRAME_POOL 1
#endif

namespace brokersim::sim::detail {

class FramePool {
 public:
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kClasses = 32;  // up to 2 KiB; larger frames go to the heap

  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();

  void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / kStep;
    if (index >= kClasses) return ::operator new(size);
    Block* block = free_[index];
    if (block == nullptr) [[unlikely]]
      block = more(index);
    free_[index] = block->next;
    return block;
  }
  void release(void* memory, std::size_t size) noexcept {
    const std::size_t index = (size - 1) / kStep;
    if (index >= kClasses) return ::operator delete(memory);
    auto* block = static_cast<Block*>(memory);
    block->next = free_[index];
    free_[index] = block;
  }
  static FramePool& of_this_thread() {
    // lint: allow(global, thread) recycled memory, never a value that a run reads; one pool per thread, no lock
    static thread_local FramePool pool;
    return pool;
  }

 private:
  struct Block {
    Block* next;
  };
  struct Store;

  [[nodiscard]] Block* more(std::size_t index);

  Block* free_[kClasses] = {};
  std::size_t blocks_[kClasses] = {};  // cut so far by this thread
};

inline void* allocate_frame(std::size_t size) {
#if BROKERSIM_FRAME_POOL
  return FramePool::of_this_thread().allocate(size);
#else
  return ::operator new(size);
#endif
}

inline void release_frame(void* memory, std::size_t size) noexcept {
#if BROKERSIM_FRAME_POOL
  FramePool::of_this_thread().release(memory, size);
#else
  static_cast<void>(size);
  ::operator delete(memory);
#endif
}

}  // namespace brokersim::sim::detail
