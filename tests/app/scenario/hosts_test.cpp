// Goal: machines, controllers and clients stand where the scenario says. Method: the typed configuration of
// the base scenario under single changes.
#include <gtest/gtest.h>

#include "app/scenario/limits.h"
#include "app/scenario/presets.h"
#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

const host::HostConfig& host_named(const Scenario& scenario, const std::string& name) {
  for (const host::HostConfig& host : scenario.config.hosts) {
    if (host.name == name) return host;
  }
  ADD_FAILURE() << "no host " << name;
  return scenario.config.hosts.front();
}

TEST(Hosts, AreNamedByGroupAndTakeZonesInTurn) {
  const Scenario s = sound({"/hosts/0/count=4"});
  EXPECT_EQ(host_named(s, "b-3").zone, "a");
  EXPECT_EQ(host_named(s, "b-2").zone, "c");
  EXPECT_EQ(host_named(s, "b-2").power_domain, "c") << "by default the zone";
  EXPECT_EQ(host_named(s, "b-2").group, "b");
  EXPECT_EQ(host_named(s, "b-2").boot_time, sim::Duration{30'000'000'000});
  EXPECT_EQ(host_named(sound({"/hosts/0/power_domain=hall"}), "b-1").power_domain, "hall");
}

TEST(Hosts, ControllersGetOneHostAZoneEachWithItsOwnPower) {
  const Scenario s = sound();
  EXPECT_EQ(s.config.clusters.at(0).controller_hosts,
            (std::vector<std::string>{"kafka-controller-0", "kafka-controller-1", "kafka-controller-2"}));
  EXPECT_EQ(host_named(s, "kafka-controller-1").zone, "b");
  EXPECT_EQ(host_named(s, "kafka-controller-1").power_domain, "kafka-controller-1");
  EXPECT_EQ(host_named(s, "kafka-controller-1").hardware.preset, "controller.default");
}

TEST(Hosts, CombinedModePutsControllersOnBrokers) {
  const Scenario s = sound({"/systems/kafka/controllers={\"count\": 1, \"on\": \"b\"}"});
  EXPECT_EQ(s.config.clusters.at(0).controller_hosts, std::vector<std::string>{"b-0"});
  EXPECT_EQ(s.config.hosts.size(), 4u) << "three brokers and a client";
  only_error({"/systems/kafka/controllers={\"count\": 5, \"on\": \"b\"}"}, "too-few-hosts",
             "/systems/kafka/controllers/count");
}

TEST(Hosts, ClientsGetAHostEachUnlessTold) {
  const Scenario own = sound({"/workloads/0/count=2"});
  EXPECT_EQ(own.config.producers.at(0).hosts, (std::vector<std::string>{"checkout-0", "checkout-1"}));
  EXPECT_EQ(host_named(own, "checkout-1").zone, "b");
  EXPECT_EQ(host_named(own, "checkout-1").hardware.preset, "client.default");
  const Scenario shared = sound({"/workloads/0/count=4", "/workloads/0/on=[\"b-2\", \"b-0\"]"});
  EXPECT_EQ(shared.config.producers.at(0).hosts, (std::vector<std::string>{"b-2", "b-0", "b-2", "b-0"}));
}

TEST(Hosts, UnknownAndDoubleNamesAreErrors) {
  EXPECT_EQ(only_error({"/systems/kafka/brokers_on=bb"}, "unknown-host", "/systems/kafka/brokers_on").hint,
            "did you mean \"b\"?");
  only_error({"/workloads/0/on=nowhere"}, "unknown-host", "/workloads/0/on");
  only_error({"/hosts/-={\"name\": \"b\"}"}, "duplicate-name", "/hosts/1/name");
  only_error({"/hosts/-={\"name\": \"checkout\"}"}, "duplicate-name", "/workloads/0");
  only_error({"/hosts/-={\"name\": \"a b\"}"}, "bad-name", "/hosts/1/name");
}

TEST(Hosts, TheLimitCountsEverybody) {
  EXPECT_EQ(sound({"/hosts/0/count=996"}).config.hosts.size(), static_cast<std::size_t>(limits::hosts));
  only_error({"/hosts/0/count=997"}, "too-many-hosts", "/workloads/0");
  only_error({"/hosts/0/count=1000000"}, "out-of-range", "/hosts/0/count");
  only_error({"/hosts/0/count=0"}, "out-of-range", "/hosts/0/count");
  only_error({"/hosts/0/count=-3"}, "out-of-range", "/hosts/0/count");
  only_error({"/hosts/0/count=1e300"}, "out-of-range", "/hosts/0/count");
  only_error({"/hosts/0/count=2.5"}, "wrong-type", "/hosts/0/count");
  only_error({"/hosts/0/count=\"3\""}, "wrong-type", "/hosts/0/count");
}

TEST(Hardware, PresetsAreTakenWhole) {
  const Scenario s = sound({"/hosts/0/hardware=li2014"});
  const host::HardwareConfig& hw = host_named(s, "b-0").hardware;
  EXPECT_EQ(hw.preset, "li2014");
  EXPECT_EQ(hw.disks.size(), 6u);
  EXPECT_EQ(hw.disks.at(0).kind, storage::DiskKind::hdd);
  EXPECT_EQ(hw.disks.at(0).write_bandwidth, sim::BytesPerSecond{137'000'000});
  EXPECT_FALSE(hw.disks.at(0).power_loss_protection);
  EXPECT_EQ(hw.nic.bandwidth, sim::BytesPerSecond{125'000'000});
  EXPECT_EQ(only_error({"/hosts/0/hardware=i3en.2xlage"}, "unknown-value", "/hosts/0/hardware").hint,
            "did you mean \"i3en.2xlarge\"?");
}

TEST(Hardware, ByHandReplacesParts) {
  const Scenario s = sound(
      {R"(/hosts/0/hardware={"preset": "i3en.2xlarge", "memory": "32 GiB", "nic": {"bandwidth": "1 Gb/s"},
    "disks": [{"preset": "generic.hdd", "count": 2, "volatile_cache": "0 B"}], "page_cache": {"dirty_limit": 40},
    "file_system": {"data": "writeback"}})"});
  const host::HardwareConfig& hw = host_named(s, "b-0").hardware;
  EXPECT_EQ(hw.preset, "") << "no longer the preset";
  EXPECT_EQ(hw.cpu.cores, 8) << "still the preset's";
  EXPECT_EQ(hw.memory, sim::Bytes{32ll << 30});
  EXPECT_EQ(hw.page_cache.memory, sim::Bytes{24ll << 30});
  EXPECT_EQ(hw.page_cache.dirty_limit, sim::Percent{40});
  EXPECT_EQ(hw.nic.bandwidth, sim::BytesPerSecond{125'000'000});
  ASSERT_EQ(hw.disks.size(), 2u);
  EXPECT_EQ(hw.disks.at(1).kind, storage::DiskKind::hdd);
  EXPECT_EQ(hw.disks.at(1).volatile_cache, sim::Bytes{0});
  EXPECT_EQ(hw.file_system.data, storage::JournalData::writeback);
  only_error({R"(/hosts/0/hardware={"page_cache": {"dirty_limit": 10}})"}, "out-of-range",
             "/hosts/0/hardware/page_cache/dirty_limit");
  only_error({R"(/hosts/0/hardware={"disks": []})"}, "empty-list", "/hosts/0/hardware/disks");
  only_error({R"(/hosts/0/hardware={"nic": {"bandwidth": "10 GB"}})"}, "wrong-unit",
             "/hosts/0/hardware/nic/bandwidth");
}

TEST(Presets, StateEveryFigureWithItsSource) {
  for (const Preset& preset : presets()) {
    EXPECT_EQ(find_preset(preset.name), &preset) << "names are unique";
    EXPECT_EQ(preset.hardware.preset, preset.name);
    EXPECT_FALSE(preset.hardware.disks.empty()) << preset.name;
    EXPECT_GE(preset.figures.size(), 8u) << preset.name << ": without drives of its own a machine has eight";
    EXPECT_LE(preset.hardware.page_cache.memory, preset.hardware.memory);
    for (const PresetFigure& figure : preset.figures) {
      EXPECT_FALSE(figure.source.empty()) << preset.name << " " << figure.name;
      EXPECT_NE(list_hardware().find(figure.source), std::string::npos);
    }
  }
  EXPECT_EQ(find_preset("i3en.9xlarge"), nullptr);
}

}  // namespace
}  // namespace brokersim::scenario
