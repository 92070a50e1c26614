// How many bytes an SSD programs for one byte that the host writes.
//
// Greedy collection under uniform random page writes, by the spare space (Xiang and Kurkoski, arXiv:1110.4245):
//   WA = (1 + r) / (1 + r + W0(-(1 + r) e^-(1 + r))),  r = spare over usable space, W0 the principal Lambert W.
// Held as a table of 1/WA, nearly linear in r, so that no run computes an exponential; interpolation errs by less than
// 0.5 %. Sequential writes with whole-segment deletes have 1.0 to 1.1 (device-models.md 2.3) and do not come here.
#pragma once

#include <cstdint>

namespace brokersim::storage {

/// Write amplification in thousandths for `spare_permille` from 10 (below: as 10) to 10,000 (above: as 10,000).
[[nodiscard]] std::int64_t write_amplification_permille(std::int64_t spare_permille);

}  // namespace brokersim::storage
