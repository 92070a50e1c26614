#include "models/devices/storage/readahead.h"

#include <algorithm>
#include <bit>

#include "sim/check.h"

namespace brokersim::storage {

namespace {

/// get_init_ra_size
std::int64_t first_size(std::int64_t request, std::int64_t max) {
  const auto rounded = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(request)));
  if (rounded <= max / 32) return rounded * 4;
  if (rounded <= max / 4) return rounded * 2;
  return max;
}

/// get_next_ra_size
std::int64_t next_size(std::int64_t current, std::int64_t max) {
  if (current < max / 16) return std::min(4 * current, max);
  if (current <= max / 2) return 2 * current;
  return max;
}

ReadaheadWindow window_of(ReadaheadState& state, std::int64_t page, std::int64_t max) {
  // The read is about to meet the marker of this very window: take the next one along.
  if (page == state.start && state.size == state.async_size) {
    const std::int64_t more = next_size(state.size, max);
    if (state.size + more <= max) {
      state.async_size = more;
      state.size += more;
    } else {
      state.size = max;
      state.async_size = max / 2;
    }
  }
  ReadaheadWindow window{state.start, state.size, -1};
  if (state.async_size > 0) window.marker_at = state.start + state.size - state.async_size;
  return window;
}

ReadaheadWindow begin(ReadaheadState& state, const ReadaheadQuery& query, std::int64_t max) {
  state.start = query.page;
  state.size = first_size(query.request, max);
  state.async_size = state.size > query.request ? state.size - query.request : state.size;
  return window_of(state, query.page, max);
}

}  // namespace

std::optional<ReadaheadWindow> read_ahead(ReadaheadState& state, const ReadaheadQuery& query,
                                          std::int64_t window_max) {
  SIM_CHECK(query.page >= 0);
  SIM_CHECK(query.request > 0);
  const ReadaheadWindow as_asked{query.page, query.request, -1};
  if (window_max <= 0) return query.marker ? std::nullopt : std::optional(as_asked);

  if (query.page == 0) return begin(state, query, window_max);
  // The reader has come to the marker, or to the end, of the latest window: ramp up.
  const bool at_marker = query.page == state.start + state.size - state.async_size;
  if (state.size > 0 && (at_marker || query.page == state.start + state.size)) {
    state.start += state.size;
    state.size = next_size(state.size, window_max);
    state.async_size = state.size;
    return window_of(state, query.page, window_max);
  }
  if (query.marker) {
    // Another stream of the same open file: its window is what is cached from here on.
    if (query.ahead >= window_max) return std::nullopt;
    state.start = query.page + 1 + query.ahead;
    state.size = next_size(query.ahead + 1 + query.request, window_max);
    state.async_size = state.size;
    return window_of(state, query.page, window_max);
  }
  if (query.request > window_max) return begin(state, query, window_max);
  if (query.page - state.previous <= 1 && query.page >= state.previous)
    return begin(state, query, window_max);
  // Cached pages right before it are the trace of a stream (try_context_readahead).
  if (query.history > query.request) {
    const std::int64_t history = query.history >= query.page ? query.history * 2 : query.history;
    state.start = query.page;
    state.size = std::min(history + query.request, window_max);
    state.async_size = 1;
    return window_of(state, query.page, window_max);
  }
  return as_asked;  // random: nothing beyond the request
}

}  // namespace brokersim::storage
