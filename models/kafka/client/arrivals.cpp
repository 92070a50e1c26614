#include "models/kafka/client/arrivals.h"

#include <algorithm>
#include <limits>

#include "sim/check.h"
#include "sim/sampling.h"

namespace brokersim::kafka::client {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
/// Nanoseconds per second x milli-records per record.
constexpr __int128 kScale = static_cast<__int128>(1'000'000'000) * 1'000;

std::int64_t clamp(__int128 value) { return value > kNever ? kNever : static_cast<std::int64_t>(value); }

/// Groups of `group` records at `rate_milli` whose time after the origin is before `span`: the smallest g with
/// g x group x kScale / rate_milli >= span.
std::int64_t groups_before(sim::Duration span, std::int64_t group, std::int64_t rate_milli) {
  if (span.ns <= 0) return 0;
  const __int128 gap = kScale * group;
  return clamp((static_cast<__int128>(span.ns) * rate_milli + gap - 1) / gap);
}

}  // namespace

SendLoop::SendLoop(const ProducerParams& params, sim::Stream stream, std::int64_t first, sim::SimTime begin)
    : arrivals_(params.arrivals == Arrivals::closed ? Arrivals::saturate : params.arrivals),
      rate_milli_(params.rate_per_second_milli),
      group_(params.records_per_send),
      records_max_(params.records_max == 0 ? kNever : params.records_max),
      origin_(params.start + params.phase),
      end_(params.end),
      cost_(params.send_cost),
      stream_(stream),
      next_(first),
      free_(std::max(params.start, begin)),
      times_(params.times) {
  SIM_CHECK(group_ >= 1);
  SIM_CHECK(params.record_size.n >= 1);
  SIM_CHECK(cost_.ns >= 0);
  if (arrivals_ == Arrivals::saturate || arrivals_ == Arrivals::application) return;
  if (arrivals_ == Arrivals::listed) {
    SIM_CHECK(times_ != nullptr, params.name + " has no times");
    records_max_ = std::min(records_max_, static_cast<std::int64_t>(times_->size()) * group_);
    draw_until(next_ / group_);
    while (drawn_.front() < begin) skip_group();
    return;
  }
  SIM_CHECK(rate_milli_ > 0, params.name + " has no rate");
  if (arrivals_ == Arrivals::constant) {
    gap_whole_ns_ = clamp(kScale * group_ / rate_milli_);
    gap_rest_ = static_cast<std::int64_t>(kScale * group_ % rate_milli_);
    next_ = std::max(next_, groups_before(begin - origin_, group_, rate_milli_) * group_);
    records_max_ =
        std::min(records_max_,
                 clamp(static_cast<__int128>(groups_before(end_ - origin_, group_, rate_milli_)) * group_));
    return;
  }
  gap_mean_ns_ = 1e12 * static_cast<double>(group_) / static_cast<double>(rate_milli_);
  draw_until(next_ / group_);
  while (drawn_.front() < begin) skip_group();
}

/// Nobody called send() for the first group: it was due before this life.
void SendLoop::skip_group() {
  draw_until(drawn_from_ + 1);
  drawn_.pop_front();
  next_ = std::max(next_, ++drawn_from_ * group_);
}

/// When a group is due: by the list (behind its end never), or a drawn gap after the one `before`.
sim::SimTime SendLoop::due(std::int64_t group, sim::SimTime before) const {
  if (arrivals_ != Arrivals::listed) return before + gap(group, before);
  const auto at = static_cast<std::size_t>(group);
  return at < times_->size() ? (*times_)[at] : sim::SimTime{kNever / 4};
}

/// The time between a group and the one before, which is due at `since`, by the group's number.
sim::Duration SendLoop::gap(std::int64_t group, sim::SimTime since) const {
  return sim::whole_ns(gap_mean_ns_ * sim::Exponential::standard(
                                          stream_.bits_of_past(static_cast<std::uint64_t>(group), since)));
}

void SendLoop::draw_until(std::int64_t group) {
  std::int64_t drawn_to = drawn_from_ + static_cast<std::int64_t>(drawn_.size());
  if (drawn_.empty() && group >= 0) {
    SIM_CHECK(drawn_from_ == 0);
    drawn_.push_back(due(0, origin_));
    drawn_to = 1;
  }
  for (; drawn_to <= group; ++drawn_to) {
    drawn_.push_back(due(drawn_to, drawn_.back()));
    if (drawn_from_ < next_ / group_) {
      drawn_.pop_front();
      ++drawn_from_;
    }
  }
}

std::int64_t SendLoop::limit(std::int64_t bound) {
  bound = std::min(bound, records_max_);
  if (bound <= next_) return next_;
  if (arrivals_ == Arrivals::constant) return bound;
  if (call(next_) >= end_) return next_;
  if (arrivals_ == Arrivals::saturate) {
    const sim::SimTime free_after = join(next_);
    if (free_after >= end_) return next_ + 1;
    if (cost_.ns == 0) return bound;
    const std::int64_t more = ((end_ - free_after).ns - 1) / cost_.ns + 1;
    return more >= bound - next_ - 1 ? bound : next_ + 1 + more;
  }
  draw_until((bound - 1) / group_);
  const auto last = std::lower_bound(drawn_.begin(), drawn_.end(), end_);
  return std::min(bound, (drawn_from_ + (last - drawn_.begin())) * group_);
}

sim::SimTime SendLoop::intended(std::int64_t k) {
  SIM_DCHECK(k >= next_);
  switch (arrivals_) {
    case Arrivals::application:
    case Arrivals::closed:
    case Arrivals::saturate: return call(k);
    case Arrivals::constant: return origin_ + gaps(group_ == 1 ? k : k / group_);
    case Arrivals::listed:
    case Arrivals::poisson: break;
  }
  draw_until(k / group_);
  return drawn_[static_cast<std::size_t>(k / group_ - drawn_from_)];
}

/// floor(group x gap), in 64 bits where they suffice.
sim::Duration SendLoop::gaps(std::int64_t group) const {
  std::int64_t whole = 0;
  std::int64_t rest = 0;
  if (__builtin_mul_overflow(group, gap_whole_ns_, &whole) ||
      __builtin_mul_overflow(group, gap_rest_, &rest)) {
    return {clamp(static_cast<__int128>(group) * group_ * kScale / rate_milli_)};
  }
  return {whole + (rest == 0 ? 0 : rest / rate_milli_)};
}

sim::SimTime SendLoop::call(std::int64_t k) {
  if (arrivals_ == Arrivals::saturate) {
    if (k == next_) return holding_ ? held_call_ : free_;
    return join(next_) + cost_ * (k - next_ - 1);
  }
  if (k == next_) return std::max(free_, intended(k));
  return join(k) - cost_;
}

sim::SimTime SendLoop::join(std::int64_t k) {
  const sim::SimTime first = holding_ ? std::max(held_, call(next_) + cost_) : call(next_) + cost_;
  if (k == next_) return first;
  const sim::SimTime busy = first + cost_ * (k - next_);
  if (arrivals_ == Arrivals::saturate) return busy;
  const std::int64_t group = k / group_;
  if ((arrivals_ == Arrivals::poisson || arrivals_ == Arrivals::listed) && cost_.ns > 0) {
    if (group == next_ / group_) return busy;
    return std::max(done(group - 1), intended(k)) + cost_ * (k % group_ + 1);
  }
  return std::max(busy, intended(k) + cost_ * (k % group_ + 1));
}

/// A thread behind irregular groups may be late at some and idle at others: Lindley's recursion, group by group.
sim::SimTime SendLoop::done(std::int64_t group) {
  if (done_.empty()) {
    done_from_ = next_ / group_;
    done_.push_back(join(next_) + cost_ * ((done_from_ + 1) * group_ - 1 - next_));
  }
  for (auto g = done_from_ + static_cast<std::int64_t>(done_.size()); g <= group; ++g) {
    done_.push_back(std::max(done_.back(), intended(g * group_)) + cost_ * group_);
  }
  return done_[static_cast<std::size_t>(group - done_from_)];
}

std::int64_t SendLoop::joined_by(sim::SimTime t, std::int64_t bound) {
  std::int64_t low = next_;  // every record below has joined
  std::int64_t high = bound;
  if (high > low && join(high - 1) <= t) return high;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (join(middle) <= t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void SendLoop::advance(std::int64_t k) {
  SIM_CHECK(k >= next_);
  if (k == next_) return;
  free_ = join(k - 1);
  next_ = k;
  holding_ = false;
  for (; !done_.empty() && done_from_ < k / group_; ++done_from_) done_.pop_front();
}

void SendLoop::hold(sim::SimTime t) {
  done_.clear();
  if (!holding_) held_call_ = call(next_);
  held_ = t;
  holding_ = true;
}

void SendLoop::stall(sim::SimTime t) {
  done_.clear();
  if (holding_) {
    held_ = std::max(held_, t);
  } else {
    free_ = std::max(free_, t);
  }
}

}  // namespace brokersim::kafka::client
