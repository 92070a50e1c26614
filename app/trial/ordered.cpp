#include "app/trial/ordered.h"

#include <map>
#include <utility>

#include "app/branch/children.h"

namespace brokersim::trial {
namespace {

constexpr int kLookMs = 100;
/// Pieces that may wait for an earlier one to end, per process.
constexpr std::size_t kAhead = 8;

}  // namespace

std::size_t run_in_order(const OrderedWork& work) {
  branch::Children children;
  std::map<std::size_t, Piece> waiting;  // ended before one with a smaller index
  std::size_t started = 0;
  std::size_t told = 0;
  const auto jobs = static_cast<std::size_t>(work.jobs);
  while (told < work.count) {
    if (work.stop && work.stop()) return told;
    while (started < work.count && children.alive() < jobs && started < told + jobs * kAhead) {
      const std::size_t index = started;
      const std::string why = children.start(index, [&work, index] { return work.work(index); });
      if (!why.empty() && children.alive() > 0) break;
      if (!why.empty()) waiting[index] = {index, "", "could not be started: " + why, 0};
      ++started;
    }
    if (children.alive() > 0) {
      for (branch::ChildEnd& end : children.wait(-1, kLookMs)) {
        const auto index = static_cast<std::size_t>(end.task);
        waiting[index] = {index, std::move(end.payload), std::move(end.died), end.cpu_ns};
      }
    }
    while (!waiting.empty() && waiting.begin()->first == told) {
      const Piece piece = std::move(waiting.begin()->second);
      waiting.erase(waiting.begin());
      ++told;
      if (!work.done(piece)) return told;
    }
  }
  return told;
}

}  // namespace brokersim::trial
