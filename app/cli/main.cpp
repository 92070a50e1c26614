// The only main.
#include <iostream>

#include "app/cli/cli.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return brokersim::cli::run_command_line({argv + 1, argv + argc}, std::cout, std::cerr);
}
