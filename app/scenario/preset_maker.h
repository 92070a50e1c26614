// How hardware presets are put together: every setter takes the source beside the value.
//
// Why a header: machines by hand (presets.cpp) and tables of cloud instances (instance_presets.cpp) share it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "app/scenario/presets.h"
#include "app/scenario/quantity.h"
#include "models/devices/storage/config.h"

namespace brokersim::scenario {

namespace preset_sources {
inline constexpr const char* aws_spec = "AWS EC2 user guide, storage optimized instances (2023-06)";
inline constexpr const char* aws_net = "AWS EC2 user guide, instance network bandwidth, baseline (2023-06)";
inline constexpr const char* iotune =
    "iotune measurements shipped with Redpanda's rpk; the figure of the instance over its number of drives";
inline constexpr const char* instance_latency =
    "assumption, between the data sheets of Intel P4500 (115/20 us) and P4510 (77/18 us)";
inline constexpr const char* instance_plp =
    "16 KiB write and sync takes 12 to 58 us on cloud local NVMe (smalldatum.blogspot.com, 2026-01): "
    "power-loss protected";
inline constexpr const char* write_buffer =
    "assumption: of a data-centre drive's DRAM only a small amount holds host data, as its capacitors must "
    "save it (Micron, "
    "How Micron SSDs handle unexpected power loss); 4 to 64 MiB predict the same medians and throughputs "
    "within 1 %";
inline constexpr const char* write_buffer_rate =
    "the highest rate that iotune has measured of the whole drive, of which the instance may have a share";
inline constexpr const char* cost_machine =
    "assumption: as fast as the machine on which the cost constants were measured";
}  // namespace preset_sources

[[nodiscard]] inline std::string bandwidth_text(sim::BytesPerSecond v) {
  return format_quantity(v.n, Dimension::bandwidth);
}
[[nodiscard]] inline std::string size_text(sim::Bytes v) { return format_quantity(v.n, Dimension::size); }
[[nodiscard]] inline std::string duration_text(sim::Duration v) {
  return format_quantity(v.ns, Dimension::duration);
}

/// A megabit in bytes.
inline constexpr std::int64_t mbit = 1'000'000 / 8;

/// Collects a preset.
class PresetMaker {
 public:
  PresetMaker(std::string name, std::string summary);
  PresetMaker& machine(std::int32_t cores, std::int64_t memory, const char* source);
  PresetMaker& hyperthreads(const char* source);
  PresetMaker& speed(std::int32_t percent, const char* source);
  PresetMaker& nic(std::int64_t bytes_per_second, const char* source);
  /// What EC2 adds to a card: no connection outside a placement group is faster than 5 Gb/s, and small instances may run
  /// at `burst` bytes per second for a while (0: no). "5 to 60 minutes" (AWS): the bucket holds 5.
  PresetMaker& ec2(std::int64_t burst, const char* source);
  PresetMaker& disks(std::size_t count, const storage::DiskConfig& disk, const char* bandwidth_source,
                     const char* latency_source, const char* cache_source);
  Preset done() { return std::move(preset_); }

 private:
  void note(std::string name, std::string value, const char* source);

  Preset preset_;
};

/// A data-centre NVMe drive: bytes, bytes per second, operations per second; 90 us a read, 20 us a write.
/// A drive that answers from its protected buffer: a burst passes at `drive_bps`, what the whole drive can take, and the long
/// run at the instance's share of it.
[[nodiscard]] storage::DiskConfig with_write_buffer(storage::DiskConfig disk, std::int64_t drive_bps);
[[nodiscard]] storage::DiskConfig protected_nvme(std::int64_t capacity, std::int64_t read_bps,
                                                 std::int64_t write_bps, std::int64_t read_iops,
                                                 std::int64_t write_iops);

/// AWS instances with drives of their own, beside those of presets.cpp.
[[nodiscard]] std::vector<Preset> instance_presets();
/// Those without.
[[nodiscard]] std::vector<Preset> ebs_instance_presets();

}  // namespace brokersim::scenario
