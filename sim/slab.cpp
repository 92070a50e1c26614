#include "sim/slab.h"

#if defined(__linux__)
// Advice about anonymous memory: no descriptor, survives fork(), and no value that a run reads depends on it.
#include <sys/mman.h>  // lint: allow(files) madvise only
#endif

namespace brokersim::sim::detail {

namespace {
constexpr std::align_val_t aligned(std::size_t bytes, std::size_t alignment) {
  return std::align_val_t{bytes < kHugePage ? alignment : kHugePage};
}
}  // namespace

void* allocate_slab(std::size_t bytes, std::size_t alignment) {
  void* memory = ::operator new(bytes, aligned(bytes, alignment));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= kHugePage) static_cast<void>(madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE));
#endif
  return memory;
}

void release_slab(void* memory, std::size_t bytes, std::size_t alignment) noexcept {
  if (memory != nullptr) ::operator delete(memory, aligned(bytes, alignment));
}

}  // namespace brokersim::sim::detail
