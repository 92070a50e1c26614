// CPU time that brokers and clients spend, on the reference machine (3.1 GHz Xeon class, speed 100 %).
//
// Why: once bytes, disks and cards are right, these few constants decide what a broker can do; they are the same for every
// cluster, whatever the benchmark. A profile is a named set of them. Two exist:
//   primitives-1  the default: measured primitives (system call 87 ns, eventfd wake 0.9 us, buffered write 5.7 GB/s,
//                 CRC-32C 5.45 GB/s, TCP send or receive 1 to 2 us) times 2 to 3 for the fixed parts of a JVM. Threads wake
//                 at once, and clients cost what their workloads say (send_cost, process_cost) and nothing more. Check: an
//                 un-batched produce costs about 30 us of handler and network thread, which puts 8 + 3 threads in the
//                 practitioners' 5 to 15 thousand requests/s per core-bound broker.
//   jvm-1         the same constants fitted to published measurements by tools/fit_costs.py, with threads that need time
//                 to wake and with the work of the client's own threads; models/kafka/profiles/jvm-1.json gives the meaning,
//                 prior and source of each. For predictions of real clusters (docs/validation-clusters.md).
// Not modelled: caches and frequency, lock contention inside the JVM, the JIT warming up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace brokersim::kafka {

struct Costs {
  /// A thread that idles begins this much after its work has come: notification, scheduler, idle state of the core. It
  /// counts as work of that thread. Brokers' threads always; clients' once they have a thread, see client_threads().
  sim::Duration wake_up = {0};

  sim::Duration receive_request = {6'000};       ///< Network thread: select, read, parse, enqueue.
  sim::Duration send_response = {6'000};         ///< Network thread: dequeue, write, unmute.
  std::int64_t receive_ps_per_byte = 200;        ///< Copy from the socket.
  std::int64_t send_ps_per_byte = 50;            ///< sendfile: no copy.
  sim::Duration send_partition = {0};            ///< Network thread: sendfile call of a partition's data.
  sim::Duration handle_request = {8'000};        ///< Handler thread: dispatch, authorisation, metrics.
  sim::Duration append_batch = {6'000};          ///< Validation, offsets, index, locks, per batch.
  std::int64_t append_ps_per_byte = 360;         ///< CRC-32C plus the copy into the page cache.
  sim::Duration append_record = {0};             ///< Validation of each record of a batch (LogValidator).
  sim::Duration read_partition = {2'000};        ///< Fetch: log lookup per partition.
  sim::Duration fetcher_append_batch = {5'000};  ///< Follower's fetcher thread, per batch.
  /// The same thread, per partition of an answer that holds data: one locked append of all its batches, one write().
  sim::Duration fetcher_append_partition = {0};
  sim::Duration fetcher_round = {10'000};  ///< Follower's fetcher thread: build request, parse response.
  /// Network thread: encryption or decryption, 2 GB/s (a JVM from 11 on does 1 to 3, OpenSSL 5.2 with AES-128-GCM).
  std::int64_t tls_ps_per_byte = 500;
  /// Network thread: what sendfile saves without TLS, a read from the page cache into the process, 9.2 GB/s.
  std::int64_t tls_read_ps_per_byte = 110;
  /// Network thread: a full handshake. An RSA-2048 signature is 333 us in OpenSSL, three times that in a JVM.
  sim::Duration tls_handshake = {1'000'000};
  std::int64_t recovery_ps_per_byte = 1'000;  ///< Scan and CRC while loading, per recovery thread.

  /// The client's own thread (a producer's sender, a consumer's poll loop), per request: build it, write it.
  sim::Duration client_request = {0};
  /// A timed wait of a client's thread ends this much late: the timer slack of a Linux thread is 50 us (PR_SET_TIMERSLACK).
  /// Java's selectors wait whole milliseconds.
  sim::Duration timer_slack = {50'000};
  sim::Duration client_response = {0};  ///< The same thread: read a response, complete what waited for it.
  sim::Duration client_batch = {0};     ///< Producer's sender: drain, close and complete a batch.
  std::int64_t client_ps_per_byte = 0;  ///< The same thread: CRC and copy to the socket, or copy from it.
  sim::Duration client_record = {0};    ///< Application's thread: send(), serialising, and the callback.
  std::int64_t client_record_ps_per_byte = 0;  ///< The same: copy of the record into its batch.
  sim::Duration client_poll_record = {0};      ///< Consumer: a record through poll().

  /// Clients have threads of their own that need time; else they act at once.
  [[nodiscard]] bool client_threads() const {
    return client_request.ns > 0 || client_response.ns > 0 || client_batch.ns > 0 || client_ps_per_byte > 0;
  }
};

[[nodiscard]] constexpr sim::Duration per_byte(std::int64_t bytes, std::int64_t picoseconds) {
  return {bytes * picoseconds / 1'000};
}

/// What scenario fields, profiles and the fit know a constant by: its name, and where it is. A time, or picoseconds per
/// byte; the other pointer is null.
struct CostField {
  const char* name;
  sim::Duration Costs::*time = nullptr;
  std::int64_t Costs::*ps_per_byte = nullptr;
  const char* meaning = "";
};
[[nodiscard]] const std::vector<CostField>& cost_fields();

/// Null if there is none of that name.
[[nodiscard]] const Costs* find_cost_profile(std::string_view name);
[[nodiscard]] std::vector<std::string> cost_profile_names();

}  // namespace brokersim::kafka
