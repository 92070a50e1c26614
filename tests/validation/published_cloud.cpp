#include "tests/validation/published.h"

namespace brokersim::validation {

std::vector<Row> published_cloud() {
  // "Exact": to the digits given.
  constexpr double exact = 0.02;
  constexpr PointKind identity = PointKind::identity;
  return {
      {.id = "EBS-1",
       .model = "gp2 bucket",
       .input = "100 GiB, load of 3,000 IOPS from a full bucket; then idle",
       .tolerance = "exact to the digits given",
       .source = "aws-ebs",
       .points = {near("burst", 2000, "s", exact, identity), near("refill", 18'000, "s", exact, identity)}},
      {.id = "EBS-2",
       .model = "gp2 bucket",
       .input = "33.33, 334 and 750 GiB",
       .tolerance = "exact to the digits given",
       .source = "aws-ebs",
       .points = {near("33.33 GiB burst", 1862, "s", 0.03, identity),
                  near("334 GiB burst", 2703, "s", exact, identity),
                  near("750 GiB burst", 7200, "s", exact, identity),
                  near("33.33 GiB refill", 54'000, "s", exact, identity),
                  near("334 GiB refill", 5389, "s", exact, identity),
                  near("750 GiB refill", 2400, "s", exact, identity)}},
      {.id = "EBS-3",
       .model = "gp2 throughput",
       .input = "500 GiB with credits",
       .tolerance = "exact to the digits given",
       .source = "aws-ebs",
       .points = {near("256 KiB", 1000, "IOPS", exact, identity),
                  near("256 KiB rate", 250, "MiB/s", exact, identity),
                  near("16 KiB", 3000, "IOPS", exact, identity)}},
      {.id = "EBS-4",
       .model = "st1 bucket",
       .input = "1, 2 and 12.5 TiB",
       .tolerance = "exact to the digits given",
       .source = "aws-ebs",
       .points = {near("1 TiB base", 40, "MiB/s", exact, identity),
                  near("1 TiB burst", 250, "MiB/s", exact, identity),
                  near("2 TiB base", 80, "MiB/s", exact, identity),
                  near("2 TiB burst", 500, "MiB/s", exact, identity),
                  near("12.5 TiB base", 500, "MiB/s", exact, identity),
                  near("12.5 TiB burst", 500, "MiB/s", exact, identity),
                  near("1 TiB drained after", 4993, "s", exact, identity)}},
      {.id = "EBS-5",
       .model = "cloud volume latency",
       .input = "2,300 B and fdatasync, one thread",
       .tolerance = "15 %",
       .source = "etcd-ebs",
       .points = {near("gp2 300 GiB mean", 1422, "us", 15, PointKind::calibration),
                  near("gp2 300 GiB p99", 2671, "us", 15),
                  near("gp2 300 GiB rate", 709, "IOPS", 15, PointKind::compared),
                  near("gp3 mean", 700, "us", 15, PointKind::calibration),
                  near("gp3 rate", 1105, "IOPS", 15, PointKind::calibration)}},
  };
}

}  // namespace brokersim::validation
