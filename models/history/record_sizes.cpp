#include "models/history/record_sizes.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/portable_math.h"

namespace brokersim::history {

SizeLaw::SizeLaw(SizePlan plan) : plan_(std::move(plan)) {
  SIM_CHECK(plan_.min >= 1);
  SIM_CHECK(plan_.max >= plan_.min);
  if (plan_.kind == SizeKind::empirical) {
    std::vector<std::uint64_t> weights;
    double total = 0;
    for (const auto& [size, weight] : plan_.values) {
      weights.push_back(weight);
      total += static_cast<double>(weight);
      mean_ += static_cast<double>(weight) * static_cast<double>(std::clamp(size, plan_.min, plan_.max));
    }
    mean_ /= total;
    weighted_.emplace_back(weights);
    return;
  }
  constexpr std::uint64_t kPoints = 1u << 16;
  for (std::uint64_t i = 0; i < kPoints; ++i)
    mean_ += static_cast<double>(sample(i * (~std::uint64_t{0} / kPoints) + (std::uint64_t{1} << 47)));
  mean_ /= static_cast<double>(kPoints);
}

std::int64_t SizeLaw::sample(std::uint64_t bits) const {
  const auto within = [&](double bytes) {
    if (!(bytes < static_cast<double>(plan_.max))) return plan_.max;
    return std::max(plan_.min, static_cast<std::int64_t>(bytes + 0.5));
  };
  switch (plan_.kind) {
    case SizeKind::uniform: {
      const auto width = static_cast<std::uint64_t>(plan_.max - plan_.min) + 1;
      return plan_.min + static_cast<std::int64_t>((static_cast<unsigned __int128>(bits) * width) >> 64);
    }
    case SizeKind::exponential: return within(plan_.scale * sim::Exponential::standard(bits));
    case SizeKind::lognormal: return within(sim::LogNormal(plan_.scale, plan_.shape).sample(bits));
    case SizeKind::pareto:  // by inversion: a standard exponential is minus the logarithm of a uniform number
      return within(plan_.scale * sim::portable_exp(sim::Exponential::standard(bits) / plan_.shape));
    case SizeKind::empirical:
      return std::clamp(plan_.values[weighted_.front().sample(bits)].first, plan_.min, plan_.max);
  }
  return plan_.min;
}

}  // namespace brokersim::history
