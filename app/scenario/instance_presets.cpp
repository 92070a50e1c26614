// AWS instances with local NVMe drives, as a table.
//
// Cores, memory and drives: AWS EC2 user guide 2023-06, network: the same, baseline and burst. Rates of drives: what iotune
// measured on the instance, over its number of drives; where the reference has no measurement (12xlarge and up) or its
// authors doubt it (i4i.4xlarge and up, reads), those of the same drive in a smaller instance, or the specification.
#include "app/scenario/preset_maker.h"

namespace brokersim::scenario {
namespace {

using namespace preset_sources;

constexpr std::int64_t gb = 1'000'000'000;

struct Instance {
  const char* name;
  std::int32_t cores;
  std::int64_t memory_gib;
  std::size_t drives;
  std::int64_t drive_gb;
  std::int64_t read_bps, write_bps, read_iops, write_iops;  // of one drive
  std::int64_t net_mbit, burst_mbit;                        // burst 0: none
  bool graviton = false;                                    // one thread a core
  bool shares_budget = true;
};

constexpr Instance kInstances[] = {
    {"i3.2xlarge", 8, 61, 1, 1'900, 2'015'342'735, 808'775'652, 411'200, 181'500, 2'500, 10'000},
    {"i3en.large", 2, 16, 1, 1'250, 330'301'440, 165'675'008, 43'315, 33'177, 2'100, 25'000},
    {"i3en.xlarge", 4, 32, 1, 2'500, 666'894'336, 333'447'168, 84'480, 66'969, 4'200, 25'000},
    {"i3en.12xlarge", 48, 384, 4, 7'500, 2'043'674'624, 1'024'458'752, 257'024, 174'080, 50'000, 0},
    {"i3en.24xlarge", 96, 768, 8, 7'500, 2'043'674'624, 1'024'458'752, 257'024, 174'080, 100'000, 0},
    {"i4i.large", 2, 16, 1, 468, 352'041'984, 275'442'496, 50'203, 27'599, 781, 10'000},
    {"i4i.xlarge", 4, 32, 1, 937, 707'373'312, 552'871'552, 100'371, 55'269, 1'875, 10'000},
    {"i4i.2xlarge", 8, 64, 1, 1'875, 1'427'463'808, 1'113'520'256, 200'633, 110'542, 4'687, 12'000},
    {"i4i.4xlarge", 16, 128, 1, 3'750, 2'853'325'312, 2'259'740'160, 400'000, 221'201, 9'375, 25'000},
    {"i4i.8xlarge", 32, 256, 2, 3'750, 2'852'381'184, 2'259'728'896, 400'000, 221'197, 18'750, 0},
    {"i4i.16xlarge", 64, 512, 4, 3'750, 2'853'325'312, 2'259'740'160, 400'000, 220'000, 37'500, 0},
    {"i4i.32xlarge", 128, 1'024, 8, 3'750, 2'853'325'312, 2'259'740'160, 400'000, 220'000, 75'000, 0},
    {"is4gen.xlarge", 4, 24, 1, 3'750, 1'015'560'064, 502'173'344, 125'659, 100'404, 6'250, 25'000, true},
    {"is4gen.4xlarge", 16, 96, 2, 7'500, 2'066'062'080, 1'012'881'728, 251'058, 201'074, 25'000, 0, true},
    {"im4gn.4xlarge", 16, 64, 1, 7'500, 2'066'157'056, 1'012'886'080, 251'063, 201'088, 25'000, 0, true},
    {"m7gd.xlarge", 4, 16, 1, 237, 315'774'176, 150'679'296, 67'274, 33'676, 1'876, 12'500, true, false},
    {"m7gd.4xlarge", 16, 64, 1, 950, 1'263'357'056, 604'995'968, 269'588, 134'608, 7'500, 15'000, true,
     false},
};

std::string decimals(std::int64_t thousandths) {
  std::string text = std::to_string(thousandths / 1'000);
  if (thousandths % 1'000 != 0) {
    std::string rest = std::to_string(1'000 + thousandths % 1'000).substr(1);
    while (rest.back() == '0') rest.pop_back();
    text += "." + rest;
  }
  return text;
}

/// What the whole drive can take of which a small instance has a share: the best of its family.
std::int64_t whole_drive(const Instance& its) {
  const std::string_view name = its.name;
  const std::string_view family = name.substr(0, name.find('.'));
  std::int64_t best = 0;
  for (const Instance& other : kInstances) {
    if (std::string_view(other.name).substr(0, name.find('.')) == family && other.name[family.size()] == '.')
      best = std::max(best, other.read_bps);
  }
  return best;
}

Preset preset_of(const Instance& its) {
  storage::DiskConfig disk = with_write_buffer(
      protected_nvme(its.drive_gb * gb, its.read_bps, its.write_bps, its.read_iops, its.write_iops),
      whole_drive(its));
  disk.flash.shares_budget = its.shares_budget;
  PresetMaker maker(its.name, std::string("AWS ") + its.name + ": " + std::to_string(its.cores) + " vCPU, " +
                                  std::to_string(its.memory_gib) + " GiB, " + std::to_string(its.drives) +
                                  " x " + decimals(its.drive_gb) + " TB NVMe, " + decimals(its.net_mbit) +
                                  " Gb/s");
  maker.machine(its.cores, its.memory_gib << 30, aws_spec);
  if (!its.graviton) maker.hyperthreads(aws_spec);
  maker.speed(100, cost_machine)
      .nic(its.net_mbit * mbit, aws_net)
      .ec2(its.burst_mbit * mbit, aws_net)
      .disks(its.drives, disk, iotune, instance_latency, instance_plp);
  return maker.done();
}

}  // namespace

std::vector<Preset> instance_presets() {
  std::vector<Preset> presets;
  for (const Instance& instance : kInstances) presets.push_back(preset_of(instance));
  return presets;
}

}  // namespace brokersim::scenario
