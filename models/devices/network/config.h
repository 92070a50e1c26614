// What a user says of network cards, of the distance between machines, and of TCP.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::network {

/// One network card, full duplex, and the switch port it is plugged into.
struct NicConfig {
  sim::BytesPerSecond bandwidth = {1'050'000'000};  ///< Each direction, on the wire. Positive.
  /// A cloud instance's allowance: each direction may run at `burst` while its bucket of `burst_bucket` bytes, full
  /// at the start and refilled at `bandwidth`, is not empty. 0: no bursts; else above `bandwidth`.
  sim::BytesPerSecond burst = {0};
  sim::Bytes burst_bucket = {0};
  /// Highest rate of one connection in one direction (EC2: 5 Gb/s outside a placement group). 0: the card's.
  sim::BytesPerSecond flow_limit = {0};
  std::int32_t mtu = 1'500;  ///< IP packet size, 576 to 9,216. A connection takes the smaller of both ends'.
  /// What the switch port towards this card holds before it drops: 12 MB shared memory, of which one hot port gets
  /// half (dynamic threshold with alpha = 1). 0: it never drops.
  sim::Bytes port_buffer = {6'000'000};
};

/// One-way delays beside serialisation. Same-host traffic uses `loopback`.
struct LatencyConfig {
  sim::Duration loopback = {10'000};
  sim::Duration same_zone = {60'000};    ///< One way between hosts of a zone (switch and stack included).
  sim::Duration cross_zone = {350'000};  ///< One way between zones of a region.
  sim::Duration same_rack = {-1};        ///< Between hosts of a rack. Negative: as same_zone. Not above it.
  sim::Duration cross_region = {
      35'000'000};  ///< Between regions. Half of a round trip us-east to us-west or so.

  /// Spread of the delay between hosts, in permille: sigma of the lognormal share. Half of the delay is fixed, half
  /// is lognormal with this sigma and the median 1. 0: constant. About 300 for hosts under load. 0 to 2,000.
  std::int32_t jitter_permille = 0;
  /// Rare stalls of a host or switch: 1 in 1,000 messages takes five times the delay. Only with jitter.
  bool stalls = false;
};

/// Where a machine stands: region > zone > rack. Zones of equal name in two regions are two zones.
struct Place {
  std::string region;
  std::string zone;
  std::string rack;
};

/// A trunk between two switches of the tree (or between two zones or regions), of limited capacity.
struct TrunkConfig {
  enum class Level : std::uint8_t {
    rack,    ///< The uplink of rack `from` (as "zone/rack"); `to` is empty.
    zone,    ///< From zone to zone.
    region,  ///< From region to region.
  };
  Level level = Level::zone;
  std::string from;
  std::string to;
  sim::Duration latency = {-1};  ///< One way, from host to host over it. Negative: the level's default.
  sim::BytesPerSecond bandwidth = {0};  ///< Of each direction, shared by all. 0: unlimited.
  sim::Bytes buffer = {12'000'000};     ///< Before it drops. 0: it never drops.
};

enum class CongestionControl : std::uint8_t { cubic, reno };

/// TCP of the operating system; the defaults are those of Linux 5 and 6.
struct TcpConfig {
  CongestionControl congestion_control = CongestionControl::cubic;
  std::int32_t initial_window = 10;   ///< Segments (RFC 6928). 1 to 1,000,000.
  bool slow_start_after_idle = true;  ///< net.ipv4.tcp_slow_start_after_idle.
  /// RFC 8985: a lost tail is found after two round trips, a lost retransmission by what was sent later, not by RTO.
  bool tail_loss_probe = true;
  bool fast_convergence = true;             ///< RFC 9438 section 4.7.
  sim::Bytes send_buffer = {4'194'304};     ///< tcp_wmem's maximum: the window of a socket without SO_SNDBUF.
  sim::Bytes receive_buffer = {6'291'456};  ///< tcp_rmem's maximum: likewise for SO_RCVBUF.
  sim::Duration rto_min = {200'000'000};    ///< TCP_RTO_MIN.
  std::int32_t headers = 52;                ///< IP and TCP with timestamps. 40 without.
  /// 0: a segment is lost by chance; else every n-th of a connection is, as the formulas assume. For validation.
  std::int64_t lose_every = 0;
};

/// What a program sets on its socket.
struct SocketOptions {
  sim::Bytes send_buffer = {-1};     ///< SO_SNDBUF; negative: the system's autotuning, up to TcpConfig's.
  sim::Bytes receive_buffer = {-1};  ///< SO_RCVBUF.
  std::int32_t backlog = 50;         ///< listen(): connections that wait for a paused or busy program.
  /// connect(): round trips after TCP's own before on_connected: TLS 1.3 1, TLS 1.2 2, SASL/PLAIN 2, SCRAM 3.
  std::int32_t handshake_round_trips = 0;
};

}  // namespace brokersim::network
