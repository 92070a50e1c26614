#include "models/devices/storage/write_amplification.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace brokersim::storage {

namespace {
struct Row {
  std::int64_t spare_permille;
  std::int64_t host_share_ppm;  // 1/WA: the share of what is programmed that the host wrote
};
constexpr std::array kRows{
    Row{10, 19736},    Row{15, 29410},    Row{20, 38958},    Row{25, 48381},    Row{30, 57681},
    Row{40, 75924},    Row{50, 93702},    Row{60, 111030},   Row{70, 127924},   Row{80, 144397},
    Row{90, 160462},   Row{100, 176134},  Row{120, 206345},  Row{140, 235123},  Row{160, 262555},
    Row{180, 288722},  Row{200, 313698},  Row{240, 360350},  Row{280, 403005},  Row{300, 422970},
    Row{350, 469294},  Row{400, 511011},  Row{500, 582812},  Row{600, 641981},  Row{700, 691186},
    Row{800, 732430},  Row{900, 767244},  Row{1000, 796812}, Row{1200, 843739}, Row{1400, 878596},
    Row{1700, 915593}, Row{2000, 940480}, Row{2500, 965985}, Row{3000, 980173}, Row{3500, 988290},
    Row{4000, 993023}, Row{5000, 997484}, Row{6000, 999082}, Row{7000, 999664}, Row{8500, 999925},
    Row{10000, 999983}};
}  // namespace

std::int64_t write_amplification_permille(std::int64_t spare_permille) {
  const std::int64_t r =
      std::clamp(spare_permille, kRows.front().spare_permille, kRows.back().spare_permille);
  std::size_t above = 1;
  while (kRows[above].spare_permille < r) ++above;
  const Row& low = kRows[above - 1];
  const Row& high = kRows[above];
  const std::int64_t share = low.host_share_ppm + (high.host_share_ppm - low.host_share_ppm) *
                                                      (r - low.spare_permille) /
                                                      (high.spare_permille - low.spare_permille);
  return (1'000'000'000 + share / 2) / share;
}

}  // namespace brokersim::storage
