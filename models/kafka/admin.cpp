#include "models/kafka/admin.h"

namespace brokersim::kafka {

const char* name(AdminKind kind) {
  switch (kind) {
    case AdminKind::delete_records: return "delete_records";
  }
  return "";
}

}  // namespace brokersim::kafka
