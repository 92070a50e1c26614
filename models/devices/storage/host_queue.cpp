#include "models/devices/storage/host_queue.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr std::int32_t kBatch = 16;                            // fifo_batch
constexpr std::int32_t kStarved = 2;                           // writes_starved
constexpr sim::Duration kForegroundExpires = {500'000'000};    // read_expire
constexpr sim::Duration kBackgroundExpires = {5'000'000'000};  // write_expire
constexpr sim::Duration kForegroundRecent = {100'000'000};     // blk-wbt's window
constexpr sim::Duration kSlice = {100'000'000};                // CFQ slice_sync
constexpr sim::Duration kTargetLatency = {300'000'000};        // CFQ target_latency
constexpr sim::Duration kSliceMin = {16'000'000};              // twice slice_idle
constexpr sim::Duration kIdle = {8'000'000};                   // slice_idle
}  // namespace

std::optional<HddSlice> HostQueue::next(sim::SimTime now, std::size_t in_drive,
                                        std::size_t background_in_drive, std::optional<sim::SimTime>& wake) {
  wake.reset();
  if (in_drive >= static_cast<std::size_t>(config_.queue_depth)) return std::nullopt;
  std::optional<std::size_t> at;
  switch (config_.scheduler) {
    case HostScheduler::none:
      if (!waiting_.empty()) at = 0;
      break;
    case HostScheduler::mq_deadline: {
      for (const HddRequest& request : waiting_) {
        if (!request.background) foreground_seen_ = now;
      }
      if (in_drive > background_in_drive) foreground_seen_ = now;
      const bool recent = foreground_seen_.ns >= 0 && now - foreground_seen_ < kForegroundRecent;
      const auto quarter = static_cast<std::size_t>(std::max(1, config_.queue_depth / 4));
      at = pick_deadline(now, !recent || background_in_drive < quarter);
      break;
    }
    case HostScheduler::bfq: at = pick_stream(now, in_drive, wake); break;
  }
  if (!at) return std::nullopt;
  HddRequest& request = waiting_[*at];
  HddSlice slice{request, now};
  if (request.count > kSliceSectors) {
    slice.request.count = kSliceSectors;
    request.lba += kSliceSectors;
    request.count -= kSliceSectors;
  } else {
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  next_lba_ = slice.request.lba + slice.request.count;
  return slice;
}

std::optional<std::size_t> HostQueue::pick_deadline(sim::SimTime now, bool may_background) {
  std::size_t waiting[2] = {0, 0};
  for (const HddRequest& request : waiting_) ++waiting[request.background ? 1 : 0];
  if (!may_background) waiting[1] = 0;
  if (waiting[0] + waiting[1] == 0) return std::nullopt;
  if (batch_left_ > 0 && waiting[batch_background_ ? 1 : 0] > 0) {
    // The batch goes on while it ascends.
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const HddRequest& request = waiting_[i];
      if (request.background != batch_background_ || request.lba < next_lba_) continue;
      if (!best || request.lba < waiting_[*best].lba) best = i;
    }
    if (best) {
      --batch_left_;
      return best;
    }
  }
  const bool background = waiting[0] == 0 || (waiting[1] > 0 && starved_ >= kStarved);
  if (background) {
    starved_ = 0;
  } else if (waiting[1] > 0) {
    ++starved_;
  }
  batch_background_ = background;
  batch_left_ = kBatch - 1;
  return pick_in_class(now, background);
}

std::optional<std::size_t> HostQueue::pick_in_class(sim::SimTime now, bool background) {
  const sim::Duration expires = background ? kBackgroundExpires : kForegroundExpires;
  std::optional<std::size_t> oldest;
  std::optional<std::size_t> above;
  std::optional<std::size_t> lowest;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const HddRequest& request = waiting_[i];
    if (request.background != background) continue;
    if (!oldest) oldest = i;  // kept in order of arrival
    if (request.lba >= next_lba_ && (!above || request.lba < waiting_[*above].lba)) above = i;
    if (!lowest || request.lba < waiting_[*lowest].lba) lowest = i;
  }
  if (oldest && now - waiting_[*oldest].arrived >= expires) return oldest;
  return above ? above : lowest;
}

std::optional<std::size_t> HostQueue::oldest_of(std::int32_t stream) const {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].stream == stream) return i;
  }
  return std::nullopt;
}

void HostQueue::begin_stream_slice(std::int32_t stream, sim::SimTime now) {
  std::vector<std::int32_t> streams;
  for (const HddRequest& request : waiting_) {
    if (std::find(streams.begin(), streams.end(), request.stream) == streams.end())
      streams.push_back(request.stream);
  }
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(1, streams.size()));
  const sim::Duration share = std::min(kSlice, std::max(kSliceMin, sim::Duration{kTargetLatency.ns / count}));
  stream_ = stream;
  slice_ends_ = now + share;
  idling_ = false;
}

std::optional<std::size_t> HostQueue::pick_stream(sim::SimTime now, std::size_t in_drive,
                                                  std::optional<sim::SimTime>& wake) {
  if (stream_ >= 0) {
    const std::optional<std::size_t> own = oldest_of(stream_);
    if (own && now < slice_ends_) {
      idling_ = false;
      return own;
    }
    if (in_drive > 0 && !own && now < slice_ends_) return std::nullopt;  // its request is being served
    if (!own && now < slice_ends_) {
      const sim::SimTime until = std::min(slice_ends_, (idling_ ? idle_from_ : now) + kIdle);
      if (now < until && !waiting_.empty()) {
        wake = until;
        return std::nullopt;
      }
      if (waiting_.empty()) return std::nullopt;
    }
  }
  if (in_drive > 0 || waiting_.empty()) return std::nullopt;  // a slice ends before the next begins
  // The streams take turns: the lowest above the last one, else the lowest.
  std::optional<std::size_t> after;
  std::optional<std::size_t> lowest;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const std::int32_t stream = waiting_[i].stream;
    if (stream > stream_ && (!after || stream < waiting_[*after].stream)) after = i;
    if (!lowest || stream < waiting_[*lowest].stream) lowest = i;
  }
  const std::size_t at = after ? *after : *lowest;
  begin_stream_slice(waiting_[at].stream, now);
  return at;
}

void HostQueue::served(const HddRequest& request, sim::SimTime now) {
  if (request.stream != stream_) return;
  idle_from_ = now;
  idling_ = true;
}

void HostQueue::clear() {
  waiting_.clear();
  batch_left_ = 0;
  starved_ = 0;
  stream_ = -1;
  idling_ = false;
}

}  // namespace brokersim::storage
