#include "tests/validation/published.h"

namespace brokersim::validation {

std::vector<Row> published_compute() {
  return {
      {.id = "CPU-1",
       .model = "codec",
       .input = "lz4, batch of 1 MB, EPYC 9554",
       .tolerance = "5 %",
       .source = "lzbench",
       .points = {near("compress", 1.73, "ms", 5, PointKind::identity),
                  near("decompress", 0.27, "ms", 5, PointKind::identity),
                  near("size", 0.476, "MB", 5, PointKind::identity)}},
      {.id = "CPU-2",
       .model = "codec",
       .input = "gzip level 6, batch of 1 MB, EPYC 9554",
       .tolerance = "5 %",
       .source = "lzbench",
       .points = {near("compress", 39.5, "ms", 5, PointKind::identity),
                  near("decompress", 2.9, "ms", 5, PointKind::identity),
                  near("size", 0.322, "MB", 5, PointKind::identity)}},
      {.id = "CPU-3",
       .model = "garbage collection",
       .input = "Kafka, 6 GB heap, G1",
       .tolerance = "15 %; range",
       .source = "kafka-docs",
       .points = {near("p90 pause", 21, "ms", 15, PointKind::calibration),
                  between("young collections", 0, 1, "/s", PointKind::calibration)}},
      {.id = "KFK-1",
       .model = "cache pollution",
       .input = "a lagging consumer makes network threads read from the disk",
       .tolerance = "range",
       .source = "kafka7504",
       .points = {at_most("produce p99 before", 20, "ms", 20), between("produce p99 during", 50, 200, "ms")}},
  };
}

}  // namespace brokersim::validation
