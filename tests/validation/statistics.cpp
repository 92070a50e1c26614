// Durability mathematics and interval statistics, and the closed forms that other areas quote: models/analytic and
// sim/statistics, no device.
#include <string>
#include <utility>

#include "models/analytic/durability.h"
#include "models/analytic/flash.h"
#include "models/analytic/fluid.h"
#include "sim/statistics.h"
#include "tests/validation/areas.h"

namespace brokersim::validation {
namespace {

void durability(Report& report) {
  const auto copies = [&](const char* id, std::int32_t n) {
    const double hours =
        analytic::mean_time_to_data_loss({.copies = n,
                                          .failures_per_hour = analytic::failure_rate_per_hour(0.015),
                                          .repairs_per_hour = 1.0 / 24});
    report.predict(id, "MTTDL", hours / analytic::kHoursPerYear);
    report.predict(id, "loss per year", analytic::loss_per_year(hours));
  };
  copies("DUR-1", 3);
  copies("DUR-2", 2);
  report.predict("DUR-3", "loss",
                 100 * analytic::loss_with_random_nodes_down(8'000, 0.001, 3, 8'000 * 256.0));
  report.predict("DUR-4", "random", 100 * analytic::loss_with_nodes_down(5'000, 50, 3, 5'000 * 8'000.0 / 3));
  report.predict("DUR-4", "copysets",
                 100 * analytic::loss_with_nodes_down(5'000, 50, 3, analytic::copysets(5'000, 3, 2)));
  report.predict("DUR-5", "nines", analytic::nines(analytic::shard_loss_per_year(20, 3, 0.0041, 156)));
  for (const auto& [label, ratio] : {std::pair{"1e-2", 1e-2}, {"1e-3", 1e-3}, {"1e-4", 1e-4}}) {
    report.predict(
        "RARE-1", label,
        analytic::loss_before_recovery({.copies = 3, .failures_per_hour = ratio, .repairs_per_hour = 1}));
  }
}

void intervals(Report& report) {
  for (const std::int64_t k : {0, 1, 3, 10}) {
    const sim::Interval interval = sim::clopper_pearson(k, 10'000);
    const std::string label = "k=" + std::to_string(k);
    if (k > 0) report.predict("STAT-1", label + " low", interval.low);
    report.predict("STAT-1", label + " high", interval.high);
  }
  report.predict("STAT-2", "n=100", sim::share_at_most(0, 100));
  report.predict("STAT-2", "n=1000", sim::share_at_most(0, 1'000));
}

void closed_forms(Report& report) {
  report.predict("NET-1", "time", analytic::transfer_lv08(100e3, {125e3, 0.01}));
  for (const auto& [label, latency] : {std::pair{"1e-5 s", 1e-5}, {"1e-3 s", 1e-3}, {"0.1 s", 0.1}}) {
    report.predict("NET-2", label, analytic::transfer_cm02(10e9, {10e9, latency}, 4'194'304));
  }
  for (const char* spare : {"0.07", "0.10", "0.20", "0.28", "0.30", "0.50"}) {
    report.predict("SSD-6", spare, analytic::write_amplification_greedy(std::stod(spare)));
  }
  report.predict("SSD-6", "approximation 0.07", analytic::write_amplification_approximation(0.07));
  report.predict("SSD-6", "approximation 0.30", analytic::write_amplification_approximation(0.3));
}

}  // namespace

void validate_statistics(Report& report) {
  durability(report);
  intervals(report);
  closed_forms(report);
}

}  // namespace brokersim::validation
