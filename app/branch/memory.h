// The memory that a forked child shares with its parent until it writes to it.
//
// Why: a child of a simulation writes to a thousand pages and more of what its parent left, and each of them is an
// exception in which the system copies 4 KiB: in a virtual machine 2 to 4 us, a tenth of what the branch itself takes.
// All pages of the heap copied in one call cost less than half of that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace brokersim::branch {

/// The heap of this process: where malloc's small and middle blocks are. Empty where the system does not tell.
struct Heap {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};
[[nodiscard]] Heap heap_of_this_process();

/// In a child: gives it copies of its own of all pages of `heap` now. Does nothing if the heap is larger than 64 MiB,
/// of which a branch may touch a small part only, or if the system cannot (Linux before 5.14).
void own_pages(const Heap& heap);

}  // namespace brokersim::branch
