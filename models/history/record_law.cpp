#include "models/history/record_law.h"

#include "models/history/keys.h"

namespace brokersim::history {

std::int64_t RecordLaw::key_of(ClientId, PartitionId, std::int64_t) const { return 0; }

std::int64_t lawful_key(const RecordLaw& law, ClientId producer, PartitionId partition,
                        std::int64_t ordinal) {
  return law.key_of(producer, partition, ordinal);
}

}  // namespace brokersim::history
