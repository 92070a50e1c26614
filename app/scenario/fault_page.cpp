// fault_page_markdown(): docs/faults.md, made from the kinds, their field tables and the rows of the fault catalogue.
#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/fault_patterns.h"
#include "app/scenario/field.h"
#include "app/scenario/scenario.h"
#include "models/faults/kind.h"

namespace brokersim::scenario {
namespace {

/// A row of the catalogue. `otherwise` says what stands for it where no kind of fault does.
struct CatalogueRow {
  std::string_view id;
  std::string_view tier;  ///< M must, S should, L later.
  std::string_view fault;
  std::string_view otherwise;
};

constexpr CatalogueRow catalogue[] = {
    {"P1", "M", "process crash", ""},
    {"P2", "M", "power loss, kernel panic", ""},
    {"P3", "M", "controlled shutdown", ""},
    {"P4", "M", "pause of a process, a collector or a whole machine", "collector: `jvm` of a system"},
    {"P5", "M", "disk wiped or replaced while down", ""},
    {"P6", "S", "crash loop", ""},
    {"P7", "S", "CPU throttled, noisy neighbour, lost cores",
     "permanent: `steal_percent`, `quota_percent` of a `cpu`"},
    {"P8", "S", "memory pressure, out-of-memory kill", ""},
    {"P9", "S", "stall of single threads", ""},
    {"P10", "S", "connections exhausted", ""},
    {"P11", "L", "wrong configuration, mixed versions", ""},
    {"P12", "S", "restart storm after a zone outage",
     "`power_loss` or `kill_process` of a zone with `restart_after`"},
    {"D1", "M", "un-synced data lost by power loss", "every `power_loss` and `kernel_panic`"},
    {"D2", "M", "torn write", "every `power_loss`, by `shorn_write_permille` and `sector` of the disk"},
    {"D3", "M", "writes reordered across files", "every `power_loss` and `kernel_panic`"},
    {"D4", "M", "rename, truncation not durable", "every `power_loss` and `kernel_panic`"},
    {"D5", "M", "fsync returns an error once", ""},
    {"D6", "M", "I/O error, latent sector error", ""},
    {"D7", "M", "disk full", ""},
    {"D8", "M", "bit rot",
     "met where the medium is read: by fetches, by the recovery after a power loss, by that after a kill "
     "where pages are not cached any more (SIGKILL leaves the page cache); the CRC tells"},
    {"D9", "M", "silent truncation of a file", ""},
    {"D10", "S", "misdirected write", ""},
    {"D11", "S", "lost write; drive lies about a flush", ""},
    {"D12", "S", "stale read, restored snapshot", ""},
    {"D13", "M", "fail-slow disk", ""},
    {"D14", "M", "disk stalls without an error", ""},
    {"D15", "S", "write-back storm, dirty throttling", "comes by itself: `page_cache` of the hardware"},
    {"D16", "S", "SSD garbage collection, write cliff, thermal throttling",
     "collection and cliff come by themselves: `spare`, `slc_cache` of a disk"},
    {"D17", "S", "one of several log directories fails", ""},
    {"D18", "L", "corruption before the CRC", ""},
    {"D19", "S", "correlated bad drives", "any disk fault with `hosts`, `zone` or several targets"},
    {"N1", "M", "full partition", ""},
    {"N2", "M", "partial partition", ""},
    {"N3", "M", "one-way partition", ""},
    {"N4", "M", "isolation by role", ""},
    {"N5", "M", "loss, duplication, reordering, corruption of packets", ""},
    {"N6", "M", "delay, jitter, heavy tail", ""},
    {"N7", "M", "clog: held back, then delivered in order", ""},
    {"N8", "M", "bandwidth cap, saturated card, incast", "saturation and incast come by themselves"},
    {"N9", "M", "reset, half-open, refused connections",
     "resets follow a killed process, half-open ends a dark host"},
    {"N10", "S", "path flap, large messages lost", ""},
    {"N11", "S", "stale bootstrap list, wrong listener", ""},
    {"N12", "S", "permanent extra latency of a pair", ""},
    {"N13", "S", "request dropped at a cut point",
     "`partition` one way: the request, or its response, is not delivered; `reset_connections`: the one "
     "under way"},
    {"N14", "S", "degraded link between zones", ""},
    {"T1", "M", "wall clock set wrong", ""},
    {"T2", "M", "drift", ""},
    {"T3", "S", "wall clock jumps to and fro", ""},
    {"T4", "S", "timers late or coalesced", "timers of a stopped process fire late, all at its resume"},
    {"T5", "L", "leap second, smear", "`correction`: slew of the clock faults"},
    {"C1", "M", "active controller dies, stands still, is cut off; quorum lost",
     "any process, host or network fault with the target `controller`"},
    {"C2", "M", "control messages late, repeated, in another order",
     "`network_delay` and `partition` between brokers and `controller`: late, and repeated by whoever asks "
     "again; "
     "TCP keeps their order, restarts and new connections do not"},
    {"C3", "M", "a live broker fenced and unfenced", ""},
    {"C4", "M", "rolling restart", "`controlled_shutdown` or `kill_process` of one broker after the other"},
    {"C5", "M", "zone outage, correlated or successive power losses",
     "`power_loss` of a `zone`, of `hosts`, one after the other"},
    {"C6", "S", "leadership transfers", "`admin`: elect_leader; `leader.imbalance.check.interval.seconds`"},
    {"C7", "S", "reassignment under faults", "`admin`: reassign"},
    {"C8", "S", "unclean election", "`unclean.leader.election.enable`; `admin`: elect_leader"},
    {"C9", "S", "topic deleted and made again", "`deleted_at`, `recreates` of a topic"},
    {"C12", "S", "retention, compaction while others read and truncate",
     "comes by itself: settings of topics"},
    {"K1", "M", "producer dies before or after its answer", "`kill_process` of a `workload`"},
    {"K2", "M", "zombie producer", "`pause_process` of a `workload` longer than its transaction's timeout"},
    {"K3", "M", "late EndTxn, AddPartitions, TxnOffsetCommit",
     "`network_delay` between a `workload` and a broker"},
    {"K4", "M", "consumer dies, is slow, stands still",
     "`kill_process`, `pause_process` of a `workload`; `process_cost` and `max.poll.interval.ms`"},
    {"K5", "M", "rebalance storm, coordinator moves during a commit",
     "`crash_loop` of a `workload`; `kill_process` of the leader of `__consumer_offsets`"},
    {"K6", "M", "commits lost, late, automatic",
     "`commit` of a consumer with `kill_process`, `network_delay`"},
    {"K8", "S", "overload", "`rate` above what the brokers can do: load is open-loop"},
    {"K9", "S", "client with stale metadata",
     "comes by itself after every election; `partition` makes it last"},
};

bool has_row(std::string_view rows, std::string_view id) {
  std::istringstream words{std::string(rows)};
  for (std::string word; words >> word;) {
    if (word == id) return true;
  }
  return false;
}

std::string kinds_of(std::string_view id) {
  std::string text;
  for (const faults::Kind* kind : faults::all_kinds()) {
    if (!has_row(kind->rows, id)) continue;
    text += (text.empty() ? "`" : ", `") + std::string(kind->name) + "`";
  }
  return text;
}

const char* length_of(faults::Stays stays) {
  switch (stays) {
    case faults::Stays::moment: return "once";
    case faults::Stays::lasts: return "`lasts`";
    case faults::Stays::restart_after: return "`restart_after`";
  }
  return "";
}

std::string parameters_of(const Table& table) {
  static constexpr std::string_view common[] = {
      "name", "kind", "at", "target", "from", "to", "lasts", "restart_after", "when", "probability_percent"};
  static constexpr std::string_view of_patterns[] = {"name", "kind", "at", "of"};
  std::string text;
  for (const Field& field : table.fields) {
    if (is_pattern(table.tag)) {
      if (std::find(std::begin(of_patterns), std::end(of_patterns), field.name) != std::end(of_patterns))
        continue;
    } else if (std::find(std::begin(common), std::end(common), field.name) != std::end(common))
      continue;
    text += (text.empty() ? "`" : ", `") + field.name + "`";
    if (!field.fallback.empty()) text += " (" + field.fallback + ")";
  }
  return text;
}

}  // namespace

std::string fault_page_markdown() {
  std::ostringstream out;
  out << "# Faults\n\n"
         "Made by `brokersim schema --faults`; do not edit. Fields and their ranges are in "
         "[scenario-format.md](scenario-format.md).\n\n"
         "Every fault of a run is counted three times. **requested**: its time came. **fired**: somebody was "
         "found to\n"
         "hit. **had effect**: something changed (a process ran, an I/O was slow, a clock was read ...); "
         "each kind says\n"
         "what in `models/faults/kinds/`. A fault without effect tested nothing; `{\"metric\": "
         "\"faults.had_effect\"}`\n"
         "can be expected.\n\n"
         "## Kinds\n\n"
         "| kind | rows | what it does | stays | parameters (default) |\n|---|---|---|---|---|\n";
  for (const Table* table : fault_variants().tables) {
    const faults::Kind* kind = faults::kind_named(table->tag);
    if (kind == nullptr) continue;
    out << "| `" << kind->name << "` | " << kind->rows << " | " << table->doc << " | "
        << length_of(kind->stays) << " | " << parameters_of(*table) << " |\n";
  }
  out << "\n## Patterns\n\n"
         "What outages are made of, as one entry of `faults`: it becomes faults of the kinds above, named "
         "NAME-1, NAME-2 ..., each "
         "counted and\nshown by itself.\n\n"
         "| pattern | what it does | parameters (default) |\n|---|---|---|\n";
  for (const Table* table : fault_variants().tables) {
    if (is_pattern(table->tag))
      out << "| `" << table->tag << "` | " << table->doc.substr(std::string_view("Pattern: ").size()) << " | "
          << parameters_of(*table) << " |\n";
  }
  out << "\n## Whom, and when\n\nTargets: ";
  for (const Table* target : target_variants().tables)
    out << (target == target_variants().tables.front() ? "`" : ", `") << target->tag << "`";
  out << ". A role is resolved when the fault fires; of several candidates one is drawn.\n\n"
         "A fault comes at its time `at`. With `when` it waits from then on for an event, and comes `delay` "
         "after it: `{\"at\": "
         "\"10 s\", \"when\":\n"
         "{\"event\": \"isr_shrank\", \"partition\": \"orders/0\", \"delay\": \"5 ms\"}, \"kind\": "
         "\"power_loss\", ...}`. "
         "`probability_percent` lets it come in a part of\nthe seeds only. It heals after `lasts`, or comes "
         "back after "
         "`restart_after`.\n\n"
         "## The catalogue\n\n"
         "What is known to go wrong with processes (P), disks (D), networks (N), clocks (T), clusters (C) "
         "and clients (K), and what of "
         "it a\n"
         "scenario can ask for. M must, S should, L later.\n\n"
         "| row | tier | fault | kinds | otherwise |\n|---|---|---|---|---|\n";
  for (const CatalogueRow& row : catalogue) {
    const std::string kinds = kinds_of(row.id);
    const bool modelled = !kinds.empty() || !row.otherwise.empty();
    out << "| " << row.id << " | " << row.tier << " | " << row.fault << " | " << kinds << " | "
        << (modelled ? row.otherwise : "not modelled") << " |\n";
  }
  return out.str();
}

}  // namespace brokersim::scenario
