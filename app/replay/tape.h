// A run on tape: what is needed to run it again, and to say where another build goes another way.
//
// A tape holds the scenario as it was read, its seed and changes; what the run came to (rules that it broke, records);
// what really happened (faults with whom they hit, elections and other decisions of the cluster); and its fingerprint
// after every so many events. Two kinds of marks: 64 bits at most every 4,096 events, which are beyond doubt, and one
// byte at most every event, which places the first difference (wrong by an event in 1 of 256 cases).
// Files that the scenario names (.properties, arrivals) are part of the text (app/trial/self_contained.h). Only a file of
// arrivals that is too long for a document is named by its absolute path and read again; a tape knows whether it is what it
// was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/trial/trial.h"
#include "sim/time.h"

namespace brokersim::replay {

/// Who made the tape. Equal `program` means the same program, bit for bit.
struct Build {
  std::string version;   ///< "0.1.0"
  std::string compiler;  ///< "g++ 12.2.0, optimised"
  std::string program;   ///< 16 hexadecimal digits: hash of the executable; "" if it cannot be read.

  bool operator==(const Build&) const = default;
};
[[nodiscard]] Build this_build();

/// The fingerprint on the way.
struct Marks {
  std::uint64_t every = 1;          ///< Events between two bytes.
  std::vector<std::uint8_t> bytes;  ///< After `every`, 2 `every`, ... events: low byte of the fingerprint.
  std::uint64_t checkpoint_every = 4'096;  ///< A multiple of 4,096.
  std::vector<std::uint64_t> checkpoints;  ///< Fingerprint after each so many events.

  bool operator==(const Marks&) const = default;
};

struct Tape {
  Build build;
  std::string file;     ///< The scenario's path, as it was given.
  std::string text;     ///< The scenario, with what the files beside it say.
  std::string content;  ///< Identity of the scenario and of the files that it names; "": not known.
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;
  bool valid = false;   ///< It is a scenario ...
  std::string problem;  ///< ... else what is wrong with it.
  trial::Failure failure;
  std::string story;
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  std::int64_t ended_ns = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;
  std::vector<trial::FaultSeen> faults;
  std::vector<std::string>
      decisions;  ///< "12.003451200 s orders/0: leader 2, epoch 3, ISR 2 0", in order; at most 5,000.
  std::int64_t decisions_made = 0;  ///< All of them.
  Marks marks;
};

/// Runs the scenario and records it. `marks_like`: with the distances of these marks instead of its own, so that two
/// tapes can be compared. Takes two or three times as long as a run.
[[nodiscard]] Tape record(const std::string& text, const std::string& file, std::uint64_t seed,
                          const std::vector<std::string>& overrides, const Marks* marks_like = nullptr);

/// As a JSON document that ends with a line break, and back; nothing and `why` for what is no tape.
[[nodiscard]] std::string to_text(const Tape& tape);
[[nodiscard]] std::optional<Tape> from_text(const std::string& text, std::string& why);

}  // namespace brokersim::replay
