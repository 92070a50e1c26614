// Goal: SIM_CHECK is on in every build. Method: compiled with NDEBUG, a failed check must still throw.
#include <cstdio>

#include "sim/check.h"

#ifndef NDEBUG
#error "this test is about builds with NDEBUG"
#endif

int main() {
  int evaluated = 0;
  SIM_CHECK(++evaluated == 1);
  if (evaluated != 1) {
    std::puts("SIM_CHECK did not evaluate its condition");
    return 1;
  }
  try {
    SIM_CHECK(evaluated == 2, "planted");
  } catch (const brokersim::sim::Bug& bug) {
    std::puts(bug.what());
    return 0;
  }
  std::puts("a failed SIM_CHECK went on");
  return 1;
}
