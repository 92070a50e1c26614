#include "models/checkers/words.h"

namespace brokersim::checkers {

std::string count_text(std::int64_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return n < 0 ? "-" + digits : digits;
}

std::string records_text(std::int64_t n) { return count_text(n) + (n == 1 ? " record" : " records"); }

namespace {

std::string range_text(const std::string& what, std::int64_t first, std::int64_t count) {
  if (count == 1) return what + " " + count_text(first);
  return what + "s " + count_text(first) + " to " + count_text(first + count - 1);
}

}  // namespace

std::string record_range_text(std::int64_t first, std::int64_t count) {
  return range_text("record", first, count);
}

std::string offset_range_text(std::int64_t first, std::int64_t count) {
  return range_text("offset", first, count);
}

std::string broker_text(history::BrokerId broker) {
  return broker < 0 ? "nobody" : "broker " + std::to_string(broker);
}

std::string brokers_text(const std::vector<history::BrokerId>& brokers) {
  if (brokers.empty()) return "no broker";
  if (brokers.size() == 1) return broker_text(brokers.front());
  std::string text = "brokers ";
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    if (i > 0) text += i + 1 == brokers.size() ? " and " : ", ";
    text += std::to_string(brokers[i]);
  }
  return text;
}

std::string when_text(sim::SimTime from, sim::SimTime to) {
  if (from == to) return "at " + sim::to_string(from);
  return "from " + sim::to_string(from) + " to " + sim::to_string(to);
}

std::string acks_text(std::int8_t acks) { return acks < 0 ? "acks=all" : "acks=" + std::to_string(acks); }

std::string lost_state_text(history::LostState state) {
  switch (state) {
    case history::LostState::dirty: return "only in the page cache";
    case history::LostState::in_writeback: return "on their way to the drive";
    case history::LostState::drive_cache: return "in the drive's volatile cache";
    case history::LostState::medium: return "on a disk that was exchanged or set back";
    case history::LostState::size_unknown:
      return "on the medium, but beyond the file size that the journal knew";
  }
  return "";
}

std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace brokersim::checkers
