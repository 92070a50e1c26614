// Addressed randomness: a draw is a function of (seed, component path, purpose, ordinal).
//
// Why: nothing is consumed, so removing a fault or adding a component changes no other draw, and a
// restarted component repeats nobody's numbers. The ordinal is the domain's own number (record ordinal,
// request id and attempt), not a call count, wherever one exists.
// Generator: a keyed mixer on a counter, two rounds of mix64 with the key before each. Chosen against Philox by
// measurement: docs/decisions/0004-keyed-mixer-instead-of-philox.md; the tests of randomness are in
// tests/sim/random_test.cpp.
// Branching: Simulation::branch(id) gives every stream other draws from an instant on. What a restarted component draws
// again from the beginning (bits_of_past) is the common past up to that instant.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/check.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"
#include "sim/time.h"

namespace brokersim::sim {

/// 64 uniform bits for a counter under a key, on a branch (0: the trunk).
[[nodiscard]] constexpr std::uint64_t keyed_bits(std::uint64_t key, std::uint64_t branch,
                                                 std::uint64_t ordinal) {
  return mix64(mix64((key ^ branch) + ordinal * 0x9E3779B97F4A7C15ull) ^ key);
}

class Stream {
 public:
  Stream(Fingerprint& fingerprint, std::uint64_t seed, std::uint64_t path_hash, std::string_view purpose);

  /// 64 uniform bits for `ordinal`. Same ordinal, same bits.
  [[nodiscard]] std::uint64_t bits(std::uint64_t ordinal) const {
    const std::uint64_t value = keyed_bits(key_, fingerprint_->branch(), ordinal);
    fingerprint_->draw(key_, ordinal, value);
    return value;
  }
  /// As bits(), of a draw that belongs to an instant of the past: on a branch, what was due before it is the common past's.
  /// For what is drawn again after a restart.
  [[nodiscard]] std::uint64_t bits_of_past(std::uint64_t ordinal, SimTime due) const {
    const std::uint64_t value = keyed_bits(key_, fingerprint_->branch_at(due.ns), ordinal);
    fingerprint_->draw(key_, ordinal, value);
    return value;
  }
  /// Uniform integer in [0, n); n positive. Bias below n / 2^64.
  [[nodiscard]] std::uint64_t below(std::uint64_t ordinal, std::uint64_t n) const {
    SIM_CHECK(n > 0);
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits(ordinal)) * n) >> 64);
  }
  /// Uniform double in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double unit(std::uint64_t ordinal) const {
    return static_cast<double>(bits(ordinal) >> 11) * 0x1.0p-53;
  }
  /// True with probability `permille` / 1000.
  [[nodiscard]] bool chance_permille(std::uint64_t ordinal, std::int64_t permille) const {
    return below(ordinal, 1'000) < static_cast<std::uint64_t>(permille < 0 ? 0 : permille);
  }
  /// A stream of its own below this one, for (object, draw) pairs.
  [[nodiscard]] Stream child(std::uint64_t object) const {
    const Stream stream{*fingerprint_, combine(key_, object)};
    if (fingerprint_->watcher() != nullptr) [[unlikely]]
      fingerprint_->watcher()->on_child(stream.key_, key_, object);
    return stream;
  }
  /// What the stream is known by in a recording: a hash of (seed, path, purpose, objects).
  [[nodiscard]] std::uint64_t key() const { return key_; }

 private:
  Stream(Fingerprint& fingerprint, std::uint64_t key) : fingerprint_(&fingerprint), key_(key) {}
  Fingerprint* fingerprint_;
  std::uint64_t key_;
};

}  // namespace brokersim::sim
