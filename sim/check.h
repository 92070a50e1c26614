// Assertions that stay on in every build, and the one exception of the kernel and the models.
//
// A failed check is our own bug, never the modelled world's: it stops that simulation only. world::run
// is the single catcher; it adds time, component, seed and the command that replays the run.
#pragma once

#include <stdexcept>
#include <string>

namespace brokersim::sim {

/// A broken promise of our own code. what() holds the condition, the place and the detail.
class Bug : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Bug.
[[noreturn]] void raise_bug(const char* condition, const char* file, int line, const std::string& detail);

}  // namespace brokersim::sim

/// Always on. Split `a && b` in two. An optional second argument is a std::string with the facts; it is
/// evaluated only on failure.
#define SIM_CHECK(condition, ...)                                                            \
  do {                                                                                       \
    if (!(condition)) [[unlikely]]                                                           \
      ::brokersim::sim::raise_bug(#condition, __FILE__, __LINE__, std::string{__VA_ARGS__}); \
  } while (false)

/// For costly invariants: on in debug and sanitizer builds (BROKERSIM_DEEP_CHECKS).
#ifdef BROKERSIM_DEEP_CHECKS
#define SIM_DCHECK(condition, ...) SIM_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#else
#define SIM_DCHECK(condition, ...) \
  do {                             \
  } while (false)
#endif
