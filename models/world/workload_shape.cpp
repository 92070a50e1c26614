#include "models/world/workload_shape.h"

#include <set>
#include <string>
#include <utility>

#include "models/kafka/client/transaction_load.h"
#include "models/kafka/java_hash.h"
#include "models/world/config.h"
#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::world {

namespace {

/// Every key is hashed once; each table takes the remainder.
void add_tables(history::RecordLaw& law, bool ignores_keys, const std::vector<std::int32_t>& partitions) {
  const std::int64_t count = law.names().count;
  if (ignores_keys) {
    law.ignore_keys();
    law.add_table(std::vector<std::int32_t>(static_cast<std::size_t>(count), 0), 1);
    return;
  }
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

bool ignores_keys(const kafka::ProducerConfig& config) {
  return config.partitioner_ignore_keys || config.partitioner != kafka::Partitioner::built_in;
}

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
  if (law->keyed()) add_tables(*law, ignores_keys(workload.config), partitions);
  if (shape.trace && shape.trace->sizes) law->list_sizes();
  if (shape.sizes) law->set_sizes(*shape.sizes);
  law->set_tombstones(workload.keys.tombstone_permille, workload.keys.seed);
  return law;
}

std::shared_ptr<history::RecordLaw> make_listed_law(history::KeyNames names, bool ignores_keys,
                                                    std::uint64_t seed, sim::Bytes record_size,
                                                    const std::vector<std::int32_t>& partitions) {
  SIM_CHECK(!partitions.empty());
  auto law = std::make_shared<history::RecordLaw>(seed, record_size.n);
  std::vector<std::uint64_t> alike(static_cast<std::size_t>(names.count), 1);
  law->set_keys(std::move(names), std::move(alike));
  law->list_keys();
  add_tables(*law, ignores_keys, partitions);
  return law;
}

std::optional<history::KeyNames> keys_of_accounts(const TransactionWorkload& workload) {
  history::KeyNames names;
  names.count = workload.accounts;
  names.prefix = kafka::client::kAccountPrefix;
  if (workload.accounts == 0) return std::nullopt;
  if (workload.record_size.n < names.text_bytes(names.count - 1) + kBesideKey) return std::nullopt;
  return names;
}

namespace {

/// Keys of the workloads that write to one topic.
class KeysInTopic {
 public:
  KeysInTopic(const Config& config, const std::string& cluster) : config_(config), cluster_(cluster) {}

  std::optional<history::KeyNames> of(const std::string& topic) {
    visit(topic);
    return differ_ ? std::nullopt : names_;
  }

 private:
  void visit(const std::string& topic) {
    if (!seen_.insert(topic).second) return;  // pipelines in a circle add nothing
    for (const ProducerWorkload& writer : config_.producers) {
      if (writer.cluster == cluster_ && writer.topic == topic) add(names_of(writer.shape));
    }
    for (const TransactionWorkload& writer : config_.transactions) {
      if (writer.cluster == cluster_ && writer.topic == topic)
        add(writer.accounts > 0 ? keys_of_accounts(writer) : names_of(writer.shape));
    }
    for (const PipelineWorkload& writer : config_.pipelines) {
      if (writer.cluster == cluster_ && writer.topic == topic) visit(writer.from);
    }
    const auto events = [&](const auto& workloads) {
      for (const auto& writer : workloads) {
        if (writer.cluster == cluster_ && writer.topic == topic) add(std::nullopt);
      }
    };
    events(config_.outbox_services);
    events(config_.outbox_publishers);
  }

  static std::optional<history::KeyNames> names_of(const std::shared_ptr<const WorkloadShape>& shape) {
    if (shape == nullptr) return std::nullopt;
    if (shape->trace && !shape->trace->keys.empty())
      return history::KeyNames{static_cast<std::int64_t>(shape->trace->keys.size()), "", 0,
                               shape->trace->keys};
    if (shape->keys) return shape->keys->names;
    return std::nullopt;
  }

  void add(const std::optional<history::KeyNames>& names) {
    const bool alike =
        names && (!names_ || (names_->prefix == names->prefix && names_->digits == names->digits &&
                              names_->listed == names->listed));
    if (!alike) {
      differ_ = true;
    } else if (!names_ || names_->count < names->count) {
      names_ = names;
    }
  }

  const Config& config_;
  const std::string& cluster_;
  std::set<std::string> seen_;
  std::optional<history::KeyNames> names_;
  bool differ_ = false;
};

}  // namespace

std::optional<history::KeyNames> keys_in(const Config& config, const std::string& cluster,
                                         const std::string& topic) {
  return KeysInTopic(config, cluster).of(topic);
}

}  // namespace brokersim::world
