#include "app/branch/memory.h"

#include <sys/mman.h>

#include <fstream>
#include <string>

namespace brokersim::branch {

namespace {
constexpr std::size_t kLargest = std::size_t{64} << 20;
constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE of Linux 5.14; older headers do not name it
}  // namespace

Heap heap_of_this_process() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[heap]") == std::string::npos) continue;
    const std::size_t dash = line.find('-');
    return {std::stoull(line, nullptr, 16), std::stoull(line.substr(dash + 1), nullptr, 16)};
  }
  return {};
}

void own_pages(const Heap& heap) {
  if (heap.size() == 0 || heap.size() > kLargest) return;
  // Advice: if it is refused the pages are copied one by one, as they are written to.
  static_cast<void>(::madvise(reinterpret_cast<void*>(heap.begin), heap.size(), kPopulateWrite));
}

}  // namespace brokersim::branch
