// Pieces of work on all processors whose outcomes are told in order, so that what follows from them does not depend on
// how many ran at a time or which was first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace brokersim::trial {

/// What one piece of work came to.
struct Piece {
  std::size_t index = 0;
  std::string payload;      ///< What it returned; empty if its process died.
  std::string died;         ///< How it died, "" if it did not.
  std::int64_t cpu_ns = 0;  ///< Of its process.
};

struct OrderedWork {
  std::size_t count = 0;
  int jobs = 1;  ///< Processes at a time, 1 or more.
  /// In the child: does piece `index`.
  std::function<std::string(std::size_t index)> work;
  /// In the parent, in order of the index. False: no more; what runs beyond is given up.
  std::function<bool(const Piece&)> done;
  /// Asked ten times a second and after every piece. True: give up.
  std::function<bool()> stop;
};

/// Runs it in forked children; the caller's process has one thread. The number of pieces told to `done`; all of them
/// unless `done` or `stop` said otherwise. A child that cannot be started is waited for, as long as others run; if none
/// does, it is a piece that died.
[[nodiscard]] std::size_t run_in_order(const OrderedWork& work);

}  // namespace brokersim::trial
