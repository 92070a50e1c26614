// The network's own records: parcels under way, flows, connection ends, cards. Private to this folder.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/network/network.h"
#include "sim/component.h"

namespace brokersim::network {

inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFFu;

/// Line bytes a card serves before another connection has its turn: the head start of a large message over a
/// small one, 0.5 ms at 1 Gb/s. Deficit round robin wants at least the largest segment (64 KiB with TSO).
inline constexpr sim::Bytes kQuantum = {65'536};

/// A message, or the end of a flow, on its way.
struct Parcel {
  enum class Stage : std::uint8_t {
    unsent,   // not wholly handed to the card
    on_way,   // the card has it or had it; an arrival event is scheduled
    arrived,  // the receiving card is working it off; a delivery event is scheduled
  };
  enum class Kind : std::uint8_t { data, closed, reset };

  std::unique_ptr<Message> message;  // data only
  sim::Bytes size;                   // payload
  sim::Bytes wire_left;              // not yet given to the card
  sim::Bytes wire;                   // all of it; 0 for the end of a flow
  sim::Bytes last_chunk;             // given last, to take it back
  sim::SimTime started;              // first bit left the sender
  sim::SimTime in_free_at_start;     // the receiving card at that time (large messages only)
  sim::Duration in_work_at_start;
  sim::SimTime sent;     // last bit leaves the sender
  sim::SimTime arrival;  // last bit is in, if the receiving card is idle
  sim::EventHandle event;
  Kind kind = Kind::data;
  Stage stage = Stage::unsent;
  Parcel* next = nullptr;
};

/// Parcels are made once and used again: no heap calls in the steady state.
class ParcelPool {
 public:
  [[nodiscard]] Parcel* take() {
    Parcel* parcel = free_;
    if (parcel == nullptr) {
      parcel = &all_.emplace_back();
    } else {
      free_ = parcel->next;
      *parcel = Parcel{};
    }
    ++in_use_;
    return parcel;
  }
  void release(Parcel* parcel) {
    parcel->message.reset();
    parcel->next = free_;
    free_ = parcel;
    --in_use_;
  }
  [[nodiscard]] std::size_t in_use() const { return in_use_; }

 private:
  std::deque<Parcel> all_;
  Parcel* free_ = nullptr;
  std::size_t in_use_ = 0;
};

/// What one end has sent and the other has not yet got, oldest first.
struct Flow {
  Parcel* head = nullptr;
  Parcel* tail = nullptr;
  Parcel* arriving = nullptr;  // the first that has not arrived
  Parcel* unsent = nullptr;    // the first with Stage::unsent; all behind it are too
  sim::SimTime last_sent;      // of the last parcel the card had
  sim::SimTime last_arrival;   // nothing arrives before
  sim::SimTime last_delivery;  // nothing is delivered before
  sim::Bytes unacknowledged;   // payload given to send() and not delivered; kept when parcels are dropped
  bool ends = false;           // the last parcel closes the connection
  bool waiting = false;        // in the card's list of turns
  bool in_service = false;     // the card is sending a part of it
  std::uint32_t turn_next = kNoIndex;  // neighbours in the list of turns: end indices
  std::uint32_t turn_previous = kNoIndex;
  bool stalled = false;  // held: nothing is sent until a retransmission succeeds
  sim::SimTime first_lost;
  sim::EventHandle retransmit;
  sim::EventHandle give_up;
};

/// One end of a connection, index = 2 x connection + side; side 0 called connect().
struct End {
  enum class State : std::uint8_t { none, connecting, accepting, open, closed };

  State state = State::none;
  HostId host;
  sim::Component* owner = nullptr;
  Peer* peer = nullptr;
  Flow out;
  bool reset_pending = false;
  std::uint32_t next = kNoIndex;  // neighbours in the host's list of ends, oldest first
  std::uint32_t previous = kNoIndex;

  [[nodiscard]] bool alive() const { return state != State::none && state != State::closed; }
};

struct Connection {
  End ends[2];
  std::uint32_t generation = 0;
  bool used = false;
  // The handshake, side 0's.
  HostId to;
  Port port;
  sim::SimTime began;
  int attempt = 0;
  sim::EventHandle timeout;
  sim::EventHandle retry;
};

struct Listener {
  sim::Component* owner = nullptr;
  Peer* peer = nullptr;
};

/// A host as the network sees it: its card, its sockets.
struct Machine {
  Machine(sim::Simulation& sim, HostId id_in, std::string name_in, const NicConfig& nic)
      : id(id_in),
        name(std::move(name_in)),
        component(sim, "host/" + name + "/nic"),
        bandwidth(nic.bandwidth),
        quantum_time(sim::transfer_time(kQuantum, nic.bandwidth)) {}

  HostId id;
  std::string name;
  sim::Component component;  // "host/<name>/nic": the card and the kernel's TCP; never paused
  sim::BytesPerSecond bandwidth;
  sim::Duration quantum_time;
  bool up = true;
  std::uint32_t cuts_out = 0;  // directed pairs cut from here; usually 0, so that most sends look no further

  // Egress: what is committed, and the connections that take turns.
  sim::SimTime out_free;
  sim::EventHandle egress;  // pending while anything takes turns
  std::uint32_t turns_head = kNoIndex;
  std::uint32_t turns_tail = kNoIndex;
  std::uint32_t in_service = kNoIndex;

  // Ingress.
  sim::SimTime in_free;                // all that has arrived is worked off; its sum is traffic.ingress_busy
  sim::SimTime in_small_free;          // the messages of at most one quantum are
  std::vector<sim::SimTime> in_large;  // when each larger one waiting will be done

  std::uint32_t ends_head = kNoIndex;
  std::uint32_t ends_tail = kNoIndex;
  std::map<Port, Listener> listeners;
  Traffic traffic;
};

}  // namespace brokersim::network
