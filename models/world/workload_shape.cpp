#include "models/world/workload_shape.h"

#include <string>
#include <utility>

#include "models/kafka/java_hash.h"
#include "models/world/config.h"
#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::world {

namespace {

/// Every key is hashed once; each table takes the remainder.
void add_tables(history::RecordLaw& law, const std::vector<std::int32_t>& partitions) {
  const std::int64_t count = law.names().count;
  std::vector<std::int32_t> hashes;
  hashes.reserve(static_cast<std::size_t>(count));
  for (std::int64_t key = 0; key < count; ++key)
    hashes.push_back(kafka::murmur2(law.names().text(key)) & 0x7FFFFFFF);
  for (const std::int32_t n : partitions) {
    std::vector<std::int32_t> partition_of(hashes.size());
    for (std::size_t key = 0; key < hashes.size(); ++key) partition_of[key] = hashes[key] % n;
    law.add_table(std::move(partition_of), n);
  }
}

}  // namespace

std::shared_ptr<history::RecordLaw> make_law(const ProducerWorkload& workload, std::uint64_t seed,
                                             const std::vector<std::int32_t>& partitions) {
  SIM_CHECK(!partitions.empty());
  if (workload.shape == nullptr || !workload.shape->needs_law()) return nullptr;
  const WorkloadShape& shape = *workload.shape;
  auto law = std::make_shared<history::RecordLaw>(sim::combine(sim::hash_name(workload.name), seed),
                                                  workload.record_size.n);
  const bool listed_keys = shape.trace && !shape.trace->keys.empty();
  if (listed_keys) {
    const auto count = static_cast<std::int64_t>(shape.trace->keys.size());
    law->set_keys({count, "", 0, shape.trace->keys}, std::vector<std::uint64_t>(shape.trace->keys.size(), 1));
    law->list_keys();
  } else if (shape.keys) {
    law->set_keys(shape.keys->names,
                  history::key_weights(shape.keys->names.count, shape.keys->exponent, shape.keys->hot));
  }
  const bool ignores =
      workload.config.partitioner_ignore_keys || workload.config.partitioner != kafka::Partitioner::built_in;
  if (law->keyed()) {
    if (ignores) {
      law->ignore_keys();
      law->add_table(std::vector<std::int32_t>(static_cast<std::size_t>(law->names().count), 0), 1);
    } else {
      add_tables(*law, partitions);
    }
  }
  if (shape.trace && shape.trace->sizes) law->list_sizes();
  if (shape.sizes) law->set_sizes(*shape.sizes);
  law->set_tombstones(workload.keys.tombstone_permille, workload.keys.seed);
  return law;
}

}  // namespace brokersim::world
