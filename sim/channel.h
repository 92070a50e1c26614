// A typed queue between tasks of one process: first in, first out, for values and for those who wait.
//
// A value goes straight to the task that waits longest for one; a sender waits while the channel is full. Waking is an
// event at now(), so the order of wake-ups is the kernel's total order. Between processes use connections: what is in a
// channel dies with its process. In steady state nothing is allocated: the values are in a ring that grows to the
// largest number that was ever in it.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "sim/task.h"
#include "sim/wait_list.h"

namespace brokersim::sim {

/// T: movable. The channel outlives those who wait for it, or they wait for their timeout only.
template <class T>
class Channel {
 public:
  static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

  /// `name`: for reports of waiting tasks; a literal, or text that outlives the channel. `capacity`: values that it holds
  /// while nobody waits for one; 0 hands over only.
  explicit Channel(const char* name, std::size_t capacity = kUnbounded) : name_(name), capacity_(capacity) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  struct Receive {
    Channel* channel;
    Duration timeout;
    detail::Wakeup wakeup = {};
    std::optional<T> value = {};
    Receive* previous = nullptr;
    Receive* next = nullptr;
    detail::WaitList<Receive>* list = nullptr;

    Receive(Channel* c, Duration t) : channel(c), timeout(t) {}
    Receive(const Receive&) = delete;
    Receive& operator=(const Receive&) = delete;
    ~Receive() { detail::WaitList<Receive>::leave(this); }
    bool await_ready() {
      value = channel->try_receive();
      return value.has_value() || channel->closed_;
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
      if (!wakeup.suspend(frame, channel->name_, &detail::WaitList<Receive>::leave_any, this)) return;
      channel->receivers_.push_back(this);
      wakeup.give_up_after(timeout);
    }
    /// Nothing: the channel is closed and empty, the time is up, or the wait was cancelled.
    std::optional<T> await_resume() {
      if (wakeup.frame()) wakeup.resumed();
      detail::WaitList<Receive>::leave(this);
      return std::move(value);
    }
  };

  struct Send {
    Channel* channel;
    std::optional<T> value;
    bool sent = false;
    detail::Wakeup wakeup = {};
    Send* previous = nullptr;
    Send* next = nullptr;
    detail::WaitList<Send>* list = nullptr;

    Send(Channel* c, T v) : channel(c), value(std::move(v)) {}
    Send(const Send&) = delete;
    Send& operator=(const Send&) = delete;
    ~Send() { detail::WaitList<Send>::leave(this); }
    bool await_ready() {
      if (channel->closed_) return true;
      if (!channel->has_room()) return false;
      channel->put(std::move(*value));
      return sent = true;
    }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) {
      if (wakeup.suspend(frame, channel->name_, &detail::WaitList<Send>::leave_any, this))
        channel->senders_.push_back(this);
    }
    /// False: the channel was closed, or the wait was cancelled; the value is gone.
    bool await_resume() {
      if (wakeup.frame()) wakeup.resumed();
      return sent;
    }
  };

  /// `co_await channel.send(std::move(value))` waits for room. Name the value first (g++ 12.2).
  Send send(T value) { return {this, std::move(value)}; }
  /// `std::optional<T> value = co_await channel.receive();`
  [[nodiscard]] Receive receive() { return {this, Duration::max()}; }
  [[nodiscard]] Receive receive_for(Duration timeout) { return {this, timeout}; }

  /// From any handler. False if the channel is full or closed: then `value` is dropped.
  bool try_send(T value) {
    if (closed_ || !has_room()) return false;
    put(std::move(value));
    return true;
  }
  [[nodiscard]] std::optional<T> try_receive() {
    std::optional<T> value;
    if (count_ > 0) {
      value.emplace(std::move(*ring_[first_]));
      ring_[first_].reset();
      first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
      --count_;
    }
    // A sender that waits takes the free place, or hands over where there is none.
    if (Send* sender = value.has_value() || capacity_ == 0 ? senders_.pop_front() : nullptr) {
      if (value.has_value()) {
        put(std::move(*sender->value));
      } else {
        value.emplace(std::move(*sender->value));
      }
      sender->sent = true;
      sender->wakeup.grant("channel.sent");
    }
    return value;
  }
  /// Nothing can be sent any more; what is in it can still be received. Wakes all who wait.
  void close() {
    closed_ = true;
    while (Receive* receiver = receivers_.pop_front()) receiver->wakeup.grant("channel.closed");
    while (Send* sender = senders_.pop_front()) sender->wakeup.grant("channel.closed");
  }
  [[nodiscard]] bool closed() const { return closed_; }
  /// Values in the channel, those handed to a task that has not run yet not included.
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  [[nodiscard]] bool has_room() const { return !receivers_.empty() || count_ < capacity_; }
  void put(T value) {
    if (Receive* receiver = receivers_.pop_front()) {
      receiver->value.emplace(std::move(value));
      receiver->wakeup.grant("channel.received");
      return;
    }
    if (count_ == ring_.size()) grow();
    std::size_t last = first_ + count_;
    if (last >= ring_.size()) last -= ring_.size();
    ring_[last].emplace(std::move(value));
    ++count_;
  }
  void grow() {
    std::vector<std::optional<T>> larger(ring_.empty() ? 8 : 2 * ring_.size());
    for (std::size_t i = 0; i < count_; ++i) larger[i] = std::move(ring_[(first_ + i) % ring_.size()]);
    ring_ = std::move(larger);
    first_ = 0;
  }
  const char* name_;
  std::size_t capacity_;
  bool closed_ = false;
  std::vector<std::optional<T>> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  detail::WaitList<Receive> receivers_;
  detail::WaitList<Send> senders_;
};

}  // namespace brokersim::sim
