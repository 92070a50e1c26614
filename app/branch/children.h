// Forked children: so many at a time, each with one message to send, whatever becomes of it.
//
// Why: a child goes on with the simulation that its parent has brought to an instant, and ends with its outcome. It
// may also crash, be killed for want of memory, or be cut off in the middle of its message: that must cost nobody
// else anything. Every child is reaped; none outlives its parent (Linux: PR_SET_PDEATHSIG).
// The caller must have one thread only; start() checks that.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/branch/frames.h"

namespace brokersim::branch {

/// How a child ended.
struct ChildEnd {
  std::uint64_t task = 0;
  std::string payload;  ///< What it said; empty if it said nothing whole.
  std::string died;     ///< Why there is no payload: "was killed by signal 9 (Killed)"; "" if there is one.
  std::int64_t cpu_ns = 0;  ///< Processor time it took, user and system.
};

class Children {
 public:
  Children() = default;
  /// Kills and reaps those that are left.
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  [[nodiscard]] std::size_t alive() const { return children_.size(); }

  /// Forks a child that sends what `work` returns and ends without running destructors or flushing streams. It has
  /// none of the descriptors `not_for_child`. "" or why there is no child ("Cannot allocate memory").
  [[nodiscard]] std::string start(std::uint64_t task, const std::function<std::string()>& work,
                                  const std::vector<int>& not_for_child = {});

  /// Waits until a child has ended, or `watched` (-1: none) has bytes, end or error, or `timeout_ms` have passed (-1:
  /// no such limit). Those that have ended; perhaps none.
  [[nodiscard]] std::vector<ChildEnd> wait(int watched, int timeout_ms = -1);

  /// Those that have ended by now.
  [[nodiscard]] std::vector<ChildEnd> poll() { return collect(-1, 0); }

  /// Ends and reaps all that are left.
  void kill_all();

 private:
  struct Child {
    std::uint64_t task = 0;
    pid_t process = -1;
    int socket = -1;
    FrameReader reader;
  };
  [[nodiscard]] std::vector<ChildEnd> collect(int watched, int timeout_ms);
  [[nodiscard]] static ChildEnd reap(Child& child);

  std::vector<Child> children_;
};

/// "was killed by signal 9 (Killed)", "ended with exit code 3", from what waitpid told.
[[nodiscard]] std::string ending_text(int status);

}  // namespace brokersim::branch
