#include "sim/recorder.h"

#include <algorithm>
#include <utility>

namespace brokersim::sim {

namespace {
constexpr std::size_t kStreamNamesMax = 1'000'000;
constexpr std::size_t kOutsideMax = 1'000'000;
}  // namespace

std::uint32_t Recorder::number_of(const std::string& component) {
  const auto [found, is_new] = numbers_.try_emplace(component, static_cast<std::uint32_t>(paths_.size()));
  if (is_new) paths_.push_back(component);
  return found->second;
}

void Recorder::remember(std::uint64_t key, StreamName name) {
  if (keeping_ || streams_.size() < kStreamNamesMax) streams_.try_emplace(key, std::move(name));
}

std::string Recorder::stream_name(std::uint64_t key) const {
  std::string objects;
  std::uint64_t at = key;
  for (;;) {
    const auto found = streams_.find(at);
    if (found == streams_.end()) return "stream " + hex16(at) + objects;
    const StreamName& name = found->second;
    if (!name.is_child) {
      const auto path = path_of_hash_.find(name.above);
      return (path == path_of_hash_.end() ? "component " + hex16(name.above) : path->second) + " \"" +
             name.purpose + "\"" + objects;
    }
    objects = " [" + std::to_string(name.object) + "]" + objects;
    at = name.above;
  }
}

void Recorder::on_component(std::uint64_t path_hash, const std::string& path) {
  path_of_hash_.try_emplace(path_hash, path);
}

void Recorder::on_schedule(std::uint32_t slot) {
  if (slot >= by_slot_.size()) by_slot_.resize(std::max<std::size_t>(slot + 1, 2 * by_slot_.size()));
  by_slot_[slot] = running_;
}

void Recorder::on_begin(std::uint32_t slot, std::uint64_t index, SimTime time, const std::string& component,
                        const char* kind) {
  // An event scheduled before the recorder was there has no known cause.
  const Ancestry above = slot < by_slot_.size() ? by_slot_[slot] : Ancestry{};
  running_an_event_ = true;
  keeping_ = index >= from_ && index - from_ < count_;
  if (keeping_) {
    RecordedEvent event;
    event.index = index;
    event.time = time;
    event.component = component;
    event.kind = kind;
    for (const Cause& cause : above) {
      if (cause.exists()) event.causes.push_back(cause);
    }
    events_.push_back(std::move(event));
  }
  running_[0] = {index, time, number_of(component), kind};
  std::copy(above.begin(), above.end() - 1, running_.begin() + 1);
}

void Recorder::on_end() {
  running_an_event_ = false;
  keeping_ = false;
  running_ = {};
}

void Recorder::on_stream(std::uint64_t key, std::uint64_t path_hash, std::string_view purpose) {
  remember(key, {.is_child = false, .above = path_hash, .object = 0, .purpose = std::string(purpose)});
}

void Recorder::on_child(std::uint64_t key, std::uint64_t parent, std::uint64_t object) {
  remember(key, {.is_child = true, .above = parent, .object = object, .purpose = {}});
}

void Recorder::on_draw(std::uint64_t key, std::uint64_t ordinal, std::uint64_t value) {
  if (keeping_) {
    events_.back().draws.push_back({key, ordinal, value});
  } else if (!running_an_event_ && outside_.size() < kOutsideMax) {
    outside_.push_back({key, ordinal, value});
  }
}

}  // namespace brokersim::sim
