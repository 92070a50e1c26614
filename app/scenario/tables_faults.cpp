// Faults and whom they hit.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

Table target_table(const char* tag, FieldType type, const char* doc, bool of_system, std::int64_t max = 0) {
  Table table{"target", tag, doc, {}};
  Field field{.name = tag, .type = type, .doc = doc, .required = true};
  if (type == integer) field.max = max;
  table.fields.push_back(field);
  if (of_system)
    table.fields.push_back({.name = "of", .type = name, .doc = "The system. Default: the only one."});
  return table;
}

}  // namespace

const Variants& target_variants() {
  static const Table host = target_table("host", name, "A host by name: \"b-0\".", false);
  static const Table hosts = target_table("hosts", name, "Every host of a group: \"b\".", false);
  static const Table zone = target_table("zone", name, "Every host of a zone.", false);
  static const Table power_domain =
      target_table("power_domain", name, "Every host of a power domain.", false);
  static const Table broker = target_table("broker", integer, "A broker by its id.", true, limits::hosts);
  static const Table leader_of =
      target_table("leader_of", text, "The leader of a partition: \"orders/0\".", true);
  static const Table follower_of =
      target_table("follower_of", text,
                   "One follower in the ISR of a partition: \"orders/0\"; of several, one by a draw.", true);
  static const Table controller = target_table("controller", yes, "The active controller.", true);
  static const Table controller_follower =
      target_table("controller_follower", yes, "One controller that is up and not active, by a draw.", true);
  static const Table random_broker = target_table("random_broker", yes, "One live broker, by a draw.", true);
  static const Table workload = target_table("workload", name, "The clients of a workload.", false);
  static const Table database = target_table("database", name, "The process of a database.", false);
  static const Variants variants{"target",
                                 "",
                                 {&host, &hosts, &zone, &power_domain, &broker, &leader_of, &follower_of,
                                  &controller, &controller_follower, &random_broker, &workload, &database}};
  return variants;
}

Table fault_table(const char* kind, const char* doc, std::vector<Field> more, bool with_target) {
  Table table{"fault", kind, doc, {}};
  table.fields = {
      {.name = "name",
       .type = name,
       .doc = "Stable name, for output and draws. Default: kind, hash of the content and occurrence."},
      {.name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}},
      {.name = "at", .type = duration, .doc = "When it is requested.", .required = true, .max = run_max},
  };
  if (with_target) {
    table.fields.push_back({.name = "target",
                            .type = one_of,
                            .doc = "Whom it hits; a role is resolved when the fault fires.",
                            .required = true,
                            .variants = &target_variants()});
  }
  for (Field& field : more) table.fields.push_back(std::move(field));
  return table;
}

Field restart_after_field() {
  return {
      .name = "restart_after",
      .type = duration,
      .doc = "From the fault to the restart (a host: to power-on, then boot_time). Default: it stays down.",
      .max = run_max};
}

Field log_dir_field() {
  return {.name = "log_dir",
          .type = integer,
          .doc = "Only the disk that holds this log directory, by its place among them. Default: every disk.",
          .max = 255};
}

Field lasts_field() {
  return {.name = "lasts",
          .type = duration,
          .doc = "Until it heals. Default: for the rest of the run.",
          .min = 1,
          .max = run_max};
}

const Variants& fault_variants() {
  static const Variants variants = [] {
    Variants all{"fault", "kind", {}};
    for (const auto& part :
         {process_faults(), storage_faults(), file_system_faults(), network_faults(), time_faults()})
      all.tables.insert(all.tables.end(), part.begin(), part.end());
    return all;
  }();
  return variants;
}

}  // namespace brokersim::scenario
