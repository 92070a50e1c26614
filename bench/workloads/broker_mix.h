// Broker mix(C): what the events of a message broker look like to a kernel. C batches in flight, 12 events a batch.
//
// think (20 ms) - linger timer of 5 ms or full before it - network - request thread - append - two followers: fetch
// response, append, acknowledgement - client acknowledgement. Delays from 0.5 us to 20 ms. Three timers a batch: 5 ms
// linger, 500 ms in the broker's purgatory, 30 s request timeout; the last two are always cancelled here.
//
// Engine: Handle schedule(std::int64_t delay_ns, std::uint32_t batch, Step step); Handle set_timer(Timer, batch, step);
// void cancel(Handle&). Handles need a default. The engine calls BrokerMix::handle when an event is due.
#pragma once

#include <vector>

#include "bench/workloads/phold.h"

namespace workloads {

enum class Step : std::uint8_t {
  think,
  filled,
  lingered,
  arrived,
  handled,
  appended,
  fetched,
  copied,
  acked,
  done,
  late
};
enum class Timer : std::uint8_t { linger, purgatory, request };
constexpr std::int64_t kTimerNs[] = {5'000'000, 500'000'000, 30'000'000'000};

template <class Engine>
class BrokerMix {
 public:
  BrokerMix(Engine& engine, std::uint32_t batches) : engine_(engine), batches_(batches) {
    for (std::uint32_t i = 0; i < batches; ++i) {
      batches_[i].state = PholdRules::start(i);
      batches_[i].mix = this;
    }
  }
  void start() {
    for (std::uint32_t i = 0; i < batches_.size(); ++i) think(i);
  }
  /// A batch, for engines whose events have an object; handle_object() takes it.
  [[nodiscard]] void* object(std::uint32_t i) { return &batches_[i]; }
  static void handle_object(void* object, std::uint64_t step) {
    auto* batch = static_cast<Batch*>(object);
    batch->mix->handle(static_cast<std::uint32_t>(batch - batch->mix->batches_.data()),
                       static_cast<Step>(step));
  }
  void handle(std::uint32_t i, Step step) {
    Batch& b = batches_[i];
    ++events_;
    switch (step) {
      case Step::think: {
        b.timer[0] = engine_.set_timer(Timer::linger, i, Step::lingered);
        const std::uint64_t bits = next_bits(b.state);
        // Three batches of four are full within 50 us, the others after 3 to 7 ms.
        const std::int64_t fill =
            (bits >> 62) != 0 ? span(bits, 500, 50'000) : span(bits, 3'000'000, 7'000'000);
        b.fill = engine_.schedule(fill, i, Step::filled);
        break;
      }
      case Step::filled:
        engine_.cancel(b.timer[0]);
        send(i);
        break;
      case Step::lingered:
        engine_.cancel(b.fill);
        send(i);
        break;
      case Step::arrived: engine_.schedule(draw(b, 5'000, 20'000), i, Step::handled); break;
      case Step::handled: engine_.schedule(draw(b, 500, 3'000), i, Step::appended); break;
      case Step::appended:
        b.timer[1] = engine_.set_timer(Timer::purgatory, i, Step::late);
        b.acks = 0;
        engine_.schedule(draw(b, 50'000, 200'000), i, Step::fetched);
        engine_.schedule(draw(b, 50'000, 200'000), i, Step::fetched);
        break;
      case Step::fetched: engine_.schedule(draw(b, 500, 3'000), i, Step::copied); break;
      case Step::copied: engine_.schedule(draw(b, 50'000, 200'000), i, Step::acked); break;
      case Step::acked:
        if (++b.acks < 2) break;
        engine_.cancel(b.timer[1]);
        engine_.schedule(draw(b, 50'000, 200'000), i, Step::done);
        break;
      case Step::done:
        engine_.cancel(b.timer[2]);
        think(i);
        break;
      case Step::late: ++late_; break;
    }
  }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t checksum() const {
    std::uint64_t sum = late_;
    for (const Batch& b : batches_) sum = fold(sum, b.state);
    return sum;
  }

 private:
  using Handle = typename Engine::Handle;
  struct alignas(64) Batch {
    std::uint64_t state = 0;
    BrokerMix* mix = nullptr;
    std::uint32_t acks = 0;
    Handle fill = {};
    Handle timer[3] = {};
  };
  [[nodiscard]] static std::int64_t span(std::uint64_t bits, std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::int64_t>(uniform(bits & 0x7FFFFFFFu, high - low));
  }
  [[nodiscard]] static std::int64_t draw(Batch& b, std::uint32_t low, std::uint32_t high) {
    return span(next_bits(b.state), low, high);
  }
  void think(std::uint32_t i) {
    engine_.schedule(exponential_(static_cast<std::uint32_t>(next_bits(batches_[i].state))) / 50, i,
                     Step::think);
  }
  void send(std::uint32_t i) {
    Batch& b = batches_[i];
    b.timer[2] = engine_.set_timer(Timer::request, i, Step::late);
    engine_.schedule(draw(b, 50'000, 200'000), i, Step::arrived);
  }
  Engine& engine_;
  std::vector<Batch> batches_;
  Exponential exponential_;
  std::uint64_t events_ = 0;
  std::uint64_t late_ = 0;
};

}  // namespace workloads
