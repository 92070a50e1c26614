#include "sim/random.h"

#include "sim/check.h"
#include "sim/fingerprint.h"

namespace brokersim::sim {

Stream::Stream(Fingerprint& fingerprint, std::uint64_t seed, std::uint64_t path_hash,
               std::string_view purpose)
    : fingerprint_(&fingerprint),
      key_(combine(combine(mix64(seed ^ 0xA0761D6478BD642Full), path_hash), hash_name(purpose))) {}

std::uint64_t Stream::bits(std::uint64_t ordinal) const {
  const std::uint64_t value = mix64(mix64(key_ + ordinal * 0x9E3779B97F4A7C15ull) ^ key_);
  fingerprint_->draw(value);
  return value;
}

std::uint64_t Stream::below(std::uint64_t ordinal, std::uint64_t n) const {
  SIM_CHECK(n > 0);
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits(ordinal)) * n) >> 64);
}

double Stream::unit(std::uint64_t ordinal) const {
  return static_cast<double>(bits(ordinal) >> 11) * 0x1.0p-53;
}

bool Stream::chance_permille(std::uint64_t ordinal, std::int64_t permille) const {
  return below(ordinal, 1'000) < static_cast<std::uint64_t>(permille < 0 ? 0 : permille);
}

Stream Stream::child(std::uint64_t object) const { return {*fingerprint_, combine(key_, object)}; }

}  // namespace brokersim::sim
