#include "models/database/types.h"

namespace brokersim::database {

const char* to_string(Error error) {
  switch (error) {
    case Error::none: return "no error";
    case Error::unique_violation: return "unique violation";
    case Error::serialization_failure: return "serialization failure";
    case Error::deadlock_detected: return "deadlock detected";
    case Error::lock_not_available: return "lock not available";
    case Error::transaction_aborted: return "transaction is aborted";
    case Error::too_many_connections: return "too many connections";
    case Error::idle_timeout: return "idle-in-transaction timeout";
    case Error::connection_lost: return "connection lost";
  }
  return "";
}

}  // namespace brokersim::database
