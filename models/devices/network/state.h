// The network's own records: parcels, chunks under way, holes, flows, connection ends, cards. Private to this folder.
//
// A parcel is a message. The card sends it in chunks of at most one quantum, each as much as the window allows; a
// chunk travels as one, and is what is acknowledged, lost or dropped. A small message is one chunk.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/network/congestion.h"
#include "models/devices/network/impairment.h"
#include "models/devices/network/line.h"
#include "models/devices/network/network.h"
#include "models/devices/network/topology.h"
#include "models/devices/network/wire.h"
#include "sim/component.h"

namespace brokersim::network {

inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFFu;

struct Parcel;

/// Payload on its way, until it has both arrived and been acknowledged.
struct Chunk {
  std::int64_t bytes = 0;  // payload
  std::int64_t lost = 0;   // of these, never came; a hole stands for them
  std::int64_t wire = 0;
  std::int64_t end = 0;             // place of its last byte in the flow
  sim::SimTime sent;                // last bit leaves the sender
  sim::SimTime arrival;             // last bit reaches the receiver's card, if that is idle
  sim::SimTime ack;                 // its first segment's acknowledgement is back; max(): it never will be
  sim::Duration lead;               // from the first segment's last bit to the chunk's last bit
  sim::EventHandle event;           // arrival of a chunk that ends no message; or of a trunk
  Parcel* parcel = nullptr;         // null once that has gone
  std::uint32_t sender = kNoIndex;  // end
  std::uint32_t hop = 0;            // the next limited trunk
  bool last = false;                // of its parcel
  bool arrived = false;
  bool acked = false;
  Chunk* next = nullptr;
  Chunk* previous = nullptr;
};

/// A message, or the end of a flow, on its way.
struct Parcel {
  enum class Stage : std::uint8_t {
    unsent,   // not wholly handed to the card
    on_way,   // the card has it or had it; an arrival event is scheduled
    held,     // it is there, but something before it was lost
    arrived,  // the receiving card is working it off; a delivery event is scheduled
  };
  enum class Kind : std::uint8_t { data, closed, reset };

  std::unique_ptr<Message> message;  // data only
  sim::Bytes size;                   // payload
  std::int64_t left = 0;             // payload not yet given to the card
  std::int64_t end = 0;              // place of its last byte in the flow, once all is with the card
  Chunk* chunk = nullptr;            // its last one, while that is under way
  sim::SimTime sent;                 // last bit leaves the sender
  sim::SimTime arrival;              // last bit is in, if the receiving card is idle
  sim::EventHandle event;
  Kind kind = Kind::data;
  Stage stage = Stage::unsent;
  Parcel* next = nullptr;
};

/// Made once and used again: no heap calls in the steady state.
template <class T>
class Pool {
 public:
  [[nodiscard]] T* take() {
    T* item = free_;
    if (item == nullptr) {
      item = &all_.emplace_back();
    } else {
      free_ = item->next;
      *item = T{};
    }
    ++in_use_;
    return item;
  }
  void release(T* item) {
    if constexpr (requires { item->message; }) item->message.reset();
    item->next = free_;
    free_ = item;
    --in_use_;
  }
  [[nodiscard]] std::size_t in_use() const { return in_use_; }

 private:
  std::deque<T> all_;
  T* free_ = nullptr;
  std::size_t in_use_ = 0;
};

/// Bytes that were lost and have not come again. Nothing behind them is delivered.
struct Hole {
  std::int64_t place = 0;   // of its first segment's last byte in the flow
  std::int64_t bytes = 0;   // still missing
  std::int64_t on_way = 0;  // of these, sent again and under way
  std::int64_t filled = 0;  // came, but the sender does not know yet
  sim::SimTime sent;        // when they were sent first
  sim::SimTime resent;      // and last
  sim::SimTime due;         // on_way is there
  sim::SimTime known_at;    // filled is acknowledged
  sim::SimTime not_before;  // lost again: the timeout
  bool found = false;       // the sender knows, and they are not in flight any more
  bool again = false;       // what was sent again is lost too
};

/// What one end has sent and the other has not yet got, oldest first; and TCP's state for it.
struct Flow {
  Parcel* head = nullptr;
  Parcel* tail = nullptr;
  Parcel* arriving = nullptr;  // the first that has not arrived
  Parcel* unsent = nullptr;    // the first with Stage::unsent; all behind it are too
  Chunk* chunks = nullptr;     // under way or not acknowledged, oldest first
  Chunk* chunks_tail = nullptr;
  sim::SimTime last_sent;      // of the last parcel the card had
  sim::SimTime last_arrival;   // nothing arrives before
  sim::SimTime last_delivery;  // nothing is delivered before
  sim::SimTime shaper_free;    // the limit of one connection lets more pass
  sim::Bytes unacknowledged;   // payload given to send() and not delivered; kept when parcels are dropped
  bool ends = false;           // the last parcel closes the connection
  bool waiting = false;        // in the card's list of turns
  bool in_service = false;     // the card is sending a part of it
  std::uint32_t turn_next = kNoIndex;  // neighbours in the list of turns: end indices
  std::uint32_t turn_previous = kNoIndex;

  // TCP.
  Congestion congestion;
  std::int64_t window_max = 0;  // the smaller of the sender's and the receiver's buffer
  std::int64_t receive_buffer = 0;
  std::int64_t in_flight = 0;     // payload sent, neither acknowledged nor found lost
  std::int64_t sent_bytes = 0;    // place of the last byte given to the card
  std::int64_t acked_to = 0;      // the highest place acknowledged, holes or not
  std::int64_t delivered_to = 0;  // place of the last byte the other process has got
  std::int64_t peak = 0;          // most in flight in this round, and in the one before
  std::int64_t peak_before = 0;
  std::int64_t round_end = 0;
  std::int64_t recovery_end = 0;  // losses before this place belong to one reduction of the window
  std::uint64_t chunks_sent = 0;  // ordinal of draws
  std::int64_t segments_sent = 0;
  sim::Duration round_trip;  // smoothed; 0: not measured
  sim::Duration round_trip_variance;
  sim::EventHandle window_event;  // the window opens
  bool awaits_reader = false;     // a process that does not read has filled its receive buffer
  std::int64_t read_to = -1;      // the other program reads no further than this place; negative: it reads
  std::vector<Hole> holes;        // in order of place; usually none
  sim::EventHandle loss_event;    // the next thing to do about them
  sim::SimTime loss_at;
  std::uint64_t resent = 0;     // ordinal of draws
  sim::SimTime newest_acked;    // when the latest of what was acknowledged left the card
  sim::SimTime last_chunk;      // the last one left the card
  int timeouts = 0;             // retransmission timeouts in a row
  bool timed_out = false;       // holes first, nothing new
  bool recovering = false;      // from a loss that acknowledgements or a probe have told of: PRR
  std::int64_t credit = 0;      // while recovering: what may be sent for what has been delivered
  std::int64_t last_came = 0;   // payload of the last chunk acknowledged
  bool deaf = false;            // acknowledgements are lost on the way: the way back is cut
  sim::EventHandle deaf_event;  // and the retransmission timer fires

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
  SocketOptions options;
  bool reset_pending = false;
  std::uint32_t next = kNoIndex;  // neighbours in the host's list of ends, oldest first
  std::uint32_t previous = kNoIndex;

  [[nodiscard]] bool alive() const { return state != State::none && state != State::closed; }
};

struct Connection {
  End ends[2];
  std::uint32_t generation = 0;
  bool used = false;
  bool forgotten = false;             // a middlebox has lost its state: silence both ways, for good
  std::int64_t segment = kSegment.n;  // payload of a full one
  std::uint64_t ordinal = 0;          // of the connections of the calling host, for draws
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
  SocketOptions options;
  std::int32_t waiting = 0;  // accepted by the kernel while the process stood still
};

/// A fault on a pair of hosts, one direction.
struct Active {
  ImpairmentId id;
  Impairment what;
};
struct PairState {
  std::vector<Active> active;
  Impairment total;
  sim::SimTime free;  // of its bandwidth cap
  void sum_up();
};

/// Directed, and of one port (of the called side) or all.
struct Cut {
  std::uint32_t times = 0;
  std::int64_t held = 0;  // flows and SYNs that met it
};
struct CutKey {
  HostId from;
  HostId to;
  Port port;  // 0: all
  [[nodiscard]] constexpr auto operator<=>(const CutKey&) const = default;
};

/// A queue for one line: a switch port, a trunk. First in, first out; what does not fit is dropped.
struct Queue {
  Line line;
  sim::Bytes buffer;         // 0: no limit
  sim::SimTime free;         // all that has come is worked off
  std::int64_t dropped = 0;  // wire bytes

  struct Passage {
    sim::SimTime done;
    std::int64_t dropped = 0;  // wire bytes of the tail that did not fit
  };
  /// Books `wire` bytes whose last bit comes now.
  [[nodiscard]] Passage pass(sim::SimTime now, std::int64_t wire);
};

/// One direction of a trunk of limited capacity.
struct TrunkState {
  TrunkState(sim::Simulation& sim, const Trunk& trunk)
      : component(sim, "trunk/" + trunk.name), queue{Line(trunk.bandwidth), trunk.buffer, {}, 0} {}
  sim::Component component;
  Queue queue;
  sim::Bytes bytes;
};

/// A host as the network sees it: its card, its sockets.
struct Machine {
  Machine(sim::Simulation& sim, HostId id_in, std::string name_in, const NicConfig& nic_in);

  HostId id;
  std::string name;
  sim::Component component;  // "host/<name>/nic": the card and the kernel's TCP; never paused
  NicConfig nic;
  sim::Duration quantum_time;
  bool up = true;
  std::uint32_t cuts_out = 0;  // directed pairs cut from here; usually 0, so that most sends look no further
  std::uint32_t impaired_out = 0;
  std::uint32_t refusals = 0;  // faults that refuse new connections to it
  std::uint32_t deafness = 0;  // faults that drop its SYNs
  std::int64_t turned_away = 0;
  std::vector<std::int32_t> slowness;  // percent of faults that hold the card down
  void set_speed();

  // Egress: what is committed, and the connections that take turns.
  Line out;
  sim::SimTime out_free;
  sim::EventHandle egress;  // pending while anything takes turns
  std::uint32_t turns_head = kNoIndex;
  std::uint32_t turns_tail = kNoIndex;
  std::uint32_t in_service = kNoIndex;

  Queue in;  // the switch port towards the card, and the card

  std::uint32_t ends_head = kNoIndex;
  std::uint32_t ends_tail = kNoIndex;
  std::uint64_t connects = 0;
  std::map<Port, Listener> listeners;
  Traffic traffic;
};

}  // namespace brokersim::network
