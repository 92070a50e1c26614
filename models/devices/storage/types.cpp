#include "models/devices/storage/types.h"

namespace brokersim::storage {

const char* to_string(ByteState state) {
  switch (state) {
    case ByteState::dirty: return "dirty";
    case ByteState::in_writeback: return "in_writeback";
    case ByteState::drive_cache: return "drive_cache";
    case ByteState::size_unknown: return "size_unknown";
    case ByteState::medium: return "medium";
  }
  return "?";
}

}  // namespace brokersim::storage
