// Which model this is: changes with every source that can change what a run shows.
//
// Why: what is kept of earlier runs (the store of a sweep) is true of the model that made it and of no other.
#pragma once

#include <string>

namespace brokersim::results {

/// 16 hexadecimal digits of the sources of sim/, models/, app/scenario/ and app/results/: the same from every compiler.
[[nodiscard]] std::string model_version();

}  // namespace brokersim::results
