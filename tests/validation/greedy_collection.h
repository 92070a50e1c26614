// Greedy garbage collection, page by page: the simulation that write amplification is checked against.
#pragma once

#include <cstdint>

namespace brokersim::validation {

/// Programs per host write in steady state: `blocks` blocks of `pages`, uniform random writes over the usable pages,
/// `spare` = spare over usable space. The victim is always the block with the fewest valid pages.
double greedy_write_amplification(int blocks, int pages, double spare);

}  // namespace brokersim::validation
