#include "sim/portable_math.h"

#include <cfloat>
#include <limits>

#include "sim/check.h"

namespace brokersim::sim {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles (not on the x87)");
static_assert(std::numeric_limits<double>::is_iec559, "doubles must be those of IEEE 754");

/// ln 2 in two parts: the first has 24 zero bits at its end, so that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42fep-1;
constexpr double kLn2Low = 0x1.f473de6af278fp-30;

/// For f in [1 + i/64, 1 + (i + 1)/64): a centre near f (above sqrt 2: near f / 2), its reciprocal and its logarithm,
/// each rounded from 60 decimal digits. The ends are 1 exactly: near 1 the result keeps its relative accuracy.
struct LogRow {
  double centre;
  double reciprocal;
  double logarithm;
};
constexpr int kHalvedFrom = 27;
constexpr LogRow kLog[64] = {
    {0x1.0000000000000p+0, 0x1.0000000000000p+0, 0.0},
    {0x1.0600000000000p+0, 0x1.f44659e4a4271p-1, 0x1.7b91b07d5b11bp-6},
    {0x1.0a00000000000p+0, 0x1.ecc07b301ecc0p-1, 0x1.39e87b9febd60p-5},
    {0x1.0e00000000000p+0, 0x1.e573ac901e574p-1, 0x1.b42dd711971bfp-5},
    {0x1.1200000000000p+0, 0x1.de5d6e3f8868ap-1, 0x1.16536eea37ae1p-4},
    {0x1.1600000000000p+0, 0x1.d77b654b82c34p-1, 0x1.51b073f06183fp-4},
    {0x1.1a00000000000p+0, 0x1.d0cb58f6ec074p-1, 0x1.8c345d6319b21p-4},
    {0x1.1e00000000000p+0, 0x1.ca4b3055ee191p-1, 0x1.c5e548f5bc743p-4},
    {0x1.2200000000000p+0, 0x1.c3f8f01c3f8f0p-1, 0x1.fec9131dbeabbp-4},
    {0x1.2600000000000p+0, 0x1.bdd2b899406f7p-1, 0x1.1b72ad52f67a0p-3},
    {0x1.2a00000000000p+0, 0x1.b7d6c3dda338bp-1, 0x1.371fc201e8f74p-3},
    {0x1.2e00000000000p+0, 0x1.b2036406c80d9p-1, 0x1.526e5e3a1b438p-3},
    {0x1.3200000000000p+0, 0x1.ac5701ac5701bp-1, 0x1.6d60fe719d21dp-3},
    {0x1.3600000000000p+0, 0x1.a6d01a6d01a6dp-1, 0x1.87fa06520c911p-3},
    {0x1.3a00000000000p+0, 0x1.a16d3f97a4b02p-1, 0x1.a23bc1fe2b563p-3},
    {0x1.3e00000000000p+0, 0x1.9c2d14ee4a102p-1, 0x1.bc286742d8cd6p-3},
    {0x1.4200000000000p+0, 0x1.970e4f80cb872p-1, 0x1.d5c216b4fbb91p-3},
    {0x1.4600000000000p+0, 0x1.920fb49d0e229p-1, 0x1.ef0adcbdc5936p-3},
    {0x1.4a00000000000p+0, 0x1.8d3018d3018d3p-1, 0x1.0402594b4d041p-2},
    {0x1.4e00000000000p+0, 0x1.886e5f0abb04ap-1, 0x1.1058bf9ae4ad5p-2},
    {0x1.5200000000000p+0, 0x1.83c977ab2beddp-1, 0x1.1c898c16999fbp-2},
    {0x1.5600000000000p+0, 0x1.7f405fd017f40p-1, 0x1.2895a13de86a3p-2},
    {0x1.5a00000000000p+0, 0x1.7ad2208e0ecc3p-1, 0x1.347dd9a987d55p-2},
    {0x1.5e00000000000p+0, 0x1.767dce434a9b1p-1, 0x1.404308686a7e4p-2},
    {0x1.6200000000000p+0, 0x1.724287f46debcp-1, 0x1.4be5f957778a1p-2},
    {0x1.6600000000000p+0, 0x1.6e1f76b4337c7p-1, 0x1.5767717455a6cp-2},
    {0x1.6a00000000000p+0, 0x1.6a13cd1537290p-1, 0x1.62c82f2b9c795p-2},
    {0x1.6e00000000000p-1, 0x1.661ec6a5122f9p+0, -0x1.57bf753c8d1fbp-2},
    {0x1.7200000000000p-1, 0x1.623fa77016240p+0, -0x1.4c9e09e172c3cp-2},
    {0x1.7600000000000p-1, 0x1.5e75bb8d015e7p+0, -0x1.419b423d5e8c7p-2},
    {0x1.7a00000000000p-1, 0x1.5ac056b015ac0p+0, -0x1.36b6776be1117p-2},
    {0x1.7e00000000000p-1, 0x1.571ed3c506b3ap+0, -0x1.2bef07cdc9354p-2},
    {0x1.8200000000000p-1, 0x1.5390948f40febp+0, -0x1.214456d0eb8d4p-2},
    {0x1.8600000000000p-1, 0x1.5015015015015p+0, -0x1.16b5ccbacfb73p-2},
    {0x1.8a00000000000p-1, 0x1.4cab88725af6ep+0, -0x1.0c42d676162e3p-2},
    {0x1.8e00000000000p-1, 0x1.49539e3b2d067p+0, -0x1.01eae5626c691p-2},
    {0x1.9200000000000p-1, 0x1.460cbc7f5cf9ap+0, -0x1.ef5ade4dcffe6p-3},
    {0x1.9600000000000p-1, 0x1.42d6625d51f87p+0, -0x1.db13db0d48940p-3},
    {0x1.9a00000000000p-1, 0x1.3fb013fb013fbp+0, -0x1.c6ffbc6f00f71p-3},
    {0x1.9e00000000000p-1, 0x1.3c995a47babe7p+0, -0x1.b31d8575bce3dp-3},
    {0x1.a200000000000p-1, 0x1.3991c2c187f63p+0, -0x1.9f6c407089664p-3},
    {0x1.a600000000000p-1, 0x1.3698df3de0748p+0, -0x1.8beafeb38fe8cp-3},
    {0x1.aa00000000000p-1, 0x1.33ae45b57bcb2p+0, -0x1.7898d85444c73p-3},
    {0x1.ae00000000000p-1, 0x1.30d190130d190p+0, -0x1.6574ebe8c133ap-3},
    {0x1.b200000000000p-1, 0x1.2e025c04b8097p+0, -0x1.527e5e4a1b58dp-3},
    {0x1.b600000000000p-1, 0x1.2b404ad012b40p+0, -0x1.3fb45a59928ccp-3},
    {0x1.ba00000000000p-1, 0x1.288b01288b013p+0, -0x1.2d1610c86813ap-3},
    {0x1.be00000000000p-1, 0x1.25e22708092f1p+0, -0x1.1aa2b7e23f72ap-3},
    {0x1.c200000000000p-1, 0x1.23456789abcdfp+0, -0x1.08598b59e3a07p-3},
    {0x1.c600000000000p-1, 0x1.20b470c67c0d9p+0, -0x1.ec739830a1120p-4},
    {0x1.ca00000000000p-1, 0x1.1e2ef3b3fb874p+0, -0x1.c885801bc4b23p-4},
    {0x1.ce00000000000p-1, 0x1.1bb4a4046ed29p+0, -0x1.a4e7640b1bc38p-4},
    {0x1.d200000000000p-1, 0x1.19453808ca29cp+0, -0x1.8197e2f40e3f0p-4},
    {0x1.d600000000000p-1, 0x1.16e0689427379p+0, -0x1.5e95a4d9791cbp-4},
    {0x1.da00000000000p-1, 0x1.1485f0e0acd3bp+0, -0x1.3bdf5a7d1ee64p-4},
    {0x1.de00000000000p-1, 0x1.12358e75d3033p+0, -0x1.1973bd1465567p-4},
    {0x1.e200000000000p-1, 0x1.0fef010fef011p+0, -0x1.eea31c006b87cp-5},
    {0x1.e600000000000p-1, 0x1.0db20a88f4696p+0, -0x1.aaef2d0fb10fcp-5},
    {0x1.ea00000000000p-1, 0x1.0b7e6ec259dc8p+0, -0x1.67c94f2d4bb58p-5},
    {0x1.ee00000000000p-1, 0x1.0953f39010954p+0, -0x1.252f32f8d183fp-5},
    {0x1.f200000000000p-1, 0x1.073260a47f7c6p+0, -0x1.c63d2ec14aaf2p-6},
    {0x1.f600000000000p-1, 0x1.05197f7d73404p+0, -0x1.432a925980cc1p-6},
    {0x1.fa00000000000p-1, 0x1.03091b51f5e1ap+0, -0x1.82448a388a2aap-7},
    {0x1.0000000000000p+0, 0x1.0000000000000p+0, 0.0},
};

/// 2^(i/64).
constexpr double kExp2[64] = {
    0x1.0000000000000p+0, 0x1.02c9a3e778061p+0, 0x1.059b0d3158574p+0, 0x1.0874518759bc8p+0,
    0x1.0b5586cf9890fp+0, 0x1.0e3ec32d3d1a2p+0, 0x1.11301d0125b51p+0, 0x1.1429aaea92de0p+0,
    0x1.172b83c7d517bp+0, 0x1.1a35beb6fcb75p+0, 0x1.1d4873168b9aap+0, 0x1.2063b88628cd6p+0,
    0x1.2387a6e756238p+0, 0x1.26b4565e27cddp+0, 0x1.29e9df51fdee1p+0, 0x1.2d285a6e4030bp+0,
    0x1.306fe0a31b715p+0, 0x1.33c08b26416ffp+0, 0x1.371a7373aa9cbp+0, 0x1.3a7db34e59ff7p+0,
    0x1.3dea64c123422p+0, 0x1.4160a21f72e2ap+0, 0x1.44e086061892dp+0, 0x1.486a2b5c13cd0p+0,
    0x1.4bfdad5362a27p+0, 0x1.4f9b2769d2ca7p+0, 0x1.5342b569d4f82p+0, 0x1.56f4736b527dap+0,
    0x1.5ab07dd485429p+0, 0x1.5e76f15ad2148p+0, 0x1.6247eb03a5585p+0, 0x1.6623882552225p+0,
    0x1.6a09e667f3bcdp+0, 0x1.6dfb23c651a2fp+0, 0x1.71f75e8ec5f74p+0, 0x1.75feb564267c9p+0,
    0x1.7a11473eb0187p+0, 0x1.7e2f336cf4e62p+0, 0x1.82589994cce13p+0, 0x1.868d99b4492edp+0,
    0x1.8ace5422aa0dbp+0, 0x1.8f1ae99157736p+0, 0x1.93737b0cdc5e5p+0, 0x1.97d829fde4e50p+0,
    0x1.9c49182a3f090p+0, 0x1.a0c667b5de565p+0, 0x1.a5503b23e255dp+0, 0x1.a9e6b5579fdbfp+0,
    0x1.ae89f995ad3adp+0, 0x1.b33a2b84f15fbp+0, 0x1.b7f76f2fb5e47p+0, 0x1.bcc1e904bc1d2p+0,
    0x1.c199bdd85529cp+0, 0x1.c67f12e57d14bp+0, 0x1.cb720dcef9069p+0, 0x1.d072d4a07897cp+0,
    0x1.d5818dcfba487p+0, 0x1.da9e603db3285p+0, 0x1.dfc97337b9b5fp+0, 0x1.e502ee78b3ff6p+0,
    0x1.ea4afa2a490dap+0, 0x1.efa1bee615a27p+0, 0x1.f50765b6e4540p+0, 0x1.fa7c1819e90d8p+0,
};

/// std::bit_cast, which the libc++ 13 of the WebAssembly toolchain does not have.
template <class To, class From>
constexpr To cast_bits(From from) {
  return __builtin_bit_cast(To, from);
}

/// ln(1 + r) for |r| <= 1/64: Taylor's series; the first term left out is below 1e-18 of the result.
double log1p_small(double r) {
  double sum = 1.0 / 10.0;
  sum = 1.0 / 9.0 - r * sum;
  sum = 1.0 / 8.0 - r * sum;
  sum = 1.0 / 7.0 - r * sum;
  sum = 1.0 / 6.0 - r * sum;
  sum = 1.0 / 5.0 - r * sum;
  sum = 1.0 / 4.0 - r * sum;
  sum = 1.0 / 3.0 - r * sum;
  sum = 1.0 / 2.0 - r * sum;
  return r - r * r * sum;
}

/// e^r - 1 for |r| <= 1/64, likewise.
double expm1_small(double r) {
  double sum = 1.0 / 40'320.0;
  sum = 1.0 / 5'040.0 + r * sum;
  sum = 1.0 / 720.0 + r * sum;
  sum = 1.0 / 120.0 + r * sum;
  sum = 1.0 / 24.0 + r * sum;
  sum = 1.0 / 6.0 + r * sum;
  sum = 1.0 / 2.0 + r * sum;
  return r + r * r * sum;
}

}  // namespace

double portable_ln(double x) {
  SIM_CHECK(x > 0.0);
  SIM_CHECK(x <= std::numeric_limits<double>::max());
  int exponent = 0;
  if (x < std::numeric_limits<double>::min()) {  // subnormal
    x *= 0x1p54;
    exponent = -54;
  }
  const std::uint64_t bits = cast_bits<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1'023;
  const auto index = static_cast<int>((bits >> 46) & 63);
  const bool halved = index >= kHalvedFrom;
  exponent += halved ? 1 : 0;
  const std::uint64_t biased = halved ? 1'022 : 1'023;
  const double f = cast_bits<double>((bits & 0x000F'FFFF'FFFF'FFFFull) | (biased << 52));
  const LogRow& row = kLog[index];
  const double small = log1p_small((f - row.centre) * row.reciprocal);  // the difference is exact
  const double e = static_cast<double>(exponent);
  return (e * kLn2High + row.logarithm) + (small + e * kLn2Low);
}

double portable_exp(double x) {
  SIM_CHECK(x == x, "exp of what is no number");
  if (x > 709.78) return std::numeric_limits<double>::max();
  if (x < -708.0) return 0.0;
  constexpr double kStepHigh = 0x1.62e42fep-7;  // ln 2 / 64 in two parts
  constexpr double kStepLow = 0x1.f473de6af278fp-36;
  const auto steps = static_cast<std::int64_t>(x * 0x1.71547652b82fep+6 + (x < 0.0 ? -0.5 : 0.5));
  const double n = static_cast<double>(steps);
  const double r = (x - n * kStepHigh) - n * kStepLow;
  const double power = kExp2[static_cast<std::uint64_t>(steps) & 63];
  const double value = power + power * expm1_small(r);
  const std::int64_t exponent = steps >> 6;  // rounds down
  return value * cast_bits<double>(static_cast<std::uint64_t>(exponent / 2 + 1'023) << 52) *
         cast_bits<double>(static_cast<std::uint64_t>(exponent - exponent / 2 + 1'023) << 52);
}

double portable_log1p(double r) {
  SIM_CHECK(r > -1.0);
  if (-1.0 / 64.0 < r && r < 1.0 / 64.0) return log1p_small(r);
  const double sum = 1.0 + r;
  return portable_ln(sum) + (r - (sum - 1.0)) / sum;  // with what the sum has rounded away
}

double portable_expm1(double r) {
  if (r < -0.5 || r > 0.5) return portable_exp(r) - 1.0;
  double result = expm1_small(r / 32.0);
  for (int doubling = 0; doubling < 5; ++doubling) result *= 2.0 + result;  // e^2x - 1 = (e^x - 1)(e^x + 1)
  return result;
}

}  // namespace brokersim::sim
