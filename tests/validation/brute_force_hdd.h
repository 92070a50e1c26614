// A hard disk simulated by walking over its tracks and sectors: written for the demerit rows, apart from the model.
//
// It lists every track (cylinder, sectors, first sector, angle of its first sector), moves the arm, and then turns the
// platter sector by sector until the wanted one comes. Times are floating-point milliseconds.
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::validation {

struct TraceRequest {
  double at_ms = 0;
  bool write = false;
  std::int64_t sector = 0;
  std::int64_t count = 0;
};

struct BruteForceDrive {
  struct Zone {
    std::int64_t cylinders = 0;
    std::int64_t per_track = 0;
  };
  std::vector<Zone> zones;
  int heads = 10;
  double rpm = 7'200;
  double skew = 0.141669;  ///< Revolutions.
  double overhead_ms = 0.1;
  double settle_ms = 0.8;
  // Seek: a + b sqrt(d) below the knee, c + e d above, in milliseconds.
  double knee = 0;
  double a = 0;
  double b = 0;
  double c = 0;
  double e = 0;
};

/// Response times in ms, by request. Shortest access first among all that have arrived if `shortest`, else in order.
std::vector<double> brute_force(const BruteForceDrive& drive, const std::vector<TraceRequest>& trace,
                                bool shortest);

}  // namespace brokersim::validation
