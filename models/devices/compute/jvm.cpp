#include "models/devices/compute/jvm.h"

#include "sim/check.h"
#include "sim/sampling.h"

namespace brokersim::compute {

namespace {

constexpr sim::Duration ms(std::int64_t n) { return {n * 1'000'000}; }
constexpr sim::Duration us(std::int64_t n) { return {n * 1'000}; }

sim::Duration percent_of(sim::Duration value, std::int32_t percent) {
  return {static_cast<std::int64_t>(static_cast<__int128>(value.ns) * percent / 100)};
}

}  // namespace

const std::vector<PauseLaw>& pause_laws(Collector collector) {
  using enum PauseLaw::Shape;
  static const std::vector<PauseLaw> none;
  static const std::vector<PauseLaw> g1{
      {"young", ms(2'000), lognormal, ms(12), {}, 0.45},
      {"mixed", ms(60'000), lognormal, ms(35), {}, 0.5},
      {"evacuation_failure", ms(1'000'000'000), uniform, ms(1'000), ms(5'000), 0},
  };
  static const std::vector<PauseLaw> zgc{{"pause", ms(5'000), uniform, us(10), us(100), 0}};
  switch (collector) {
    case Collector::none: return none;
    case Collector::g1: return g1;
    case Collector::zgc: return zgc;
  }
  SIM_CHECK(false, "no such collector");
}

PauseDraws::PauseDraws(const sim::Component& component, const JvmConfig& config, std::uint64_t life)
    : config_(config) {
  SIM_CHECK(config.gap_percent > 0, component.path() + " collects garbage without a gap");
  SIM_CHECK(config.pause_percent > 0, component.path() + " pauses for no time");
  for (const PauseLaw& law : pause_laws(config.collector)) {
    const std::string name = std::string("gc.") + law.name;
    kinds_.push_back(
        {law, component.stream(name + ".gap").child(life), component.stream(name + ".length").child(life)});
  }
}

sim::Duration PauseDraws::gap(std::size_t kind, std::uint64_t n) const {
  const Kind& k = kinds_.at(kind);
  const sim::Exponential law(static_cast<double>(percent_of(k.law.gap_mean, config_.gap_percent).ns));
  return sim::whole_ns(law.sample(k.gaps.bits(n)));
}

sim::Duration PauseDraws::length(std::size_t kind, std::uint64_t n) const {
  const Kind& k = kinds_.at(kind);
  const std::uint64_t bits = k.lengths.bits(n);
  const double ns =
      k.law.shape == PauseLaw::Shape::lognormal
          ? sim::LogNormal(static_cast<double>(k.law.a.ns), k.law.sigma).sample(bits)
          : sim::Uniform(static_cast<double>(k.law.a.ns), static_cast<double>(k.law.b.ns)).sample(bits);
  return percent_of(sim::whole_ns(ns), config_.pause_percent);
}

}  // namespace brokersim::compute
