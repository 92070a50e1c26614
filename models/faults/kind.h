// What a kind of fault is: a name, a row of the catalogue, and a function that does it.
//
// Adding a kind: its value in FaultKind (config.h), a file in kinds/ that defines its Kind, a line in kinds/kinds.h and
// one in kinds.cpp; its fields for the scenario file are a table in app/scenario/faults_*.cpp. The engine, the results
// and the command line find it from there.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "models/devices/network/network.h"
#include "models/faults/config.h"
#include "models/faults/holds.h"
#include "models/faults/resolve.h"
#include "sim/component.h"

namespace brokersim::faults {

/// What a fault can get at. Outlives every effect.
struct Reach {
  sim::Component& component;  ///< Of the engine: events and draws of faults are its own.
  network::Network& network;
  const Resolver& resolver;
  Holds& holds;
};

/// A fault that has fired: what it did and what it has to take back. Lives until the end of the run.
class Effect {
 public:
  Effect() = default;
  Effect(const Effect&) = delete;
  Effect& operator=(const Effect&) = delete;
  virtual ~Effect() = default;

  /// Something is held that heals; else the fault is over at once.
  [[nodiscard]] virtual bool holding() const = 0;
  /// It has changed something by now. Asked at the firing, at the healing and at the end of the run.
  [[nodiscard]] virtual bool had_effect() const = 0;
  /// How much it has touched by now (I/Os served slowly ...); -1: this kind does not count.
  [[nodiscard]] virtual std::int64_t count() const { return -1; }
  /// Lets go. False: not possible yet, ask again in 100 ms.
  [[nodiscard]] virtual bool release() = 0;
};

/// Which field of FaultConfig says how long a fault stays.
enum class Stays : std::uint8_t {
  moment,         ///< None: it happens once.
  lasts,          ///< `lasts`
  restart_after,  ///< `restart_after`
};

struct Kind {
  FaultKind kind;
  std::string_view name;  ///< As in scenario files: "kill_process".
  std::string_view rows;  ///< Of the fault catalogue: "P1".
  Stays stays;
  /// Does it to `victims` (somebody). Null: nobody was found for another side, so nothing was done. May add to `text`,
  /// which says whom it hit.
  std::unique_ptr<Effect> (*fire)(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                  std::string& text);
};

/// Every kind, in the order of FaultKind.
[[nodiscard]] std::span<const Kind* const> all_kinds();
[[nodiscard]] const Kind& kind_of(FaultKind kind);
/// Null if no kind is named so.
[[nodiscard]] const Kind* kind_named(std::string_view name);

}  // namespace brokersim::faults
