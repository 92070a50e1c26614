// AWS instances without drives of their own, as a table: clients, and brokers on EBS volumes.
//
// Cores, memory and network, baseline and burst: AWS EC2 user guide (2023-05 and 2023-06). A volume of gp3 is attached, 500
// GiB; give `disks` for another. Not modelled: the instance's own limit on EBS bandwidth, so give no volume more than that.
#include "app/scenario/device_presets.h"
#include "app/scenario/preset_maker.h"

namespace brokersim::scenario {
namespace {

using namespace preset_sources;

constexpr const char* spec = "AWS EC2 user guide, instance types (2023-06)";
constexpr const char* older =
    "assumption: Broadwell, Haswell (2014 to 2016) or Zen 1 against the machine of the cost constants";

struct EbsInstance {
  const char* name;
  std::int32_t cores;
  std::int64_t memory_gib;
  std::int64_t net_mbit, burst_mbit;  // burst 0: none
  std::int32_t speed_percent = 100;
  bool graviton = false;  // one thread a core
};

constexpr EbsInstance kEbsInstances[] = {
    {"c5n.2xlarge", 8, 21, 10'000, 25'000},    {"c5n.9xlarge", 36, 96, 50'000, 0},
    {"c5.2xlarge", 8, 16, 2'500, 10'000},      {"c5.4xlarge", 16, 32, 5'000, 10'000},
    {"c4.4xlarge", 16, 30, 5'000, 10'000, 85}, {"c5a.xlarge", 4, 8, 1'250, 10'000},
    {"m5.large", 2, 8, 750, 10'000},           {"m5.xlarge", 4, 16, 1'250, 10'000},
    {"m5.2xlarge", 8, 32, 2'500, 10'000},      {"m5.4xlarge", 16, 64, 5'000, 10'000},
    {"m5a.xlarge", 4, 16, 1'250, 10'000, 85},  {"m7g.xlarge", 4, 16, 1'876, 12'500, 100, true},
    {"r5.2xlarge", 8, 64, 2'500, 10'000},      {"r6g.large", 2, 16, 750, 10'000, 100, true},
};

Preset ebs_preset_of(const EbsInstance& its) {
  PresetMaker maker(its.name, std::string("AWS ") + its.name + ": " + std::to_string(its.cores) + " vCPU, " +
                                  std::to_string(its.memory_gib) + " GiB, a gp3 volume, " +
                                  std::to_string(its.net_mbit) + " Mb/s");
  maker.machine(its.cores, its.memory_gib << 30, spec);
  if (!its.graviton) maker.hyperthreads(spec);
  maker.speed(its.speed_percent, its.speed_percent == 100 ? cost_machine : older)
      .nic(its.net_mbit * mbit, aws_net)
      .ec2(its.burst_mbit * mbit, aws_net);
  Preset preset = maker.done();
  preset.hardware.disks = {find_device("ebs-gp3")->disk};
  preset.figures.push_back({"disks", "1 x ebs-gp3", "assumption: attach what the machine has"});
  return preset;
}

}  // namespace

std::vector<Preset> ebs_instance_presets() {
  std::vector<Preset> presets;
  for (const EbsInstance& instance : kEbsInstances) presets.push_back(ebs_preset_of(instance));
  return presets;
}

}  // namespace brokersim::scenario
