#include "models/kafka/admin.h"

namespace brokersim::kafka {

const char* name(AdminKind kind) {
  switch (kind) {
    case AdminKind::elect_leader: return "elect_leader";
    case AdminKind::reassign: return "reassign";
    case AdminKind::create_topic: return "create_topic";
    case AdminKind::delete_topic: return "delete_topic";
    case AdminKind::create_partitions: return "create_partitions";
    case AdminKind::delete_records: return "delete_records";
  }
  return "";
}

}  // namespace brokersim::kafka
