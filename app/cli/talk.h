// What long searches on the command line share: interrupts, clocks, lines of progress, files that are whole or absent.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <ostream>
#include <string>

namespace brokersim::cli {

/// Interrupts (SIGINT, SIGTERM) are noted while this lives, and do what they did before afterwards. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  [[nodiscard]] static bool noted();

 private:
  struct sigaction int_before_ {};
  struct sigaction term_before_ {};
};

/// Seconds of a clock that never goes back.
[[nodiscard]] double seconds_now();

/// A line that is written over and over on a terminal, at most ten times a second; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(std::ostream& err);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  std::ostream& err_;
  bool terminal_;
  double shown_at_ = 0;
  bool shown_ = false;
};

/// Writes `text` beside `path`, has it on the disk, and puts it in the place of what is there. "" or why that failed;
/// then what was there before is still there. A link stays a link; a device or a pipe is written to as it is.
[[nodiscard]] std::string write_whole(const std::string& path, const std::string& text);

/// Complains as scenario diagnostics do: message, place, hint.
void complain(std::ostream& err, const std::string& code, const std::string& message,
              const std::string& place, const std::string& hint);

/// A duration in nanoseconds, as the command line gives it; nothing after a complaint. 0 only if it may be.
[[nodiscard]] std::optional<std::int64_t> duration_option(const std::string& option, const std::string& text,
                                                          std::ostream& err, bool may_be_zero = false);

}  // namespace brokersim::cli
