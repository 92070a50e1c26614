#include "tests/validation/published.h"

namespace brokersim::validation {

std::vector<Row> published_network() {
  constexpr PointKind law = PointKind::law;
  constexpr PointKind identity = PointKind::identity;
  return {
      {.id = "NET-1",
       .model = "fluid network formula (LV08)",
       .input = "100 kB over a link of 10 ms and 1 Mb/s; models/analytic only",
       .tolerance = "exact to the digits given",
       .source = "simgrid",
       .points = {near("time", 0.996079, "s", 0.0001, identity)}},
      {.id = "NET-2",
       .model = "fluid network formula (CM02)",
       .input = "10 GB over 10 GB/s, gamma 4 MiB, by latency; models/analytic only",
       .tolerance = "exact to the digits given",
       .source = "simgrid",
       .points = {near("1e-5 s", 1.00001, "s", 0.001, identity), near("1e-3 s", 4.77, "s", 0.1, identity),
                  near("0.1 s", 476.94, "s", 0.01, identity)}},
      {.id = "NET-3",
       .model = "serialisation",
       .input = "1 MB over 10 Gb/s Ethernet",
       .tolerance = "1 %",
       .source = "derived",
       .points = {near("MTU 1500", 0.850, "ms", 1, law), near("MTU 9000", 0.808, "ms", 1, law)}},
      {.id = "NET-4",
       .model = "slow start",
       .input = "RTT 0.5 ms, 10 Gb/s, initial window of 10 segments; time after the request",
       .tolerance = "5 %",
       .source = "derived",
       .points = {near("10 kB", 0.26, "ms", 5, law), near("100 kB", 1.30, "ms", 5, law),
                  near("1 MB", 3.31, "ms", 5, law), near("10 MB", 10.5, "ms", 5, law)}},
      {.id = "NET-5",
       .model = "slow start",
       .input = "RTT 80 ms, 1 Gb/s",
       .tolerance = "5 %",
       .source = "derived",
       .points = {near("10 kB", 40, "ms", 5, law), near("100 kB", 200, "ms", 5, law),
                  near("1 MB", 528, "ms", 5, law), near("10 MB", 820, "ms", 5, law)}},
      {.id = "NET-6",
       .model = "random loss",
       .input = "MSS 1460, RTT 80 ms, long transfers",
       .tolerance = "1 %; Reno at p=1e-4 2 %, for windows are whole segments (what was asked for: 5 %)",
       .source = "mathis, rfc9438",
       .points = {near("Reno p=1e-4", 17.9, "Mbit/s", 2, law), near("Reno p=1e-6", 178.8, "Mbit/s", 1, law),
                  near("CUBIC p=1e-4", 23.1, "Mbit/s", 1, law), near("CUBIC p=1e-6", 732, "Mbit/s", 1, law)}},
      {.id = "NET-7",
       .model = "round trips in EC2",
       .input = "one way 150 us within a zone, 500 us across; 64 B there and back",
       .tolerance = "range",
       .source = "orensol, xkyle",
       .points = {between("same zone", 0.26, 0.41, "ms", PointKind::calibration),
                  between("across zones", 0.94, 1.13, "ms", PointKind::calibration),
                  between("all pairs of zones", 0.25, 3.37, "ms", PointKind::calibration)},
       .note =
           "The delays are chosen to lie in these ranges: the row shows that a round trip of the model is "
           "the delay twice and nothing else, not that the delays are right."},
  };
}

}  // namespace brokersim::validation
