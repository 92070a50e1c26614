// An application that writes in transactions: begin, a few sends, perhaps some work, commit or abort, and again.
//
// One transaction at a time, each meant to begin at a multiple of the gap; one that is late begins at once. With `accounts`
// every transaction is a transfer between two of them: two records, of which one takes what the other gives, in the
// partitions that the accounts' names hash to (murmur2); those names are the records' keys, if their law lists keys. What
// moves is drawn by the number of the transaction, so the sum over whatever read_committed readers may see is 0 as long as
// transactions are atomic. Without accounts, records go to the partitions in turn; where their law has keys of the whole
// topic, to those that the keys hash to, by the keys' weights.
// After an abortable error it aborts and goes on with the next; when it is fenced it stops, or begins as a new producer.
#pragma once

#include <cstdint>
#include <memory>

#include "models/devices/host/service.h"
#include "models/kafka/client/transactional_producer.h"

namespace brokersim::kafka::client {

/// The text of account N is this and N.
inline constexpr const char* kAccountPrefix = "account-";

struct TransactionLoadParams {
  ProducerParams producer;
  std::int32_t version = 2;     ///< transaction.version
  sim::Duration gap;            ///< Between the intended beginnings of two transactions. Positive.
  sim::Duration phase;
  std::int32_t records = 1;     ///< Of a transaction; with accounts 2.
  std::int64_t accounts = 0;    ///< 0: no transfers.
  sim::Duration work;           ///< Between the last send and the end.
  std::int32_t abort_permille = 0;  ///< Transactions that the application itself aborts.
  bool restarts_when_fenced = false;
  sim::SimTime start;
  sim::SimTime end = sim::SimTime::max();
  std::uint64_t seed = 0;  ///< Of what is drawn by the number of a transaction.
};

/// What the application remembers over the lives of its process.
struct TransactionLedger {
  ProducerLedger producer;
  std::int64_t next = 0;  ///< Number of the next transaction.
};

class TransactionLoad final : public host::Service {
 public:
  TransactionLoad(sim::Process& process, const ClientSite& site, const TransactionLoadParams& params,
                  TransactionLedger& ledger, history::History& history);

  void start() override;
  void terminate() override;

 private:
  [[nodiscard]] sim::Task<void> run();
  void send_all(std::int64_t number);
  void tell(std::int64_t number, history::TransactionOutcome outcome, TransactionResult result);

  sim::Component component_;
  ClientSite site_;
  TransactionLoadParams params_;
  TransactionLedger& ledger_;
  history::History& history_;
  sim::Stream draws_;
  TransactionalProducer producer_;
};

}  // namespace brokersim::kafka::client
