#include "app/trace/spans.h"

#include <algorithm>

namespace brokersim::trace {

std::int32_t Spans::process(const std::string& name) {
  const auto [at, made] = process_numbers_.emplace(name, static_cast<std::int32_t>(processes_.size()));
  if (made) processes_.push_back(name);
  return at->second;
}

std::int32_t Spans::place(const Place& place) {
  const auto [at, made] = place_numbers_.emplace(std::tuple{place.process, place.rank, place.title()},
                                                 static_cast<std::int32_t>(places_.size()));
  if (made) places_.push_back(place);
  return at->second;
}

SliceId Spans::open(Slice slice) {
  if (slice.from > to_) return {};
  std::uint32_t index = 0;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else if (slices_.size() < most_) {
    index = static_cast<std::uint32_t>(slices_.size());
    slices_.emplace_back();
  } else {
    ++left_out_;
    return {};
  }
  Kept& kept = slices_[index];
  kept.slice = std::move(slice);
  kept.slice.to = sim::SimTime::max();
  kept.used = true;
  return {index, kept.generation};
}

Slice* Spans::find(SliceId id) {
  if (id.index >= slices_.size()) return nullptr;
  Kept& kept = slices_[id.index];
  return kept.used && kept.generation == id.generation ? &kept.slice : nullptr;
}

void Spans::close(SliceId id, sim::SimTime at) {
  Slice* slice = find(id);
  if (slice == nullptr) return;
  slice->to = at;
  if (at < from_) drop(id.index);
}

SliceId Spans::add(Slice slice) {
  if (slice.to < from_) return {};
  const sim::SimTime to = slice.to;
  const SliceId id = open(std::move(slice));
  close(id, to);
  return id;
}

void Spans::instant(std::int32_t place, sim::SimTime at, const char* category, std::string name,
                    Arguments arguments) {
  add({.place = place,
       .from = at,
       .to = at,
       .category = category,
       .name = std::move(name),
       .arguments = std::move(arguments),
       .instant = true});
}

void Spans::drop(std::uint32_t index) {
  Kept& kept = slices_[index];
  kept.slice = {};
  kept.used = false;
  ++kept.generation;
  free_.push_back(index);
}

void Spans::count(const Place& counter, const std::string& unit, sim::SimTime at, std::int64_t value) {
  if (at > to_) return;
  const auto [found, made] =
      counter_numbers_.emplace(std::tuple{counter.process, counter.rank, counter.title()}, counters_.size());
  if (made) counters_.push_back({counter.process, counter.rank, counter.title(), unit, {}});
  auto& values = counters_[found->second].values;
  if (!values.empty() && values.back().second == value) return;
  if (!values.empty() && values.back().first <= from_ && at <= from_) values.pop_back();
  values.emplace_back(at, value);
}

sim::SimTime Spans::clipped(sim::SimTime at) const { return std::clamp(at, from_, to_); }

void Spans::write_slice(PerfettoWriter& writer, Track track, const Slice& slice) const {
  if (slice.instant) return writer.instant(track, slice.from, slice.category, slice.name, slice.arguments);
  writer.begin(track, clipped(slice.from), slice.category, slice.name, slice.arguments, slice.flows);
  for (const Part& part : slice.parts) {
    if (part.to <= part.from || part.to < from_ || part.from > to_) continue;
    writer.begin(track, clipped(part.from), slice.category, part.name, {}, {});
    writer.end(track, clipped(part.to));
  }
  writer.end(track, clipped(slice.to));
}

/// Each slice into the first lane that is free at its begin.
void Spans::write_place(PerfettoWriter& writer, Track process, const Place& place,
                        const std::vector<std::uint32_t>& slices) const {
  struct Lane {
    sim::SimTime free;
    Track track;
  };
  std::vector<Lane> lanes;
  for (const std::uint32_t index : slices) {
    const Slice& slice = slices_[index].slice;
    auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& l) { return l.free <= slice.from; });
    if (lane == lanes.end())
      lane = lanes.insert(lane, {{}, writer.add_track(process, place.title(), place.rank)});
    lane->free = slice.to;
    write_slice(writer, lane->track, slice);
  }
}

std::string Spans::write(sim::SimTime end) {
  PerfettoWriter writer;
  std::vector<std::vector<std::uint32_t>> by_place(places_.size());
  for (std::uint32_t i = 0; i < slices_.size(); ++i) {
    if (!slices_[i].used) continue;
    Slice& slice = slices_[i].slice;
    if (slice.to == sim::SimTime::max()) slice.to = std::max(end, slice.from);
    if (slice.to < from_) continue;
    by_place[static_cast<std::size_t>(slice.place)].push_back(i);
  }
  // By begin; of those that begin together the longer first, then the earlier found.
  for (auto& slices : by_place) {
    std::stable_sort(slices.begin(), slices.end(), [&](std::uint32_t a, std::uint32_t b) {
      const Slice& x = slices_[a].slice;
      const Slice& y = slices_[b].slice;
      return x.from != y.from ? x.from < y.from : x.to > y.to;
    });
  }
  std::vector<std::size_t> order(places_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(places_[a].process, places_[a].rank) < std::pair(places_[b].process, places_[b].rank);
  });
  std::vector<Track> tracks;
  for (const std::string& name : processes_) tracks.push_back(writer.add_process(name));
  for (const std::size_t p : order) {
    if (!by_place[p].empty())
      write_place(writer, tracks[static_cast<std::size_t>(places_[p].process)], places_[p], by_place[p]);
  }
  for (const Counter& counter : counters_) {
    const Track track = writer.add_counter(tracks[static_cast<std::size_t>(counter.process)], counter.name,
                                           counter.unit, counter.rank);
    for (const auto& [at, value] : counter.values) writer.count(track, clipped(at), value);
  }
  return writer.take();
}

}  // namespace brokersim::trace
