// CPU time that a broker spends, on the reference machine (3.1 GHz Xeon class, speed 100 %).
//
// Source: device-models.md section 5.2 measured primitives (system call 87 ns, eventfd wake 0.9 us,
// buffered write 5.7 GB/s, CRC-32C 5.45 GB/s, TCP send or receive 1 to 2 us) times 2 to 3 for the fixed
// parts of a JVM broker. Check: an un-batched produce costs about 30 us of handler and network thread, which
// puts 8 + 3 threads in the practitioners' 5 to 15 thousand requests/s per core-bound broker.
#pragma once

#include <cstdint>

#include "sim/time.h"

namespace brokersim::kafka::broker {

struct Costs {
  sim::Duration receive_request = {6'000};       ///< Network thread: select, read, parse, enqueue.
  sim::Duration send_response = {6'000};         ///< Network thread: dequeue, write, unmute.
  std::int64_t receive_ps_per_byte = 200;        ///< Copy from the socket.
  std::int64_t send_ps_per_byte = 50;            ///< sendfile: no copy.
  sim::Duration handle_request = {8'000};        ///< Handler thread: dispatch, authorisation, metrics.
  sim::Duration append_batch = {6'000};          ///< Validation, offsets, index, locks, per batch.
  std::int64_t append_ps_per_byte = 360;         ///< CRC-32C plus the copy into the page cache.
  sim::Duration read_partition = {2'000};        ///< Fetch: log lookup per partition.
  sim::Duration fetcher_append_batch = {5'000};  ///< Follower's fetcher thread, per batch.
  sim::Duration fetcher_round = {10'000};  ///< Follower's fetcher thread: build request, parse response.
  /// Network thread: encryption or decryption, 2 GB/s (a JVM from 11 on does 1 to 3, OpenSSL 5.2 with AES-128-GCM).
  std::int64_t tls_ps_per_byte = 500;
  /// Network thread: what sendfile saves without TLS, a read from the page cache into the process, 9.2 GB/s.
  std::int64_t tls_read_ps_per_byte = 110;
  /// Network thread: a full handshake. An RSA-2048 signature is 333 us in OpenSSL, three times that in a JVM.
  sim::Duration tls_handshake = {1'000'000};
  std::int64_t recovery_ps_per_byte = 1'000;  ///< Scan and CRC while loading, per recovery thread.
};

[[nodiscard]] constexpr sim::Duration per_byte(std::int64_t bytes, std::int64_t picoseconds) {
  return {bytes * picoseconds / 1'000};
}

}  // namespace brokersim::kafka::broker
