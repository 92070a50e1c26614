// Faults of the network.
#include "app/scenario/fault_tables.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

/// The two sides of a fault between hosts, then what it does.
std::vector<Field> sides(std::vector<Field> more, const char* one_way, bool stays = true) {
  std::vector<Field> fields = {
      {.name = "from",
       .type = one_of_or_list,
       .doc = "Side one.",
       .required = true,
       .variants = &target_variants()},
      {.name = "to",
       .type = one_of_or_list,
       .doc = "Side two. Default: everybody who is not on side one.",
       .variants = &target_variants()},
  };
  if (one_way != nullptr) {
    fields.push_back({.name = "shape",
                      .type = choice,
                      .doc = one_way,
                      .fallback = "full",
                      .choices = {"full", "one_way"}});
  }
  for (Field& field : more) fields.push_back(std::move(field));
  if (stays) fields.push_back(lasts_field());
  return fields;
}

Field ppm(const char* name, const char* doc) {
  return {.name = name, .type = integer, .doc = doc, .fallback = "0", .max = 1'000'000};
}

constexpr const char* one_way_doc = "full: both directions. one_way: only from side one to side two.";

}  // namespace

std::vector<const Table*> network_faults() {
  static const Table partition = fault_table(
      "partition", "The network holds back messages between two sides.",
      sides(
          {{.name = "port",
            .type = choice,
            .doc = "Only connections to brokers, or to controllers.",
            .fallback = "all",
            .choices = {"all", "brokers", "controllers"}},
           {.name = "then",
            .type = choice,
            .doc = "What was held comes with TCP's next retransmission, or at once, as from a clogged queue.",
            .fallback = "retransmission",
            .choices = {"retransmission", "at_once"}}},
          "full: nothing passes between the sides. one_way: nothing passes from side one to side two."),
      false);
  static const Table flapping = fault_table(
      "flapping_link", "The path between two sides goes down and up, in a rhythm.",
      sides({{.name = "down",
              .type = duration,
              .doc = "How long it is down.",
              .required = true,
              .min = ms,
              .max = day},
             {.name = "up", .type = duration, .doc = "Then up.", .required = true, .min = ms, .max = day}},
            one_way_doc),
      false);
  static const Table nic_down =
      fault_table("nic_down", "The host's network card has no link: cut from everybody.", {lasts_field()});
  static const Table loss = fault_table(
      "packet_loss",
      "Segments between two sides are lost or worse. Programs still hear everything once and in order, "
      "later.",
      sides({ppm("loss_ppm", "Segments lost, of a million."),
             ppm("corrupt_ppm",
                 "Segments damaged, of a million: the checksum finds them, so they are lost too."),
             ppm("duplicate_ppm", "Segments that come twice, of a million: they only take wire."),
             ppm("reorder_ppm", "Segments that come late, of a million, and hold up what is behind them."),
             {.name = "reorder_delay",
              .type = duration,
              .doc = "How late.",
              .fallback = "1 ms",
              .max = 10 * second}},
            one_way_doc),
      false);
  static const Table delay =
      fault_table("network_delay", "The way between two sides takes longer.",
                  sides({{.name = "delay",
                          .type = duration,
                          .doc = "Added to each way; the median, with jitter.",
                          .required = true,
                          .max = 60 * second},
                         {.name = "jitter_permille",
                          .type = integer,
                          .doc = "Sigma of the lognormal spread of `delay`, in permille.",
                          .fallback = "0",
                          .max = 2'000}},
                        one_way_doc),
                  false);
  static const Table cap = fault_table("bandwidth_cap", "The path of each pair of hosts is narrow.",
                                       sides({{.name = "bandwidth",
                                               .type = bandwidth,
                                               .doc = "Of each direction of each pair, on the wire.",
                                               .required = true,
                                               .min = 1'000,
                                               .max = bandwidth_max}},
                                             one_way_doc),
                                       false);
  static const Table black_hole =
      fault_table("mtu_black_hole", "Packets above a size vanish without a word: only small messages pass.",
                  sides({{.name = "mtu",
                          .type = integer,
                          .doc = "Largest IP packet that passes, in bytes.",
                          .fallback = "1400",
                          .min = 68,
                          .max = 9'216}},
                        one_way_doc),
                  false);
  static const Table resets =
      fault_table("reset_connections", "Every open connection between two sides is reset.",
                  sides({}, nullptr, false), false);
  static const Table forgotten = fault_table("forget_connections",
                                             "A middlebox forgets every open connection between two sides: "
                                             "what is sent on them vanishes, nobody is told.",
                                             sides({}, nullptr, false), false);
  static const Table refused =
      fault_table("refuse_connections", "The host takes no new connections; established ones go on.",
                  {{.name = "how",
                    .type = choice,
                    .doc = "refuse: answered with a reset. drop: not answered.",
                    .fallback = "refuse",
                    .choices = {"refuse", "drop"}},
                   lasts_field()});
  static const Table slow_nic = fault_table(
      "slow_nic", "The network card runs at a share of its rate.",
      {{.name = "percent", .type = integer, .doc = "Of its rate.", .required = true, .min = 1, .max = 100},
       lasts_field()});
  return {&partition,  &flapping, &nic_down,  &loss,    &delay,   &cap,
          &black_hole, &resets,   &forgotten, &refused, &slow_nic};
}

}  // namespace brokersim::scenario
