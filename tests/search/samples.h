// Scenarios that fail for known reasons, with much around them that has nothing to do with it.
#pragma once

#include <string>

#include "app/trial/json.h"

namespace brokersim::trial {

/// acks=all is answered at the append (a planted bug); both followers are cut off when the leader dies at 12.5 s, so S23
/// and S1 are broken. Everything else is noise.
inline constexpr const char* noisy_text = R"({
  "title": "Noise", "why": "For tests.", "seed": 5, "duration": "40 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 3},
    "config": {"num.replica.fetchers": 2, "replica.lag.time.max.ms": 20000},
    "rules": {"planted": ["ack_before_replication"]},
    "topics": [{"name": "audit", "assignment": [[1, 2, 0]]},
               {"name": "orders", "assignment": [[1, 2, 0], [0, 1, 2], [2, 0, 1]],
                "config": {"min.insync.replicas": 2, "segment.bytes": 1048576}}]}},
  "workloads": [
    {"name": "auditor", "kind": "kafka_producer", "topic": "audit", "rate": "20 /s"},
    {"name": "checkout", "kind": "kafka_producer", "topic": "orders", "count": 2, "rate": "103 /s",
     "config": {"acks": "all", "linger.ms": 3}},
    {"name": "billing", "kind": "kafka_consumer", "topic": "orders"}],
  "faults": [
    {"at": "3 s", "kind": "kill_process", "target": {"broker": 2}, "restart_after": "1 s"},
    {"at": "6117 ms", "kind": "slow_disk", "target": {"broker": 1}, "lasts": "2 s"},
    {"name": "cut", "at": "12041 ms", "kind": "partition", "from": {"broker": 0}, "to": [{"broker": 1}, {"broker": 2}], "lasts": "5 s"},
    {"name": "death", "at": "12500 ms", "kind": "kill_process", "target": {"host": "b-0"}, "restart_after": "15 s"},
    {"at": "20 s", "kind": "pause_process", "target": {"random_broker": true}, "lasts": "1 s"}],
  "expect": [{"metric": "records.reordered", "equals": 0}]
})";

/// The same without the bug: nothing is broken.
inline std::string sound_text() {
  Json json = *parse(noisy_text);
  json["systems"]["kafka"].erase("rules");
  return json.dump();
}

}  // namespace brokersim::trial
