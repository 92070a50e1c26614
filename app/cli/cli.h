// The command line: what a user types, and the exit code that answers.
//
// Data goes to `out`, talk to `err`, so that a result can be piped while its story is read. Nothing here
// knows how a run works or looks; see app/scenario and app/results.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace brokersim::cli {

/// Answers to the caller. Of several runs the worst counts: bug, then usage, then failed, then inconclusive.
enum ExitCode : int {
  exit_ok = 0,            ///< All expectations hold.
  exit_failed = 1,        ///< An expectation or a law failed.
  exit_usage = 2,         ///< The command line or a scenario is wrong; nothing was run.
  exit_inconclusive = 3,  ///< Too few samples, or a `sometimes` was never seen.
  exit_bug = 70,          ///< One of our own checks failed.
};

/// The worse of two answers.
[[nodiscard]] int worse(int a, int b);

/// Runs one command line (without the program's name) and returns its exit code.
[[nodiscard]] int run_command_line(const std::vector<std::string>& arguments, std::ostream& out,
                                   std::ostream& err);

}  // namespace brokersim::cli
