// Starts a program again some time after it stopped itself: systemd's Restart=, a container platform.
//
// Belongs to no process, so that it outlives what it restarts. A program that somebody else has started since, or whose
// host is down when the time comes, is left alone (a booting host starts its services by itself).
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "models/devices/host/host.h"
#include "sim/component.h"

namespace brokersim::database {

class Supervisor {
 public:
  Supervisor(sim::Simulation& sim, const std::string& path) : component_(sim, path) {}

  void restart(host::Host& host, std::string program, sim::Duration after) {
    plans_.push_back({&host, std::move(program)});
    component_.after(after, "supervisor.restart",
                     sim::bind<&Supervisor::start>(this, static_cast<std::uint64_t>(plans_.size() - 1)));
  }
  [[nodiscard]] std::size_t restarts() const { return plans_.size(); }

 private:
  struct Plan {
    host::Host* host;
    std::string program;
  };
  void start(std::uint64_t plan) { static_cast<void>(plans_[plan].host->start(plans_[plan].program)); }

  sim::Component component_;
  std::deque<Plan> plans_;
};

}  // namespace brokersim::database
