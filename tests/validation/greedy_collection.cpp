#include "tests/validation/greedy_collection.h"

#include <set>
#include <utility>
#include <vector>

#include "sim/hash.h"

namespace brokersim::validation {

double greedy_write_amplification(int blocks, int pages, double spare) {
  const auto usable = static_cast<std::int64_t>(static_cast<double>(blocks) * pages / (1.0 + spare));
  std::vector<std::int64_t> where(static_cast<std::size_t>(usable), -1);  // logical -> physical
  std::vector<std::int64_t> owner(static_cast<std::size_t>(blocks) * static_cast<std::size_t>(pages), -1);
  std::vector<int> valid(static_cast<std::size_t>(blocks), 0);
  std::set<std::pair<int, int>> closed;  // (valid pages, block)
  std::vector<int> free;
  for (int b = blocks - 1; b >= 0; --b) free.push_back(b);
  int open = free.back();
  free.pop_back();
  int filled = 0;
  std::int64_t programs = 0;
  const auto program = [&](std::int64_t logical) {
    const std::int64_t old = where[static_cast<std::size_t>(logical)];
    if (old >= 0) {
      const auto block = static_cast<int>(old / pages);
      owner[static_cast<std::size_t>(old)] = -1;
      const auto it = closed.find({valid[static_cast<std::size_t>(block)], block});
      const int now_valid = --valid[static_cast<std::size_t>(block)];
      if (it != closed.end()) {
        closed.erase(it);
        closed.insert({now_valid, block});
      }
    }
    const std::int64_t physical = static_cast<std::int64_t>(open) * pages + filled;
    owner[static_cast<std::size_t>(physical)] = logical;
    where[static_cast<std::size_t>(logical)] = physical;
    ++valid[static_cast<std::size_t>(open)];
    ++programs;
    if (++filled < pages) return;
    closed.insert({valid[static_cast<std::size_t>(open)], open});
    open = free.back();
    free.pop_back();
    filled = 0;
  };
  std::uint64_t draw = 0;
  std::int64_t writes = 0;
  const auto host_write = [&] {
    while (free.size() < 2) {
      const int victim = closed.begin()->second;
      closed.erase(closed.begin());
      for (int i = 0; i < pages; ++i) {
        const std::int64_t logical =
            owner[static_cast<std::size_t>(victim) * static_cast<std::size_t>(pages) +
                  static_cast<std::size_t>(i)];
        if (logical >= 0) program(logical);
      }
      free.insert(free.begin(), victim);
    }
    ++writes;
    program(static_cast<std::int64_t>(sim::mix64(++draw) % static_cast<std::uint64_t>(usable)));
  };
  for (std::int64_t i = 0; i < 6 * usable; ++i) host_write();
  programs = 0;
  writes = 0;
  for (std::int64_t i = 0; i < 2 * usable; ++i) host_write();
  return static_cast<double>(programs) / static_cast<double>(writes);
}

}  // namespace brokersim::validation
