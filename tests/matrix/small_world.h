// Small random scenarios for the determinism matrix: world number n is the same text everywhere.
//
// Why text: a world that gives different fingerprints is a scenario file at once (`small_worlds --print 17`), for
// `brokersim run` and `brokersim diff`. Each is small (a few machines, seconds, thousands of events) and together they
// go through what scenarios can say: brokers, zones, hardware, versions, topics, both kinds of clients, every kind of
// fault and target.
#pragma once

#include <cstdint>
#include <string>

namespace brokersim::matrix {

/// A scenario file, valid for every `number`.
[[nodiscard]] std::string small_world(std::uint64_t number);

}  // namespace brokersim::matrix
