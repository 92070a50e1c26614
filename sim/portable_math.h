// Logarithm and exponential function with the same bits from every compiler, library and machine.
//
// Why: a mathematics library rounds its last bit as it likes, and that bit would steer a run. These use tables and
// + - * / only, which IEEE 754 defines exactly (-ffp-contract=off forbids fused operations).
// Error: at most 2 units in the last place (ln; exp 1.5) over the whole range, checked in the tests against 80-bit ones.
#pragma once

#include <cstdint>

namespace brokersim::sim {

/// ln x for finite x > 0.
[[nodiscard]] double portable_ln(double x);
/// e^x. The largest double above 709.78; 0 below -708 (no subnormal results).
[[nodiscard]] double portable_exp(double x);
/// ln(1 + r) for r > -1, with its relative accuracy near 0: at most 3 units in the last place.
[[nodiscard]] double portable_log1p(double r);
/// e^r - 1, likewise: at most 8 units.
[[nodiscard]] double portable_expm1(double r);

}  // namespace brokersim::sim
