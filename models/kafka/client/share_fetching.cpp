// What a share consumer asks brokers, and what their answers mean.
#include <algorithm>
#include <utility>

#include "models/kafka/client/share_consumer.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::AcknowledgementBatch;
using wire::AcknowledgeType;
using wire::Api;
using wire::ErrorCode;

namespace {

history::ShareCause kind_of(AcknowledgeType type) {
  switch (type) {
    case AcknowledgeType::gap: return history::ShareCause::gap;
    case AcknowledgeType::accept: return history::ShareCause::accepted;
    case AcknowledgeType::release: return history::ShareCause::released;
    case AcknowledgeType::reject: return history::ShareCause::rejected;
  }
  return history::ShareCause::accepted;
}

}  // namespace

void ShareConsumer::add(Acknowledgements& to, wire::PartitionId partition, std::int64_t first,
                        std::int64_t end, AcknowledgeType type) {
  std::vector<AcknowledgementBatch>& batches = to[partition];
  if (!batches.empty() && batches.back().end == first && batches.back().type == type) {
    batches.back().end = end;
  } else {
    batches.push_back({first, end, type});
  }
}

std::vector<wire::PartitionId> ShareConsumer::led_by(wire::BrokerId broker) const {
  std::vector<wire::PartitionId> led;
  for (const wire::PartitionId partition : assigned_) {
    const std::int32_t index = metadata_.leaders().index_of(partition);
    if (index >= 0 && metadata_.leaders()[index].broker == broker) led.push_back(partition);
  }
  return led;
}

/// A fetch to every leader of assigned partitions that has none under way. How long until there is more to do; max: until
/// something happens.
sim::Duration ShareConsumer::request_all() {
  std::vector<wire::BrokerId> leaders;
  for (const wire::PartitionId partition : assigned_) {
    const std::int32_t index = metadata_.leaders().index_of(partition);
    const wire::BrokerId leader = index < 0 ? -1 : metadata_.leaders()[index].broker;
    if (leader < 0) {
      if (metadata_.known()) metadata_.request();
    } else if (std::find(leaders.begin(), leaders.end(), leader) == leaders.end()) {
      leaders.push_back(leader);
    }
  }
  // Acknowledgements are owed to brokers that lead nothing of ours any more, too.
  for (const auto& [broker, node] : nodes_) {
    if (!node.due.empty() && std::find(leaders.begin(), leaders.end(), broker) == leaders.end())
      leaders.push_back(broker);
  }
  std::sort(leaders.begin(), leaders.end());
  sim::Duration wait = sim::Duration::max();
  for (const wire::BrokerId broker : leaders) {
    Node& node = nodes_[broker];
    if (node.under_way) continue;
    if (node.not_before > now()) {
      wait = std::min(wait, node.not_before - now());
    } else if (connections_.ready(broker)) {
      send_fetch(broker, node);
    }
  }
  return wait;
}

void ShareConsumer::send_fetch(wire::BrokerId broker, Node& node) {
  if (node.epoch == 0 && !node.due.empty()) {
    // What was acquired in a session that is over cannot be acknowledged in another one.
    fail(node.due, ErrorCode::invalid_share_session_epoch);
  }
  auto request = std::make_unique<wire::ShareFetchRequest>();
  request->client_id = params_.name;
  request->group = params_.group;
  request->member = member_;
  request->session_epoch = node.epoch;
  request->max_wait = params_.config.fetch_max_wait;
  request->min_bytes = static_cast<std::int32_t>(params_.config.fetch_min_bytes.n);
  request->max_bytes = static_cast<std::int32_t>(params_.config.fetch_max_bytes.n);
  request->max_records = params_.config.max_poll_records;
  const std::vector<wire::PartitionId> wanted = led_by(broker);
  if (wanted.empty() && node.epoch == 0) return;
  for (const wire::PartitionId partition : wanted) {
    const bool known = std::binary_search(node.in_session.begin(), node.in_session.end(), partition);
    if (!known && !node.due.contains(partition)) request->parts.push_back({partition, {}});
  }
  for (auto& [partition, batches] : node.due) {
    // In the order of offsets: what the application got in several polls may have come in any.
    std::sort(batches.begin(), batches.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    request->parts.push_back({partition, batches});
  }
  for (const wire::PartitionId partition : node.in_session) {
    if (!std::binary_search(wanted.begin(), wanted.end(), partition)) request->forgotten.push_back(partition);
  }
  for (const auto& [partition, batches] : node.due) {
    const bool stays = std::binary_search(wanted.begin(), wanted.end(), partition) ||
                       std::binary_search(node.in_session.begin(), node.in_session.end(), partition);
    if (!stays) request->forgotten.push_back(partition);
  }
  node.sent = std::exchange(node.due, {});
  node.in_session = wanted;
  node.under_way = true;
  const sim::Bytes size = wire::wire_bytes(*request);
  connections_.send(broker, {Api::share_fetch, 0}, size, std::move(request));
}

/// What no fetch has taken along; `closing`: the session ends, and what is still held is given back.
void ShareConsumer::send_acknowledgements(bool closing) {
  for (auto& [broker, node] : nodes_) {
    if (node.under_way || (!closing && node.due.empty())) continue;
    if (node.epoch == 0) {
      fail(node.due, ErrorCode::invalid_share_session_epoch);
      continue;
    }
    if (!connections_.ready(broker)) continue;
    auto request = std::make_unique<wire::ShareAcknowledgeRequest>();
    request->group = params_.group;
    request->member = member_;
    request->session_epoch = closing ? -1 : node.epoch;
    for (auto& [partition, batches] : node.due) {
      std::sort(batches.begin(), batches.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      request->parts.push_back({partition, batches});
    }
    node.sent = std::exchange(node.due, {});
    node.under_way = true;
    const sim::Bytes size = wire::wire_bytes(*request);
    connections_.send(broker, {Api::share_acknowledge, closing ? 1u : 0u}, size, std::move(request));
  }
}

// --- answers --------------------------------------------------------------------------------------------------------------

void ShareConsumer::on_broker_ready(wire::BrokerId) {
  metadata_.poke();
  changed_.notify_all();
}

void ShareConsumer::on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) {
  switch (tag.api) {
    case Api::share_fetch: on_fetched(broker, static_cast<const wire::ShareFetchResponse&>(response)); break;
    case Api::share_acknowledge:
      on_acknowledged(broker, static_cast<const wire::ShareAcknowledgeResponse&>(response));
      if (tag.number == 1) end_session(nodes_[broker], ErrorCode::none);
      break;
    case Api::metadata: metadata_.on_response(static_cast<const wire::MetadataResponse&>(response)); break;
    default: SIM_CHECK(false, "a share consumer never asks that");
  }
  metadata_.poke();
  changed_.notify_all();
}

void ShareConsumer::on_fetched(wire::BrokerId broker, const wire::ShareFetchResponse& response) {
  Node& node = nodes_[broker];
  node.under_way = false;
  const Acknowledgements sent = std::exchange(node.sent, {});
  for (const auto& [partition, batches] : sent) {
    ErrorCode error = response.error;
    for (const wire::ShareFetchedPart& part : response.parts) {
      if (part.partition == partition && error == ErrorCode::none) error = part.acknowledge_error;
    }
    tell(partition, batches, error);
  }
  if (response.error != ErrorCode::none) {
    end_session(node, response.error);
    node.not_before = now() + params_.config.retry_backoff;
    return;
  }
  ++node.epoch;
  for (const wire::ShareFetchedPart& part : response.parts) {
    if (part.error != ErrorCode::none) {
      metadata_.learn(part.partition, part.leader, part.leader_epoch);
      metadata_.request();
      node.not_before = now() + params_.config.retry_backoff;
    }
    take_records(broker, part);
  }
}

/// What was acquired goes to the application; where there is no record for one, the broker hears of a gap.
void ShareConsumer::take_records(wire::BrokerId broker, const wire::ShareFetchedPart& part) {
  Node& node = nodes_[broker];
  for (const wire::AcquiredRecords& range : part.acquired) {
    std::int64_t next = range.first;
    const auto give = [&](log::BatchId batch, std::int64_t first, std::int64_t end) {
      if (first > next) add(node.due, part.partition, next, first, AcknowledgeType::gap);
      buffer_.push_back({broker, batch, first, end});
      next = end;
    };
    for (const log::BatchId id : part.batches) {
      const log::StoredBatch batch = store_[id];
      const std::int64_t first = std::max(batch.base_offset, range.first);
      const std::int64_t end = std::min(batch.next_offset(), range.end);
      if (first >= end || batch.data.is_marker()) continue;
      if (batch.cleaned == 0) {
        give(id, first, end);
        continue;
      }
      for (const std::int32_t kept : store_.cleaned(batch.cleaned).kept) {
        const std::int64_t offset = batch.base_offset + kept;
        if (offset >= first && offset < end) give(id, offset, offset + 1);
      }
    }
    if (next < range.end) add(node.due, part.partition, next, range.end, AcknowledgeType::gap);
  }
}

void ShareConsumer::on_acknowledged(wire::BrokerId broker, const wire::ShareAcknowledgeResponse& response) {
  Node& node = nodes_[broker];
  node.under_way = false;
  const Acknowledgements sent = std::exchange(node.sent, {});
  for (const auto& [partition, batches] : sent) {
    ErrorCode error = response.error;
    for (const wire::ShareAcknowledgedPart& part : response.parts) {
      if (part.partition == partition && error == ErrorCode::none) error = part.error;
    }
    tell(partition, batches, error);
  }
  if (response.error != ErrorCode::none) {
    end_session(node, response.error);
  } else if (node.epoch > 0) {
    ++node.epoch;
  }
}

void ShareConsumer::end_session(Node& node, ErrorCode told) {
  node.epoch = 0;
  node.in_session.clear();
  fail(node.due, told == ErrorCode::none ? ErrorCode::share_session_not_found : told);
}

void ShareConsumer::fail(Acknowledgements& lost, ErrorCode error) {
  for (const auto& [partition, batches] : std::exchange(lost, {})) tell(partition, batches, error);
}

void ShareConsumer::tell(wire::PartitionId partition, const std::vector<AcknowledgementBatch>& batches,
                         ErrorCode error) {
  for (const AcknowledgementBatch& batch : batches) {
    history_.record(history::ShareAcknowledged{now(), params_.client, params_.group_id, partition,
                                               batch.first, batch.end, kind_of(batch.type),
                                               static_cast<std::int16_t>(error)});
  }
}

void ShareConsumer::on_request_lost(wire::BrokerId broker, RequestTag tag) {
  if (tag.api == Api::metadata) return metadata_.on_lost();
  Node& node = nodes_[broker];
  node.under_way = false;
  fail(node.sent, ErrorCode::network_exception);
  end_session(node, ErrorCode::network_exception);
}

void ShareConsumer::on_disconnected(wire::BrokerId broker) {
  const auto known = nodes_.find(broker);
  if (known != nodes_.end()) {
    end_session(known->second, ErrorCode::network_exception);
    known->second.not_before = now() + params_.config.retry_backoff;
  }
  metadata_.request();
  metadata_.poke();
  changed_.notify_all();
}

}  // namespace brokersim::kafka::client
