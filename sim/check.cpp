#include "sim/check.h"

namespace brokersim::sim {

void raise_bug(const char* condition, const char* file, int line, const std::string& detail) {
  std::string text = "check failed: ";
  text += condition;
  text += " (";
  text += file;
  text += ':';
  text += std::to_string(line);
  text += ')';
  if (!detail.empty()) text += ": " + detail;
  throw Bug(text);
}

}  // namespace brokersim::sim
