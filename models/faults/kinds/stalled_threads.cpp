// Threads of one pool of a broker stand still while the others go on: a partly live broker (gray failure).
//
// Pool "metadata": the one thread that applies committed metadata; roles, leaders and ISR stay as they were until it goes
// on, and what came in between is then one change (TopicDelta keeps only the last state of a partition).
// Pool "heartbeats": the one thread that tells the controller that the broker lives (BrokerLifecycleManager). Once its session
// is over the controller fences a broker that goes on serving and copying; it is unfenced with the first heartbeat again.
// A stalled thread finishes the request it has, so nothing is lost, and takes no other. Connections of a stalled network
// thread get no answers; heartbeats are a thread of their own and go on. A restart of the broker cures it.
// Exposure: requests the broker has read meanwhile; an effect if one of the pool's threads was there to be stalled.
#include <algorithm>

#include "models/faults/kinds/kinds.h"
#include "models/kafka/broker/broker_service.h"

namespace brokersim::faults::kinds {

namespace {

struct Stalled {
  host::Host* host = nullptr;
  std::string program;
  std::uint64_t incarnation = 0;
  std::uint64_t requests_before = 0;
};

kafka::broker::BrokerService* broker_of(const host::Host& host, const std::string& program) {
  return dynamic_cast<kafka::broker::BrokerService*>(host.service(program));
}

class Stall final : public Effect {
 public:
  Stall(Holds& holds, const Victims& victims, std::string pool, std::int32_t threads)
      : holds_(holds), pool_(std::move(pool)), threads_(threads) {
    for (const Victim& victim : victims.list) {
      for (const std::string& program : victim.programs) {
        kafka::broker::BrokerService* broker = broker_of(*victim.host, program);
        if (broker == nullptr) continue;
        stalled_.push_back(
            {victim.host, program, victim.host->incarnation(program), broker->server().counters().requests});
        set(stalled_.back(), threads_);
      }
    }
  }

  [[nodiscard]] bool holding() const override { return !stalled_.empty(); }
  [[nodiscard]] bool had_effect() const override { return !stalled_.empty(); }
  [[nodiscard]] std::int64_t count() const override {
    std::uint64_t sum = 0;
    for (const Stalled& one : stalled_) {
      if (one.host->incarnation(one.program) != one.incarnation) continue;
      const kafka::broker::BrokerService* broker = broker_of(*one.host, one.program);
      if (broker != nullptr) sum += broker->server().counters().requests - one.requests_before;
    }
    return static_cast<std::int64_t>(sum);
  }
  [[nodiscard]] bool release() override {
    for (const Stalled& one : stalled_) set(one, -threads_);
    return true;
  }

 private:
  void set(const Stalled& one, std::int32_t change) {
    kafka::broker::BrokerService* broker = broker_of(*one.host, one.program);
    if (broker == nullptr || one.host->incarnation(one.program) != one.incarnation) return;
    const std::int32_t threads = holds_.stalls.add(*one.host, one.incarnation, pool_, change);
    if (pool_ == "metadata") {
      broker->metadata_loop().set_stalled(threads > 0);
    } else if (pool_ == "heartbeats") {
      broker->set_heartbeats_stalled(threads > 0);
    } else if (pool_ == "request_handlers") {
      broker->server().handler_pool().set_stalled(threads);
    } else {
      broker->server().network_pool(false).set_stalled(threads);
      broker->server().network_pool(true).set_stalled(threads);
    }
  }

  Holds& holds_;
  std::string pool_;
  std::int32_t threads_;
  std::vector<Stalled> stalled_;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<Stall>(reach.holds, victims, fault.text("pool"),
                                 static_cast<std::int32_t>(fault.number("threads")));
}

}  // namespace

constinit const Kind stalled_threads{FaultKind::stalled_threads, "stalled_threads", "P9 C3", Stays::lasts,
                                     fire};

}  // namespace brokersim::faults::kinds
