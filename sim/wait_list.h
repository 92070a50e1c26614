// The waiters of a signal, a channel or a resource, first come first served. Intrusive: no allocation.
#pragma once

namespace brokersim::sim::detail {

/// W has the members `W* previous`, `W* next` and `WaitList<W>* list` (null while it is in no list), and takes itself
/// out in its destructor.
template <class W>
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList() {
    for (W* w = head_; w != nullptr; w = w->next) w->list = nullptr;
  }
  [[nodiscard]] bool empty() const { return head_ == nullptr; }
  [[nodiscard]] W* front() const { return head_; }
  void push_back(W* w) {
    w->list = this;
    w->previous = tail_;
    w->next = nullptr;
    (tail_ != nullptr ? tail_->next : head_) = w;
    tail_ = w;
  }
  void remove(W* w) {
    w->list = nullptr;
    (w->previous != nullptr ? w->previous->next : head_) = w->next;
    (w->next != nullptr ? w->next->previous : tail_) = w->previous;
  }
  [[nodiscard]] W* pop_front() {
    W* w = head_;
    if (w != nullptr) remove(w);
    return w;
  }
  /// Takes `w` out of whatever list it is in.
  static void leave(W* w) {
    if (w->list != nullptr) w->list->remove(w);
  }
  static void leave_any(void* w) { leave(static_cast<W*>(w)); }

 private:
  W* head_ = nullptr;
  W* tail_ = nullptr;
};

}  // namespace brokersim::sim::detail
