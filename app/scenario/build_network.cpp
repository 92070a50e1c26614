// network: how far apart machines are, what links they share, and TCP.
#include "app/scenario/build.h"

namespace brokersim::scenario {
namespace {

using network::TrunkConfig;

std::optional<TrunkConfig> trunk(Document& doc, const View& view) {
  const auto level = view.text("level");
  const auto from = view.text("from");
  if (!level || !from) return std::nullopt;
  TrunkConfig trunk;
  trunk.level = *level == "rack"   ? TrunkConfig::Level::rack
                : *level == "zone" ? TrunkConfig::Level::zone
                                   : TrunkConfig::Level::region;
  trunk.from = *from;
  trunk.to = view.text("to").value_or("");
  if (trunk.level == TrunkConfig::Level::rack && view.has("to")) {
    doc.error(view.member("to"), "unexpected-field", "a rack has one uplink, to its zone", "leave out `to`");
    return std::nullopt;
  }
  if (trunk.level != TrunkConfig::Level::rack && !view.has("to")) {
    doc.error(view.node(), "missing-field", "a trunk between " + *level + "s needs `to`",
              "name its other end");
    return std::nullopt;
  }
  if (const auto latency = view.duration("latency")) trunk.latency = *latency;
  if (const auto bandwidth = view.quantity("bandwidth")) trunk.bandwidth = {*bandwidth};
  if (const auto buffer = view.quantity("buffer")) trunk.buffer = {*buffer};
  return trunk;
}

/// The delays must grow with the distance, or a route between two racks would be shorter than one within.
void check_distances(Document& doc, const View& view, const network::LatencyConfig& latency) {
  if (latency.same_rack > latency.same_zone)
    doc.error(view.place("same_rack"), "out-of-range", "same_rack is above same_zone");
  if (latency.same_zone > latency.cross_zone)
    doc.error(view.place("cross_zone"), "out-of-range", "cross_zone is below same_zone");
}

}  // namespace

void build_network(Document& doc, const View& view, world::Config& config) {
  network::LatencyConfig& latency = config.latency;
  if (const auto same_rack = view.duration("same_rack")) latency.same_rack = *same_rack;
  latency.cross_region = *view.duration("cross_region");
  latency.jitter_permille = static_cast<std::int32_t>(*view.integer("jitter_permille"));
  latency.stalls = *view.boolean("stalls");
  check_distances(doc, view, latency);
  sim::Duration farthest = latency.cross_zone;
  for (const NodeId node : view.elements("trunks")) {
    const auto made = trunk(doc, View(doc, node, *view.table().find("trunks")->table));
    if (!made) continue;
    const bool zones = made->level == TrunkConfig::Level::zone;
    if (zones && made->latency.ns >= 0 && made->latency < latency.same_zone)
      doc.error(node, "out-of-range", "a trunk between zones is shorter than the way within one");
    if (zones) farthest = std::max(farthest, made->latency);
    config.trunks.push_back(*made);
  }
  for (const TrunkConfig& each : config.trunks) {
    if (each.level == TrunkConfig::Level::region && each.latency.ns >= 0 && each.latency < farthest)
      doc.error(view.member("trunks"), "out-of-range",
                "a trunk between regions is shorter than the way between zones");
  }
  if (latency.cross_region < farthest) {
    // Only a mistake if there are several regions; the default of 35 ms may well be below an odd cross_zone.
    latency.cross_region = farthest;
    if (view.has("cross_region"))
      doc.error(view.member("cross_region"), "out-of-range", "cross_region is below the way between zones");
  }
  const View tcp = view.object("tcp");
  config.tcp.congestion_control = tcp.text("congestion_control") == "reno"
                                      ? network::CongestionControl::reno
                                      : network::CongestionControl::cubic;
  config.tcp.initial_window = static_cast<std::int32_t>(*tcp.integer("initial_window"));
  config.tcp.slow_start_after_idle = *tcp.boolean("slow_start_after_idle");
  config.tcp.tail_loss_probe = *tcp.boolean("tail_loss_probe");
  config.tcp.rto_min = *tcp.duration("rto_min");
  config.tcp.send_buffer = {*tcp.quantity("send_buffer")};
  config.tcp.receive_buffer = {*tcp.quantity("receive_buffer")};
}

}  // namespace brokersim::scenario
