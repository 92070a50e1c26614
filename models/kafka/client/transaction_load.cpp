#include "models/kafka/client/transaction_load.h"

#include <algorithm>
#include <string>

#include "models/history/record_law.h"
#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {
enum class Draw : std::uint64_t { aborts, from, to, amount, key };
}  // namespace

TransactionLoad::TransactionLoad(sim::Process& process, const ClientSite& site,
                                 const TransactionLoadParams& params, TransactionLedger& ledger,
                                 history::History& history)
    : component_(process, process.path() + "/load"),
      site_(site),
      params_(params),
      ledger_(ledger),
      history_(history),
      draws_(component_.stream("transaction")),
      producer_(process, site, params.producer, ledger.producer, history, params.version) {
  SIM_CHECK(params.gap.ns > 0);
}

void TransactionLoad::start() {
  if (site_.life > 1) history_.record(history::ClientRestarted{component_.now(), params_.producer.client});
  producer_.start();
  component_.spawn(run());
}

void TransactionLoad::terminate() { producer_.terminate(); }

void TransactionLoad::send_all(std::int64_t number) {
  const auto n = static_cast<std::uint64_t>(number);
  const auto partitions = static_cast<std::int32_t>(params_.producer.partitions.size());
  const auto draw = [&](Draw what, std::uint64_t below) {
    return static_cast<std::int64_t>(draws_.child(static_cast<std::uint64_t>(what)).below(n, below));
  };
  const history::RecordLaw* law = params_.producer.law.get();
  if (params_.accounts == 0) {
    const sim::Stream keys = draws_.child(static_cast<std::uint64_t>(Draw::key));
    for (std::int32_t i = 0; i < params_.records; ++i) {
      const std::int64_t record = number * params_.records + i;
      const bool routes = law != nullptr && law->routes();
      producer_.send(
          routes ? law->table(partitions).draw_partition(keys.bits(static_cast<std::uint64_t>(record)))
                 : static_cast<std::int32_t>(record % partitions));
    }
    return;
  }
  const auto accounts = static_cast<std::uint64_t>(params_.accounts);
  const std::int64_t from = draw(Draw::from, accounts);
  const std::int64_t to =
      (from + 1 + draw(Draw::to, std::max<std::uint64_t>(accounts - 1, 1))) % params_.accounts;
  const std::int64_t amount = 1 + draw(Draw::amount, 1'000);
  const auto book = [&](std::int64_t account, std::int64_t moves) {
    const std::int32_t partition = partition_for_key(kAccountPrefix + std::to_string(account), partitions);
    producer_.send(partition, {}, moves, {static_cast<std::uint32_t>(account), 0});
  };
  book(from, -amount);
  book(to, amount);
}

void TransactionLoad::tell(std::int64_t number, history::TransactionOutcome outcome, TransactionResult result) {
  history::TransactionEnded event;
  event.at = component_.now();
  event.client = params_.producer.client;
  event.transaction = number;
  event.outcome = outcome;
  event.began = producer_.began();
  event.records = producer_.records();
  event.error = static_cast<std::int16_t>(producer_.error());
  event.fenced = result == TransactionResult::fenced;
  history_.record(event);
}

sim::Task<void> TransactionLoad::run() {
  using history::TransactionOutcome;
  if (component_.now() < params_.start) co_await sim::delay(params_.start - component_.now(), "load.start");
  sim::Task<TransactionResult> initialising = producer_.init();
  TransactionResult state = co_await initialising;
  while (state == TransactionResult::ok) {
    const sim::SimTime due = params_.start + params_.phase + params_.gap * ledger_.next;
    if (due >= params_.end || component_.now() >= params_.end) break;
    if (component_.now() < due) co_await sim::delay(due - component_.now(), "load.next_transaction");
    const std::int64_t number = ledger_.next++;
    const bool aborts = draws_.child(static_cast<std::uint64_t>(Draw::aborts))
                            .below(static_cast<std::uint64_t>(number), 1'000) <
                        static_cast<std::uint64_t>(params_.abort_permille);
    producer_.begin(number);
    send_all(number);
    if (params_.work.ns > 0) co_await sim::delay(params_.work, "load.work");
    if (!aborts) {
      sim::Task<TransactionResult> committing = producer_.commit();
      state = co_await committing;
      if (state == TransactionResult::ok) tell(number, TransactionOutcome::committed, state);
    } else {
      sim::Task<TransactionResult> flushing = producer_.flush();
      static_cast<void>(co_await flushing);
    }
    if (aborts || state == TransactionResult::abortable) {
      sim::Task<TransactionResult> aborting = producer_.abort();
      state = co_await aborting;
      // Not even an abort that fails leaves it committed: no commit was ever asked for, or it was refused.
      tell(number, TransactionOutcome::aborted, state);
    } else if (state != TransactionResult::ok) {
      tell(number, TransactionOutcome::unknown, state);
    }
    if (state == TransactionResult::fenced && params_.restarts_when_fenced) {
      sim::Task<TransactionResult> again = producer_.init();
      state = co_await again;
    }
  }
}

}  // namespace brokersim::kafka::client
