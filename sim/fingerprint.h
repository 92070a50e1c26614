// The fingerprint of a run: a rolling hash over executed events and draws, kept by ingredient.
//
// Two runs with equal fingerprints executed the same events (time, component, kind) in the same order with the same
// draws. The four ingredients roll apart, so that a difference can be named, and side by side, so that the processor
// works on all four at once; value() folds them into the 64 bits that a run is known by. A draw counts with the event
// it was made in: the same draw one event later is another fingerprint.
// A checkpoint of all four is kept every 4,096 events (32 bytes: 800 KB for 10^8 events), so that two runs can be
// compared interval by interval.
// Each step is a bijection of the state for a given word and of the word for a given state: two runs that differ in
// one word differ for good, unless a later difference undoes it, and after one differing word exactly one value of the
// next word does. Draws and names are 64 mixed bits: that they hit it has a chance of 2^-64. The hash is cheap, not
// cryptographic: who chooses the words can make two of them cancel (the highest bit of a word is undone by bit 28 of
// the next), and times are plain numbers, of which the low bits mix best: a difference in bit 44 (five hours) reaches only
// 20 bits of the next step. Time, component, kind and draws would have to cancel all at once.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hash.h"

namespace brokersim::sim {

/// One rolling hash for each ingredient.
struct FingerprintParts {
  std::uint64_t time = 0x243F6A8885A308D3ull;  // digits of pi: no state from which a zero word leads nowhere
  std::uint64_t component = 0x13198A2E03707344ull;
  std::uint64_t kind = 0xA4093822299F31D0ull;
  std::uint64_t draws = 0x082EFA98EC4E6C89ull;

  [[nodiscard]] bool operator==(const FingerprintParts&) const = default;
};

/// Sees the draws of a run that is being recorded. Must not draw or schedule.
class DrawWatcher {
 public:
  /// A stream is made, for a purpose of a component or for an object below another stream.
  virtual void on_stream(std::uint64_t key, std::uint64_t path_hash, std::string_view purpose) = 0;
  virtual void on_child(std::uint64_t key, std::uint64_t parent, std::uint64_t object) = 0;
  virtual void on_draw(std::uint64_t key, std::uint64_t ordinal, std::uint64_t value) = 0;

 protected:
  ~DrawWatcher() = default;
};

class Fingerprint {
 public:
  static constexpr std::uint64_t kInterval = 4'096;

  void event(std::int64_t time_ns, std::uint64_t component, std::uint64_t kind) {
    parts_.time = roll(parts_.time, static_cast<std::uint64_t>(time_ns));
    parts_.component = roll(parts_.component, component);
    parts_.kind = roll(parts_.kind, kind);
    parts_.draws += kEventStep;
    if (--until_checkpoint_ == 0) [[unlikely]]
      checkpoint();
  }
  void draw(std::uint64_t value) { parts_.draws = roll(parts_.draws, value); }
  /// As draw(value); a watcher is told where the value came from.
  void draw(std::uint64_t stream, std::uint64_t ordinal, std::uint64_t value) {
    draw(value);
    if (watcher_ != nullptr) [[unlikely]]
      watcher_->on_draw(stream, ordinal, value);
  }

  /// From now on, which is `now_ns`, every draw of every stream that reports here is another one, chosen by `id`, and the
  /// fingerprint says so. 0 changes nothing. A branch of a branch is chosen by all ids on the way to it.
  void branch(std::uint64_t id, std::int64_t now_ns = 0) {
    if (id == 0) return;
    past_.push_back({now_ns, branch_});
    branch_ = combine(branch_, id);
    draw(branch_);
  }
  /// What streams mix into their key; 0 on the trunk.
  [[nodiscard]] std::uint64_t branch() const { return branch_; }
  /// What branch() was at an instant. An instant of branching belongs to the past.
  [[nodiscard]] std::uint64_t branch_at(std::int64_t time_ns) const {
    std::uint64_t branch = branch_;
    for (std::size_t i = past_.size(); i > 0 && time_ns <= past_[i - 1].until_ns; --i)
      branch = past_[i - 1].branch;
    return branch;
  }

  [[nodiscard]] std::uint64_t value() const {
    return combine(combine(combine(combine(parts_.time, parts_.component), parts_.kind), parts_.draws),
                   events());
  }
  [[nodiscard]] const FingerprintParts& parts() const { return parts_; }
  [[nodiscard]] std::uint64_t events() const {
    return checkpoints_.size() * kInterval + (kInterval - until_checkpoint_);
  }
  /// parts() after 4,096, 8,192, ... events.
  [[nodiscard]] const std::vector<FingerprintParts>& checkpoints() const { return checkpoints_; }

  /// Tells `watcher` of every draw from now on; null: nobody. For recording: costs time, changes nothing.
  void watch_draws(DrawWatcher* watcher) { watcher_ = watcher; }
  [[nodiscard]] DrawWatcher* watcher() const { return watcher_; }

 private:
  void checkpoint() {
    checkpoints_.push_back(parts_);
    until_checkpoint_ = kInterval;
  }
  static constexpr std::uint64_t kEventStep = 0x9E3779B97F4A7C15ull;

  [[nodiscard]] static std::uint64_t roll(std::uint64_t state, std::uint64_t word) {
    return std::rotl((state ^ word) * 0xD6E8FEB86659FD93ull, 29);
  }

  FingerprintParts parts_;
  std::uint64_t until_checkpoint_ = kInterval;  // events; counting down takes fewer instructions
  std::uint64_t branch_ = 0;
  struct Past {
    std::int64_t until_ns;
    std::uint64_t branch;
  };
  std::vector<Past> past_;  // empty on the trunk
  DrawWatcher* watcher_ = nullptr;
  std::vector<FingerprintParts> checkpoints_;
};

/// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string hex16(std::uint64_t value);

}  // namespace brokersim::sim
