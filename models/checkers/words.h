// Small pieces of sentences, so that every story words the same thing alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "models/history/events.h"
#include "sim/time.h"

namespace brokersim::checkers {

/// "1,234,567".
[[nodiscard]] std::string count_text(std::int64_t n);
/// "1 record", "1,200 records".
[[nodiscard]] std::string records_text(std::int64_t n);
/// "record 7", "records 7 to 9" for first .. first + count - 1.
[[nodiscard]] std::string record_range_text(std::int64_t first, std::int64_t count);
/// "offset 7", "offsets 7 to 9".
[[nodiscard]] std::string offset_range_text(std::int64_t first, std::int64_t count);
/// "broker 1"; "nobody" below 0.
[[nodiscard]] std::string broker_text(history::BrokerId broker);
/// "broker 1", "brokers 1 and 2", "brokers 1, 2 and 3", "no broker".
[[nodiscard]] std::string brokers_text(const std::vector<history::BrokerId>& brokers);
/// "at 50.012 s", "from 50.012 s to 50.019 s", with milliseconds at least.
[[nodiscard]] std::string when_text(sim::SimTime from, sim::SimTime to);
/// "acks=0", "acks=1", "acks=all".
[[nodiscard]] std::string acks_text(std::int8_t acks);
/// "in the page cache only" and the like.
[[nodiscard]] std::string lost_state_text(history::LostState state);
/// "19.25 s: ", as verdicts begin.
[[nodiscard]] inline std::string at_text(sim::SimTime at) { return sim::to_string(at) + ": "; }
/// Is `broker` one of `brokers`?
[[nodiscard]] inline bool contains(const std::vector<history::BrokerId>& brokers, history::BrokerId broker) {
  return std::find(brokers.begin(), brokers.end(), broker) != brokers.end();
}
/// First letter upper case.
[[nodiscard]] std::string sentence(std::string text);

}  // namespace brokersim::checkers
