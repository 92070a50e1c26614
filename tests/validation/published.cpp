#include "tests/validation/published.h"

#include <array>
#include <string_view>
#include <utility>

namespace brokersim::validation {
namespace {

struct Area {
  std::string_view prefix;  // of the row ids
  const char* title;
  const char* pictures;
};
constexpr std::array kAreas{
    Area{"HDD", "Hard disks",
         "\n![seek curve](images/validation/hdd-seek.svg)\n![IOPS against queue "
         "depth](images/validation/hdd-queue-depth.svg)\n"
         "![throughput against number of append streams](images/validation/append-streams.svg)\n"},
    Area{"SSD", "Solid-state disks",
         "\n![IOPS against queue depth](images/validation/ssd-queue-depth.svg)\n"},
    Area{"EBS", "Cloud volumes",
         "\n![token bucket: burst and recovery](images/validation/token-bucket.svg)\n"},
    Area{"PC", "Page cache and write-back",
         "\n![dirty bytes and writer rate under overload, one "
         "writer](images/validation/dirty-throttling-1.svg)\n"
         "![the same with 16 writers](images/validation/dirty-throttling-16.svg)\n"},
    Area{"NET", "Network",
         "\n![time of one transfer against its size](images/validation/net-transfer.svg)\n"
         "\n![goodput of many senders into one port](images/validation/net-incast.svg)\n"},
    Area{"CPU", "Processors, codecs, garbage collection", ""},
    Area{"KFK", "Effects in a broker", ""},
    Area{"DUR", "Durability mathematics", ""},
    Area{"RARE", "Rare events", ""},
    Area{"STAT", "Statistics", ""},
};

const Area* area_of(std::string_view id) {
  for (const Area& area : kAreas) {
    if (id.substr(0, id.find('-')) == area.prefix) return &area;
  }
  return nullptr;
}

}  // namespace

std::vector<Row> published_rows() {
  std::vector<Row> all;
  for (std::vector<Row> part : {published_hdd(), published_ssd(), published_cloud(), published_page_cache(),
                                published_network(), published_compute(), published_statistics()}) {
    for (Row& row : part) all.push_back(std::move(row));
  }
  return all;
}

std::string area_title(const std::string& id) {
  const Area* area = area_of(id);
  return area == nullptr ? "Other" : area->title;
}

std::string area_pictures(const std::string& id) {
  const Area* area = area_of(id);
  return area == nullptr ? "" : area->pictures;
}

std::string sources_table() {
  return "| key | source |\n|---|---|\n"
         "| 970 | Samsung 970 PRO / 970 EVO Plus data sheets |\n"
         "| at-p4800x | AnandTech 11209 p.4 (Tallis 2017) tables 'Checking Intel's Numbers' |\n"
         "| aws-ebs | awsdocs/amazon-ec2-user-guide 2023-06 general-purpose.md, provisioned-iops.md, "
         "hdd-vols.md, ebs-volume-types.md, ebs-io-characteristics.md |\n"
         "| aws-inst | awsdocs/amazon-ec2-user-guide 2023-06 storage-optimized-instances.md |\n"
         "| bbdur | Backblaze cloud-storage-durability 2018 |\n"
         "| copysets | Cidon et al., ATC'13 |\n"
         "| derived | follows from the other constants of the row by the stated law or by simulation |\n"
         "| disksim4 | DiskSim 4.0 Reference Manual CMU-PDL-08-101, section 6 + B.5.2 |\n"
         "| es3 | Seagate Constellation ES.3 SAS manual rev B p.9 (manualsonline) |\n"
         "| etcd-ebs | besthub.dev etcd-on-EBS article (fio --fdatasync=1 --bs=2300) |\n"
         "| exosx16 | Seagate Exos X16 data sheet DS2011 |\n"
         "| iotune | iotune measurements of instance types shipped with Redpanda rpk |\n"
         "| kafka-docs | Apache Kafka operations docs (Java section) |\n"
         "| kafka7504 | issues.apache.org KAFKA-7504 |\n"
         "| kleppmann | martin.kleppmann.com 2017-01-26 |\n"
         "| linux-ra | Linux mm/readahead.c |\n"
         "| linux-vm | Linux mm/page-writeback.c (3.x), fs/fs-writeback.c writeback_chunk_size, "
         "Documentation/admin-guide/sysctl/vm.rst |\n"
         "| lzbench | github inikep/lzbench README (lzbench 2.0.1, EPYC 9554 3.1 GHz no turbo, silesia.tar) "
         "|\n"
         "| mathis | Mathis et al., CCR 27(3) 1997 |\n"
         "| ms2000 | Chung/Gray et al., Windows 2000 Disk IO Performance (MS Research 2000), table 9 |\n"
         "| nvmevirt | github snu-csl/nvmevirt ssd_config.h, ssd.c, conv_ftl.c, simple_ftl.c |\n"
         "| orensol | orensol.com 2009 EC2 RTT |\n"
         "| readahead-book | Wu, Linux demand readahead chapter (what-when-how topic-785ddfet p.254) |\n"
         "| rfc9438 | RFC 9438 (CUBIC) |\n"
         "| simgrid | SimGrid docs Models.rst / Configuring_SimGrid.rst @12a63c78 |\n"
         "| simgrid-disk | SimGrid docs tuto_disk/analysis (Lebre et al. CCGrid'15, hal-01197128; figshare "
         "1175156) |\n"
         "| smalldatum | smalldatum.blogspot.com 2026-01 'SSDs, power loss protection and fsync latency' "
         "(via engineered.at summary) |\n"
         "| tanel | tanelpoder.com using-pg-test-fsync 2025-05-27 (XFS) |\n"
         "| wa-xk | Xiang & Kurkoski arXiv:1110.4245 |\n"
         "| wd-disksim | github westerndigitalcorporation/DiskSim @dc21ab0 "
         "EXPERIMENTAL/Linux_64bit_LBA_20130807_Generic (G4_LBA_64bit_4T.model/.seeks/.layout, "
         "dualseek_example/maxtor300g*, valid/cheetah9LP.seek, valid/runvalid) |\n"
         "| wrench | Do et al., CLUSTER'21 arXiv:2101.01335; raw data github "
         "big-data-lab-team/paper-io-simulation |\n"
         "| xkyle | xkyle.com AWS AZ latency |\n";
}

}  // namespace brokersim::validation
