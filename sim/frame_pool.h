// Coroutine frames from size-class free lists, so that steady state makes no heap calls.
//
// The lists belong to the thread, as malloc's do; a block may be returned on another thread. Sanitizer
// builds go straight to malloc so that use after free is seen.
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

  ~FramePool() {
    for (Block*& head : free_) {
      while (head != nullptr) {
        Block* next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
  }
  void* allocate(std::size_t size) {
    const std::size_t index = (size - 1) / kStep;
    if (index >= kClasses) return ::operator new(size);
    if (Block* block = free_[index]) {
      free_[index] = block->next;
      return block;
    }
    return ::operator new((index + 1) * kStep);
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
  Block* free_[kClasses] = {};
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
