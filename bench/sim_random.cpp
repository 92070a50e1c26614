// What a draw costs: the keyed mixer of sim/random.h beside the counter-based generators it was chosen against, and
// what samplers and the fingerprint add. Philox as published by Salmon, Moraes, Dror and Shaw (2011), checked against
// its known answers before it is timed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

#include "sim/component.h"
#include "sim/sampling.h"

namespace {

using namespace brokersim::sim;
constexpr std::uint64_t kDraws = 4'000'000;
constexpr int kRounds = 7;

/// Philox 4x32 with ten rounds: 64 of its 128 bits.
std::uint64_t philox_4x32_10(std::uint64_t key, std::uint64_t counter) {
  std::uint32_t x[4] = {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0};
  std::uint32_t k[2] = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * x[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * x[2];
    const std::uint32_t next[4] = {
        static_cast<std::uint32_t>(b >> 32) ^ x[1] ^ k[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ x[3] ^ k[1], static_cast<std::uint32_t>(a)};
    std::copy(next, next + 4, x);
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return std::uint64_t{x[1]} << 32 | x[0];
}

template <int kPhiloxRounds>
std::uint64_t philox_2x64(std::uint64_t key, std::uint64_t counter) {
  std::uint64_t left = counter;
  std::uint64_t right = 0;
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const unsigned __int128 product = static_cast<unsigned __int128>(0xD2B74407B1CE6E93ull) * left;
    left = static_cast<std::uint64_t>(product >> 64) ^ key ^ right;
    right = static_cast<std::uint64_t>(product);
    key += 0x9E3779B97F4A7C15ull;
  }
  return left;
}

/// Of the processor, so that a busy machine does not count.
double now_ns() { return static_cast<double>(std::clock()) * (1e9 / CLOCKS_PER_SEC); }

/// ns per draw: independent ordinals, as streams are drawn from; and each ordinal from the draw before.
template <class Draw>
void measure(const char* name, Draw draw) {
  std::vector<double> apart, chained;
  std::uint64_t sink = 0;
  for (int round = 0; round < kRounds; ++round) {
    double begin = now_ns();
    for (std::uint64_t i = 0; i < kDraws; ++i) sink += draw(i);
    apart.push_back((now_ns() - begin) / kDraws);
    begin = now_ns();
    std::uint64_t x = sink;
    for (std::uint64_t i = 0; i < kDraws; ++i) x = draw(x);
    sink += x;
    chained.push_back((now_ns() - begin) / kDraws);
  }
  std::sort(apart.begin(), apart.end());
  std::sort(chained.begin(), chained.end());
  std::printf("%-34s %10.2f %10.2f%s\n", name, apart[kRounds / 2], chained[kRounds / 2],
              sink == 0 ? " " : "");
}

}  // namespace

int main() {
  if (philox_4x32_10(0, 0) != 0xE169C58D6627E8D5ull || philox_2x64<10>(0, 0) != 0xCA00A0459843D731ull) {
    std::printf("Philox does not give its known answers\n");
    return 1;
  }
  Simulation sim(1);
  Component component(sim, "bench");
  const Stream stream = component.stream("draws");
  const std::uint64_t key = stream.key();
  std::printf("ns per draw (median of %d rounds)     %10s %10s\n", kRounds, "apart", "chained");
  measure("keyed mixer (this tree)", [&](std::uint64_t i) { return keyed_bits(key, 0, i); });
  measure("Philox 2x64-6", [&](std::uint64_t i) { return philox_2x64<6>(key, i); });
  measure("Philox 2x64-10", [&](std::uint64_t i) { return philox_2x64<10>(key, i); });
  measure("Philox 4x32-10", [&](std::uint64_t i) { return philox_4x32_10(key, i); });
  measure("stream.bits: mixer, fingerprint", [&](std::uint64_t i) { return stream.bits(i); });
  measure("exponential",
          [&](std::uint64_t i) { return whole_ns(1e6 * Exponential::standard(stream.bits(i))).ns; });
  measure("normal", [&](std::uint64_t i) {
    return static_cast<std::uint64_t>(1e6 * (10 + Normal::standard(stream.bits(i))));
  });
  const LogNormal lognormal(1e6, 0.5);
  measure("lognormal", [&](std::uint64_t i) { return whole_ns(lognormal.sample(stream.bits(i))).ns; });
  const Zipf zipf(1'000'000, 0.99);
  measure("zipf, 10^6 ranks", [&](std::uint64_t i) { return zipf.sample(stream.bits(i)); });
  Fingerprint fingerprint;
  measure("fingerprint, back to back", [&](std::uint64_t i) {
    fingerprint.event(static_cast<std::int64_t>(i), key, key ^ 1);
    return i;
  });
  // Beside work that waits for itself, as a handler's does: the difference from "keyed mixer, chained" is its cost.
  measure("keyed mixer and fingerprint", [&](std::uint64_t i) {
    fingerprint.event(static_cast<std::int64_t>(i), key, key ^ 1);
    return keyed_bits(key, 0, i);
  });
  return fingerprint.value() == 0 ? 1 : 0;
}
