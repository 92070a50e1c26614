#include "models/kafka/costs.h"

#include <utility>

namespace brokersim::kafka {
namespace {

using sim::Duration;

/// Fitted: models/kafka/profiles/jvm-1.json has the priors, sources and confidence; a test holds the two together.
constexpr Costs jvm_1() {
  Costs costs;
  costs.wake_up = Duration{24'300};
  costs.receive_request = Duration{17'300};
  costs.send_response = Duration{17'300};
  costs.send_partition = Duration{11'500};
  costs.handle_request = Duration{23'100};
  costs.append_batch = Duration{17'300};
  costs.append_record = Duration{144};
  costs.read_partition = Duration{684};
  costs.receive_ps_per_byte = 454;
  costs.append_ps_per_byte = 818;
  costs.fetcher_append_partition = Duration{34'600};
  costs.fetcher_append_batch = Duration{5'770};
  costs.fetcher_round = Duration{28'800};
  costs.client_request = Duration{57'700};
  costs.client_response = Duration{43'300};
  costs.client_batch = Duration{11'500};
  costs.client_ps_per_byte = 681;
  costs.client_record = Duration{843};
  costs.client_record_ps_per_byte = 341;
  costs.client_poll_record = Duration{275};
  return costs;
}

using Profile = std::pair<const char*, Costs>;
const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all{{"primitives-1", Costs{}}, {"jvm-1", jvm_1()}};
  return all;
}

}  // namespace

const std::vector<CostField>& cost_fields() {
  static const std::vector<CostField> fields{
      {"wake_up", &Costs::wake_up, nullptr, "From work for an idle thread to its beginning."},
      {"receive_request", &Costs::receive_request, nullptr,
       "Network thread: select, read and parse a request."},
      {"send_response", &Costs::send_response, nullptr, "Network thread: write a response."},
      {"send_partition", &Costs::send_partition, nullptr,
       "Network thread: sendfile call of a partition's data."},
      {"receive_ps_per_byte", nullptr, &Costs::receive_ps_per_byte, "Network thread: copy from the socket."},
      {"send_ps_per_byte", nullptr, &Costs::send_ps_per_byte, "Network thread: sendfile."},
      {"handle_request", &Costs::handle_request, nullptr, "Request handler: per request."},
      {"append_batch", &Costs::append_batch, nullptr, "Request handler: per batch appended."},
      {"append_ps_per_byte", nullptr, &Costs::append_ps_per_byte,
       "CRC-32C and the copy into the page cache."},
      {"append_record", &Costs::append_record, nullptr, "Request handler: per record validated."},
      {"read_partition", &Costs::read_partition, nullptr, "Request handler: per partition of a fetch."},
      {"fetcher_append_batch", &Costs::fetcher_append_batch, nullptr, "Replica fetcher: per batch appended."},
      {"fetcher_append_partition", &Costs::fetcher_append_partition, nullptr,
       "Replica fetcher: per partition with data, one append of all its batches."},
      {"fetcher_round", &Costs::fetcher_round, nullptr, "Replica fetcher: per answer and next request."},
      {"tls_ps_per_byte", nullptr, &Costs::tls_ps_per_byte, "Network thread: encryption or decryption."},
      {"tls_read_ps_per_byte", nullptr, &Costs::tls_read_ps_per_byte,
       "Network thread: the read that sendfile saves without TLS."},
      {"tls_handshake", &Costs::tls_handshake, nullptr, "Network thread: a full handshake."},
      {"recovery_ps_per_byte", nullptr, &Costs::recovery_ps_per_byte, "Recovery thread: scan and CRC."},
      {"client_request", &Costs::client_request, nullptr, "Client's thread: build and write a request."},
      {"timer_slack", &Costs::timer_slack, nullptr, "Client's thread: lateness of a timed wait."},
      {"client_response", &Costs::client_response, nullptr, "Client's thread: read and complete a response."},
      {"client_batch", &Costs::client_batch, nullptr, "Producer's sender: per batch."},
      {"client_ps_per_byte", nullptr, &Costs::client_ps_per_byte,
       "Client's thread: CRC and copy to or from the socket."},
      {"client_record", &Costs::client_record, nullptr, "Application's thread: send() and the callback."},
      {"client_record_ps_per_byte", nullptr, &Costs::client_record_ps_per_byte,
       "Application's thread: copy of a record into its batch."},
      {"client_poll_record", &Costs::client_poll_record, nullptr, "Consumer: a record through poll()."},
  };
  return fields;
}

const Costs* find_cost_profile(std::string_view name) {
  for (const Profile& profile : profiles()) {
    if (name == profile.first) return &profile.second;
  }
  return nullptr;
}

std::vector<std::string> cost_profile_names() {
  std::vector<std::string> names;
  for (const Profile& profile : profiles()) names.emplace_back(profile.first);
  return names;
}

}  // namespace brokersim::kafka
