// The scenario file: JSON in, typed configuration or diagnostics out.
//
// Why: everything that a user can get wrong is found here, before a world is built, and found at once;
// behind this door only typed, checked values exist. No input, however hostile, takes more than a
// second or 200 MB (limits.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/diagnostic.h"
#include "app/scenario/expect.h"
#include "models/world/config.h"
#include "sim/simulation.h"

namespace brokersim::scenario {

/// A scenario without errors.
struct Scenario {
  std::string file;          ///< Path or name it was loaded from.
  world::Config config;      ///< To run another seed, set config.seed.
  bool invariants = false;   ///< Judge INV1 to INV9, too.
  bool seed_pinned = false;  ///< It shows what it shows with its own seed: tests run no other one.
  sim::Limits limits;        ///< When a model is taken to run wild.
  std::vector<Expectation> expect;
  std::vector<Published> published;
  std::vector<std::string> cases;     ///< Known cases that it shows: "D08".
  std::string variant;                ///< Which alternative of those cases.
  std::vector<std::string> notes;     ///< Anachronisms and assumptions, in the author's words.
  std::vector<std::string> warnings;  ///< One line each: "file:line:col: message".
};

struct LoadResult {
  std::optional<Scenario> scenario;     ///< Present if and only if no diagnostic is an error.
  std::vector<Diagnostic> diagnostics;  ///< Errors and warnings, for render().
};

/// Reads and checks the file at `path`. Each of `overrides` is "POINTER=VALUE" (as of --set): it replaces
/// the value at a JSON pointer before anything is checked; VALUE is JSON, or else text.
[[nodiscard]] LoadResult load_file(const std::string& path, const std::vector<std::string>& overrides = {});

/// The same for a document in memory. `name` stands for the path in diagnostics; relative paths inside
/// the document are taken from the folder of `name`.
[[nodiscard]] LoadResult load_text(std::string_view text, const std::string& name,
                                   const std::vector<std::string>& overrides = {});

/// The JSON Schema (draft-07) of a scenario file, made from the field tables. Ends with a line break.
[[nodiscard]] std::string schema_json();

/// The reference page of the file format (Markdown), made from the same tables.
[[nodiscard]] std::string format_markdown();

/// docs/faults.md: every kind of fault, and what of the fault catalogue is modelled.
[[nodiscard]] std::string fault_page_markdown();

}  // namespace brokersim::scenario
