// Bytes on the wire, and the clock of TCP's retransmissions. Pure functions.
#pragma once

#include <cstdint>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::network {

/// Payload of one full segment: MTU 1500 less IP, TCP and timestamps (52 B).
inline constexpr sim::Bytes kSegment = {1'448};
/// Ethernet's share of a segment: preamble, header, FCS and gap.
inline constexpr sim::Bytes kEthernet = {38};
/// What a segment carries beside its payload: 52 B of TCP/IP and 38 B of Ethernet. 1448 / 1538 = 94.15 % of the line
/// rate, the usual figure for 10 GbE with MTU 1500; 8948 / 9038 = 99.0 % with MTU 9000.
inline constexpr sim::Bytes kSegmentOverhead = {90};

/// Line bytes for a payload; a payload of 0 is one empty segment.
[[nodiscard]] constexpr sim::Bytes wire_bytes(sim::Bytes payload, sim::Bytes segment = kSegment,
                                              sim::Bytes overhead = kSegmentOverhead) {
  const std::int64_t segments = payload.n == 0 ? 1 : (payload.n + segment.n - 1) / segment.n;
  return payload + overhead * segments;
}

/// What a card takes of one connection before another has its turn: 64 KiB of payload and room for a request's
/// header, in whole segments; Linux hands cards up to 64 KiB at a time (TSO). 46 segments of 1,448 B.
[[nodiscard]] constexpr sim::Bytes quantum_of(sim::Bytes segment) {
  constexpr std::int64_t kAtLeast = (64 << 10) + (1 << 10);
  return segment * ((kAtLeast + segment.n - 1) / segment.n);
}

/// Linux: TCP_RTO_MIN 200 ms (a data-centre round trip is far below it), doubling to TCP_RTO_MAX 120 s.
inline constexpr sim::Duration kRtoMin = {200'000'000};
inline constexpr sim::Duration kRtoMax = {120'000'000'000};
/// tcp_retries2 = 15: the connection is given up after 924.6 s without an acknowledgement.
inline constexpr sim::Duration kGiveUp = {924'600'000'000};
/// First SYN timeout 1 s, doubling; tcp_syn_retries = 6: given up 127 s after the first SYN.
inline constexpr sim::Duration kSynTimeout = {1'000'000'000};
inline constexpr int kSynRetries = 6;
inline constexpr sim::Duration kSynGiveUp = {127'000'000'000};

/// The first retransmission of what was first sent at `first_sent` that is not before `not_before`: with the first
/// timeout `rto`, doubling, 0.2, 0.6, 1.4, 3.0 s ... after it. `not_before` must not be before `first_sent`.
[[nodiscard]] sim::SimTime next_retransmission(sim::SimTime first_sent, sim::SimTime not_before,
                                               sim::Duration rto = kRtoMin);

/// When SYN number `attempt` (0 = the first) is sent after connect(): 0, 1, 3, 7, 15, 31, 63 s.
[[nodiscard]] sim::Duration syn_delay(int attempt);

}  // namespace brokersim::network
