// Faults and whom they hit.
#include "app/scenario/fault_patterns.h"
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"
#include "models/faults/triggers.h"

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

std::vector<std::string> event_names() {
  std::vector<std::string> names;
  for (const faults::TriggerEvent& event : faults::trigger_events()) names.emplace_back(event.name);
  return names;
}

std::string events_text() {
  std::string text = "What it waits for:";
  for (const faults::TriggerEvent& event : faults::trigger_events())
    text += " " + std::string(event.name) + ": " + std::string(event.doc) + ";";
  text.back() = '.';
  return text;
}

const Table& when_table() {
  static const Table table{
      "when",
      "",
      "An event that a fault waits for, from its `at` on.",
      {
          {.name = "event", .type = choice, .doc = events_text(), .required = true, .choices = event_names()},
          {.name = "partition",
           .type = text,
           .doc = "Only of this partition: \"orders/0\". For isr_, leader_ and truncated. Default: any."},
          {.name = "occurrence",
           .type = integer,
           .doc = "Which of them.",
           .fallback = "1",
           .min = 1,
           .max = 1'000'000},
          {.name = "delay",
           .type = duration,
           .doc = "From the event to the fault.",
           .fallback = "0 s",
           .max = run_max},
          {.name = "of", .type = name, .doc = "The system of the partition. Default: the only one."},
      }};
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
  static const Table coordinator_of = target_table(
      "coordinator_of", text,
      "The coordinator of a group: its group.id, which is a pipeline's name unless given.", true);
  static const Table transaction_coordinator_of =
      target_table("transaction_coordinator_of", text, "The coordinator of a transactional.id.", true);
  static const Table controller = target_table("controller", yes, "The active controller.", true);
  static const Table controller_follower =
      target_table("controller_follower", yes, "One controller that is up and not active, by a draw.", true);
  static const Table random_broker = target_table("random_broker", yes, "One live broker, by a draw.", true);
  static const Table workload = target_table("workload", name, "The clients of a workload.", false);
  static const Table database = target_table("database", name, "The process of a database.", false);
  static const Variants variants{
      "target",
      "",
      {&host, &hosts, &zone, &power_domain, &broker, &leader_of, &follower_of, &coordinator_of,
       &transaction_coordinator_of, &controller, &controller_follower, &random_broker, &workload, &database}};
  return variants;
}

Table fault_table(const char* kind, const char* doc, std::vector<Field> more, bool with_target) {
  Table table{"fault", kind, doc, {}};
  table.fields = {
      {.name = "name",
       .type = name,
       .doc = "Stable name, for output and draws. Default: kind, hash of the content and occurrence."},
      {.name = "kind", .type = choice, .doc = std::string(kind) + ".", .required = true, .choices = {kind}},
      {.name = "at",
       .type = duration,
       .doc = "When it is requested; with `when`, from when on it waits.",
       .required = true,
       .max = run_max},
      {.name = "when",
       .type = object,
       .doc = "It comes with an event of the run instead of at a time.",
       .table = &when_table()},
      {.name = "probability_percent",
       .type = integer,
       .doc = "In so many of a hundred seeds it comes at all, by a draw of its own.",
       .fallback = "100",
       .min = 1,
       .max = 100},
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
    for (const auto& part : {process_faults(), storage_faults(), file_system_faults(), network_faults(),
                             time_faults(), fault_patterns()})
      all.tables.insert(all.tables.end(), part.begin(), part.end());
    return all;
  }();
  return variants;
}

}  // namespace brokersim::scenario
