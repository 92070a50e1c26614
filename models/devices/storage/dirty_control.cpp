#include "models/devices/storage/dirty_control.h"

#include <algorithm>
#include <bit>

#include "sim/check.h"

namespace brokersim::storage {

namespace {

constexpr std::int64_t kDirtyPage = 4'096;
constexpr std::int64_t kOne = 1'024;  // RATELIMIT_CALC_SHIFT = 10
constexpr std::int64_t kClockSecond = 1'000'000'000;
/// 3 s rounded up to a power of two in jiffies: 4,096 ms at 1,000 Hz and at 250 Hz.
constexpr std::int64_t kSmoothing = 4'096'000'000;
constexpr std::int64_t kPauseMax = 200'000'000;  // MAX_PAUSE
constexpr std::int64_t kPauseAim = 10'000'000;   // HZ / 100
constexpr std::int64_t kPollMin = 32 * kDirtyPage;    // DIRTY_POLL_THRESH

std::int64_t ratio_of(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
  return static_cast<std::int64_t>(static_cast<__int128>(value) * numerator / denominator);
}

/// Bytes at `rate` in `time` nanoseconds.
std::int64_t bytes_in(std::int64_t rate, std::int64_t time) { return ratio_of(rate, time, kClockSecond); }

std::int64_t log2_of(std::int64_t value) {
  return value <= 1 ? 0 : static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(value))) - 1;
}

/// wb_max_pause: no longer than it takes to drain an eighth of what is dirty.
std::int64_t pause_max(const DirtyDevice& device) {
  const std::int64_t drained =
      ratio_of(device.dirty, 128'000'000, std::max<std::int64_t>(1, device.bandwidth_slow));
  return std::clamp<std::int64_t>(drained + 1'000'000, 1'000'000, kPauseMax);
}

struct PauseMin {
  std::int64_t pause = 0;        // shorter ones are put off
  std::int64_t check_after = 0;  // bytes
};

/// wb_min_pause: 10 ms for one writer, about 10 ms more for every doubling of their number.
PauseMin pause_min(const DirtyDevice& device, std::int64_t task_rate, std::int64_t max) {
  const std::int64_t high = log2_of(device.bandwidth_slow / kDirtyPage);
  const std::int64_t low = log2_of(device.rate_limit / kDirtyPage);
  std::int64_t t = kPauseAim;
  if (high > low) t += (high - low) * 10'000'000;
  t = std::min(t, 1'000'000 + max / 2);
  std::int64_t bytes = bytes_in(device.rate_limit, t);
  if (bytes < kPollMin) {
    t = max;
    bytes = bytes_in(device.rate_limit, t);
    if (bytes > kPollMin) {
      bytes = kPollMin;
      t = ratio_of(kPollMin, kClockSecond, std::max<std::int64_t>(1, device.rate_limit));
    }
  }
  if (ratio_of(bytes, kClockSecond, task_rate + 1) > max) {
    t = max;
    bytes = bytes_in(task_rate, t);
  }
  return {bytes >= kPollMin ? t / 2 : t, std::max(bytes, kDirtyPage)};
}

}  // namespace

DirtyThresholds dirty_thresholds(std::int64_t dirtyable, const PageCacheConfig& config) {
  DirtyThresholds result;
  result.background = config.dirty_background_bytes.n > 0 ? config.dirty_background_bytes.n
                                                          : ratio_of(dirtyable, config.dirty_background.n, 100);
  result.limit = config.dirty_limit_bytes.n > 0 ? config.dirty_limit_bytes.n
                                                : ratio_of(dirtyable, config.dirty_limit.n, 100);
  // As the kernel corrects a background threshold that is not below the limit.
  if (result.background >= result.limit) result.background = result.limit / 2;
  result.freerun = (result.background + result.limit) / 2;
  result.set_point = (result.freerun + result.limit) / 2;
  return result;
}

std::int64_t device_share(const DirtyDevice& device, std::int64_t completions_of_all) {
  return completions_of_all <= 0 ? kOne : ratio_of(kOne, device.completions, completions_of_all);
}

std::int64_t position_ratio(const DirtyThresholds& at, std::int64_t dirty, const DirtyDevice& device,
                            std::int64_t share) {
  if (dirty >= at.limit) return 0;
  const std::int64_t span_global = std::max<std::int64_t>(1, at.limit - at.set_point);
  const std::int64_t x = ratio_of(at.set_point - dirty, kOne, span_global);
  const std::int64_t cube = x * x / kOne * x / kOne;
  std::int64_t position = std::clamp<std::int64_t>(kOne + cube, 0, 2 * kOne);
  // The device's own term: it may hold its share of the limit, and 8 s of its rate more.
  std::int64_t device_limit = ratio_of(at.limit, share, kOne);
  device_limit = std::max(device_limit, (at.limit - dirty) / 8);
  const std::int64_t device_point = ratio_of(at.set_point, device_limit, std::max<std::int64_t>(1, at.limit));
  const std::int64_t span =
      std::max<std::int64_t>(1, ratio_of(at.limit - device_limit + 8 * device.bandwidth_slow, device_limit,
                                       std::max<std::int64_t>(1, at.limit)));
  const std::int64_t intercept = device_point + span;
  if (device.dirty < intercept - span / 4) {
    position = ratio_of(position, intercept - device.dirty, span);
  } else {
    position /= 4;
  }
  // Keep some dirty on every device, so that it does not run dry.
  const std::int64_t reserve = device_limit / 2;
  if (device.dirty < reserve) {
    position = device.dirty > reserve / 8 ? ratio_of(position, reserve, device.dirty) : position * 8;
  }
  return position;
}

void sample_bandwidth(DirtyDevice& device, sim::SimTime now) {
  const std::int64_t elapsed = (now - device.sampled_at).ns;
  SIM_CHECK(elapsed > 0);
  const std::int64_t done = device.written - device.written_at_sample;
  const std::int64_t old = device.bandwidth;
  if (elapsed >= kSmoothing) {
    device.bandwidth = ratio_of(done, kClockSecond, elapsed);
    device.bandwidth_slow = device.bandwidth;
  } else {
    device.bandwidth = ratio_of(done, kClockSecond, kSmoothing) + ratio_of(old, kSmoothing - elapsed, kSmoothing);
    std::int64_t& slow = device.bandwidth_slow;
    if (slow > old && old >= device.bandwidth) slow -= (slow - old) / 8;
    if (slow < old && old <= device.bandwidth) slow += (old - slow) / 8;
  }
  device.bandwidth = std::max<std::int64_t>(1, device.bandwidth);
  device.bandwidth_slow = std::max<std::int64_t>(1, device.bandwidth_slow);
  restart_sample(device, now);
}

void restart_sample(DirtyDevice& device, sim::SimTime now) {
  device.sampled_at = now;
  device.written_at_sample = device.written;
  device.dirtied_at_sample = device.dirtied;
}

void sample_rate_limit(DirtyDevice& device, const DirtyThresholds& at, std::int64_t dirty,
                       std::int64_t position, sim::SimTime now) {
  const std::int64_t elapsed = std::max<std::int64_t>(1, (now - device.sampled_at).ns);
  const std::int64_t dirty_rate = ratio_of(device.dirtied - device.dirtied_at_sample, kClockSecond, elapsed);
  const std::int64_t task_rate = ratio_of(device.rate_limit, position, kOne) + 1;
  std::int64_t balanced = ratio_of(task_rate, device.bandwidth_slow, dirty_rate | 1);
  balanced = std::clamp<std::int64_t>(balanced, 0, device.bandwidth_slow);
  // Move only if position control and the aim agree on the direction.
  std::int64_t step = 0;
  if (dirty < at.set_point) {
    step = std::min({device.balanced, balanced, task_rate}) - device.rate_limit;
    step = std::max<std::int64_t>(0, step);
  } else {
    step = std::max({device.balanced, balanced, task_rate}) - device.rate_limit;
    step = std::min<std::int64_t>(0, step);
  }
  const std::int64_t size = step < 0 ? -step : step;
  // Small differences are pursued slowly, large ones an eighth at a time.
  const std::int64_t shift = device.rate_limit / (2 * size + 1);
  std::int64_t move = shift < 63 ? size >> shift : 0;
  move = (move + 7) / 8;
  device.rate_limit = std::max<std::int64_t>(1, device.rate_limit + (step < 0 ? -move : move));
  device.balanced = balanced;
}

void run_free(DirtyWriter& writer, std::int64_t left, sim::SimTime now) {
  writer.dirtied = 0;
  writer.paused_until = now;
  const std::int64_t pages = left / kDirtyPage;
  writer.check_after = (pages > 0 ? std::int64_t{1} << (log2_of(pages) / 2) : 1) * kDirtyPage;
}

sim::Duration pause_of(DirtyWriter& writer, const DirtyDevice& device, std::int64_t position,
                       sim::SimTime now) {
  const std::int64_t task_rate = ratio_of(device.rate_limit, position, kOne);
  const std::int64_t max = pause_max(device);
  const PauseMin min = pause_min(device, task_rate, max);
  std::int64_t pause = max;
  std::int64_t period = max;
  if (task_rate > 0) {
    period = ratio_of(writer.dirtied, kClockSecond, task_rate);
    pause = period - (now - writer.paused_until).ns;
    if (pause < min.pause) {
      // It thought long enough by itself, or the rest is carried over to the next check.
      if (pause < -kClockSecond) {
        writer.paused_until = now;
        writer.dirtied = 0;
      } else if (period > 0) {
        writer.paused_until = writer.paused_until + sim::Duration{period};
        writer.dirtied = 0;
      }
      writer.check_after = min.check_after;
      return {};
    }
  }
  if (pause > max) pause = max;
  writer.paused_until = now + sim::Duration{pause};
  writer.dirtied = 0;
  writer.check_after = min.check_after;
  return {pause};
}

}  // namespace brokersim::storage
