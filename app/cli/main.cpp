// The only main.
#include <csignal>
#include <iostream>

#include "app/cli/cli.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // A file that may not grow further (ulimit -f) is an error of write(), which is told, not a death without a word.
  std::signal(SIGXFSZ, SIG_IGN);
  return brokersim::cli::run_command_line({argv + 1, argv + argc}, std::cout, std::cerr);
}
