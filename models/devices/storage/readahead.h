// Linux' on-demand readahead: which pages a read that misses, or meets a marker, brings into the cache.
//
// Why: a consumer that lags reads a cold log. How large its device reads are, and whether the next one is under way
// while it consumes the last, decides whether an HDD gives it 10 or 100 MB/s (device-models.md 3.5, 1.6).
// Model: kernel mm/readahead.c (ondemand_readahead, since 2.6.23): a first window from the size of the request, doubled
// or quadrupled up to the largest; a marker on the page where the next window is to be read ahead; streams that share an
// open file are told apart by what is in the cache around them.
// Pure: the state of an open file and what the cache says go in, a window comes out. Units are pages of 4 KiB.
// Not modelled: readahead of mapped files (MADV_SEQUENTIAL), a backing device with its own io_pages above the window.
#pragma once

#include <cstdint>
#include <optional>

namespace brokersim::storage {

/// struct file_ra_state of one open file.
struct ReadaheadState {
  std::int64_t start = 0;       ///< First page of the latest window.
  std::int64_t size = 0;        ///< Its pages; 0: none yet.
  std::int64_t async_size = 0;  ///< The next window is read when this many of them are left.
  std::int64_t previous = -1;   ///< Last page read; -1: none.
};

/// A read that needs a decision.
struct ReadaheadQuery {
  std::int64_t page = 0;     ///< The page that is missing, or that bears a marker.
  std::int64_t request = 1;  ///< Pages that the reader asks for from there on. Positive.
  bool marker = false;       ///< The page is there and bore a marker; else it is missing.
  std::int64_t history = 0;  ///< Cached pages in a row right before `page`, counted up to the largest window.
  std::int64_t ahead =
      0;  ///< Marker: cached pages in a row from page + 1 on, counted up to the largest window.
};

/// Pages to bring in: those of [start, start + size) that are not cached, a marker on page marker_at if it is among them.
struct ReadaheadWindow {
  std::int64_t start = 0;
  std::int64_t size = 0;
  std::int64_t marker_at = -1;  ///< -1: none.
  [[nodiscard]] bool operator==(const ReadaheadWindow&) const = default;
};

/// Moves `state` on. Nothing: a marker that calls for no window. `window_max` 0 turns readahead off.
[[nodiscard]] std::optional<ReadaheadWindow> read_ahead(ReadaheadState& state, const ReadaheadQuery& query,
                                                        std::int64_t window_max);

}  // namespace brokersim::storage
