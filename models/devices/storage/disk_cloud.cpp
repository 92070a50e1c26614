// A cloud volume as a disk: writes are durable when acknowledged, a flush is free (device-models.md 2.4, 2.7).
#include "models/devices/storage/disk.h"

namespace brokersim::storage {

void Disk::time_cloud(Request& request) {
  request.start = now();
  request.done_at = now();
  if (request.io.kind == IoKind::flush) {
    if (is_volatile()) request.done_at = now() + slowed(config_.flush_latency);
    return;
  }
  request.done_at =
      volume_->serve(request.io.position.n, request.io.length, request.id, now(), slow_percent_);
  request.destaged_at = request.done_at;
}

}  // namespace brokersim::storage
