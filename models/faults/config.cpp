#include "models/faults/config.h"

#include "sim/check.h"

namespace brokersim::faults {

std::int64_t FaultConfig::number(std::string_view setting) const {
  const auto found = numbers.find(setting);
  SIM_CHECK(found != numbers.end(), name + " lacks its setting " + std::string(setting));
  return found->second;
}

std::int64_t FaultConfig::number_or(std::string_view setting, std::int64_t otherwise) const {
  const auto found = numbers.find(setting);
  return found == numbers.end() ? otherwise : found->second;
}

const std::string& FaultConfig::text(std::string_view setting) const {
  const auto found = texts.find(setting);
  SIM_CHECK(found != texts.end(), name + " lacks its setting " + std::string(setting));
  return found->second;
}

}  // namespace brokersim::faults
