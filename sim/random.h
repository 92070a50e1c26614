// Addressed randomness: a draw is a function of (seed, component path, purpose, ordinal).
//
// Why: nothing is consumed, so removing a fault or adding a component changes no other draw, and a
// restarted component repeats nobody's numbers. The ordinal is the domain's own number (record ordinal,
// request id and attempt), not a call count, wherever one exists.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/hash.h"

namespace brokersim::sim {

class Fingerprint;

class Stream {
 public:
  Stream(Fingerprint& fingerprint, std::uint64_t seed, std::uint64_t path_hash, std::string_view purpose);

  /// 64 uniform bits for `ordinal`. Same ordinal, same bits.
  [[nodiscard]] std::uint64_t bits(std::uint64_t ordinal) const;
  /// Uniform integer in [0, n); n positive. Bias below n / 2^64.
  [[nodiscard]] std::uint64_t below(std::uint64_t ordinal, std::uint64_t n) const;
  /// Uniform double in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double unit(std::uint64_t ordinal) const;
  /// True with probability `permille` / 1000.
  [[nodiscard]] bool chance_permille(std::uint64_t ordinal, std::int64_t permille) const;
  /// A stream of its own below this one, for (object, draw) pairs.
  [[nodiscard]] Stream child(std::uint64_t object) const;

 private:
  Stream(Fingerprint& fingerprint, std::uint64_t key) : fingerprint_(&fingerprint), key_(key) {}
  Fingerprint* fingerprint_;
  std::uint64_t key_;
};

}  // namespace brokersim::sim
