#include "sim/random.h"

namespace brokersim::sim {

Stream::Stream(Fingerprint& fingerprint, std::uint64_t seed, std::uint64_t path_hash,
               std::string_view purpose)
    : fingerprint_(&fingerprint),
      key_(combine(combine(mix64(seed ^ 0xA0761D6478BD642Full), path_hash), hash_name(purpose))) {
  if (fingerprint.watcher() != nullptr) fingerprint.watcher()->on_stream(key_, path_hash, purpose);
}

}  // namespace brokersim::sim
