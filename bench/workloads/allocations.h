// How often the program has asked for memory. The program's main file defines `operator new` with it.
#pragma once

#include <cstdint>

namespace workloads {

struct Allocations {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};
/// Of this program since it began.
[[nodiscard]] Allocations& allocations();

}  // namespace workloads
