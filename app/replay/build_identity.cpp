// Which program this is.
#include <array>
#include <fstream>

#include "app/replay/tape.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::replay {
namespace {

std::string program_hash() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  if (!file) return "";
  std::uint64_t hash = 0;
  std::array<char, 1 << 16> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0)
    hash = sim::combine(hash, sim::hash_name({block.data(), static_cast<std::size_t>(file.gcount())}));
  return sim::hex16(hash);
}

std::string compiler() {
#if defined(__clang__)
  std::string text = "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
  std::string text = "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
#if defined(__OPTIMIZE__)
  return text + ", optimised";
#else
  return text + ", not optimised";
#endif
}

}  // namespace

Build this_build() { return {.version = "0.1.0", .compiler = compiler(), .program = program_hash()}; }

}  // namespace brokersim::replay
