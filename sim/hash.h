// Mixing of 64-bit words, and hashes of names. Portable, and never used to order anything.
#pragma once

#include <cstdint>
#include <string_view>

namespace brokersim::sim {

/// A bijection of 64-bit words whose output bits all depend on all input bits (Pelle Evensen's
/// "moremur" constants; passes PractRand beyond 2^40 bytes on a counter as its author reports).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 27;
  x *= 0x3C79AC492BA7B653ull;
  x ^= x >> 33;
  x *= 0x1C69B3F74AC4AE35ull;
  x ^= x >> 27;
  return x;
}

/// Order-dependent combination of two words.
[[nodiscard]] constexpr std::uint64_t combine(std::uint64_t a, std::uint64_t b) {
  return mix64(a * 0x9E3779B97F4A7C15ull + b + 0x632BE59BD9B4E019ull);
}

/// FNV-1a over the characters, then mixed. Stable across builds and platforms.
[[nodiscard]] constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t h = 0xCBF29CE484222325ull;
  for (const char c : name) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001B3ull;
  }
  return mix64(h);
}

}  // namespace brokersim::sim
