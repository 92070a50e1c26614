// A tape as JSON, and back.
#include <algorithm>
#include <string_view>

#include "app/replay/tape.h"
#include "app/trial/json.h"
#include "sim/fingerprint.h"
#include "sim/hash.h"

namespace brokersim::replay {
namespace {

using trial::Json;

constexpr int kForm = 2;

std::string dump(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace); }

/// Of everything else that the tape holds: a tape that somebody has edited would be taken for a bug of the program.
std::string hash_of(Json json) {
  json.erase("hash");
  return sim::hex16(sim::hash_name(dump(json)));
}

std::string hex_bytes(const std::vector<std::uint8_t>& bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

/// Of an even number of lower-case digits; false: it is none.
bool from_hex(const std::string& text, std::vector<std::uint8_t>& bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  if (text.size() % 2 != 0) return false;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digits.find(text[i]);
    const auto low = digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return true;
}

std::uint64_t number_of(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  if (hex.size() != 16 || !from_hex(hex, bytes))
    throw Json::other_error::create(500, "no 16 digits", nullptr);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Json checkpoints_json(const std::vector<std::uint64_t>& checkpoints) {
  Json list = Json::array();
  for (const std::uint64_t one : checkpoints) list.push_back(sim::hex16(one));
  return list;
}

}  // namespace

std::string to_text(const Tape& tape) {
  Json json = Json::object();
  json["tape"] = kForm;
  json["build"] = {
      {"version", tape.build.version}, {"compiler", tape.build.compiler}, {"program", tape.build.program}};
  json["scenario"] = tape.file;
  json["seed"] = tape.seed;
  json["overrides"] = tape.overrides;
  json["broken"] = tape.failure.rules;
  json["story"] = tape.story;
  json["fingerprint"] = sim::hex16(tape.fingerprint);
  json["events"] = tape.events;
  json["ended_ns"] = tape.ended_ns;
  json["records"] = {{"sent", tape.sent}, {"lost_acknowledged", tape.lost}};
  json["faults"] = Json::array();
  for (const trial::FaultSeen& f : tape.faults) {
    json["faults"].push_back({{"name", f.name},
                              {"kind", f.kind},
                              {"target", f.target},
                              {"at_ns", f.at_ns},
                              {"fired", f.fired},
                              {"had_effect", f.had_effect}});
  }
  json["decisions_made"] = tape.decisions_made;
  json["decisions"] = tape.decisions;
  json["document"] = tape.text;
  json["content"] = tape.content;
  json["marks"] = {{"every", tape.marks.every},
                   {"bytes", hex_bytes(tape.marks.bytes)},
                   {"checkpoint_every", tape.marks.checkpoint_every},
                   {"checkpoints", checkpoints_json(tape.marks.checkpoints)}};
  json["hash"] = hash_of(json);
  return dump(json) + "\n";
}

std::optional<Tape> from_text(const std::string& text, std::string& why) {
  const auto json = trial::parse(text);
  if (!json || !json->is_object() || !json->contains("tape") || !json->contains("document")) {
    why = "this is no tape of brokersim";
    return std::nullopt;
  }
  Tape tape;
  try {
    if (json->at("tape").get<int>() != kForm) {
      why = "this tape has form " + json->at("tape").dump() + ", and this program reads form " +
            std::to_string(kForm);
      return std::nullopt;
    }
    if (json->at("hash").get<std::string>() != hash_of(*json)) {
      why = "this tape was changed after it was made: its hash does not fit what it holds";
      return std::nullopt;
    }
    const Json& build = json->at("build");
    tape.build = {build.at("version").get<std::string>(), build.at("compiler").get<std::string>(),
                  build.at("program").get<std::string>()};
    tape.file = json->at("scenario").get<std::string>();
    tape.text = json->at("document").get<std::string>();
    tape.content = json->value("content", "");  // older tapes have none
    tape.seed = json->at("seed").get<std::uint64_t>();
    json->at("overrides").get_to(tape.overrides);
    json->at("broken").get_to(tape.failure.rules);
    tape.valid = true;
    tape.story = json->at("story").get<std::string>();
    tape.fingerprint = number_of(json->at("fingerprint").get<std::string>());
    tape.events = json->at("events").get<std::uint64_t>();
    tape.ended_ns = json->at("ended_ns").get<std::int64_t>();
    tape.sent = json->at("records").at("sent").get<std::int64_t>();
    tape.lost = json->at("records").at("lost_acknowledged").get<std::int64_t>();
    for (const Json& f : json->at("faults")) {
      tape.faults.push_back({f.at("name").get<std::string>(), f.at("kind").get<std::string>(),
                             f.at("target").get<std::string>(), f.at("at_ns").get<std::int64_t>(),
                             f.at("fired").get<bool>(), f.at("had_effect").get<bool>()});
    }
    tape.decisions_made = json->at("decisions_made").get<std::int64_t>();
    json->at("decisions").get_to(tape.decisions);
    const Json& marks = json->at("marks");
    tape.marks.every = marks.at("every").get<std::uint64_t>();
    tape.marks.checkpoint_every = marks.at("checkpoint_every").get<std::uint64_t>();
    for (const Json& one : marks.at("checkpoints"))
      tape.marks.checkpoints.push_back(number_of(one.get<std::string>()));
    if (!from_hex(marks.at("bytes").get<std::string>(), tape.marks.bytes) || tape.marks.every == 0 ||
        tape.marks.checkpoint_every == 0 || tape.marks.checkpoint_every % sim::Fingerprint::kInterval != 0) {
      why = "its marks are damaged";
      return std::nullopt;
    }
  } catch (const Json::exception& error) {
    why = std::string("a part of it is missing or of another kind: ") + error.what();
    return std::nullopt;
  }
  return tape;
}

}  // namespace brokersim::replay
