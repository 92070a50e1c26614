#include "models/devices/host/garbage_collector.h"

#include <utility>

#include "models/devices/host/host.h"

namespace brokersim::host {

GarbageCollector::GarbageCollector(Host& host, std::string program, const compute::JvmConfig& config,
                                   std::uint64_t life, sim::Component& hardware,
                                   const sim::Component& software)
    : host_(host),
      program_(std::move(program)),
      hardware_(hardware),
      draws_(software, config, life),
      kinds_(draws_.kinds()) {
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) plan(kind);
}

void GarbageCollector::stop() {
  for (Kind& kind : kinds_) hardware_.cancel(kind.event);
}

void GarbageCollector::plan(std::size_t kind) {
  kinds_[kind].event = hardware_.after(draws_.gap(kind, kinds_[kind].next), "gc.begin",
                                       sim::bind<&GarbageCollector::begin>(this, kind));
}

void GarbageCollector::begin(std::uint64_t kind) {
  ++pauses_;
  ++under_way_;
  static_cast<void>(host_.stop_world(program_));  // without effect if another pause is under way
  kinds_[kind].event = hardware_.after(draws_.length(kind, kinds_[kind].next), "gc.end",
                                       sim::bind<&GarbageCollector::end>(this, kind));
}

void GarbageCollector::end(std::uint64_t kind) {
  --under_way_;
  if (under_way_ == 0) static_cast<void>(host_.resume_world(program_));
  ++kinds_[kind].next;
  plan(kind);
}

}  // namespace brokersim::host
