// Goal: a transactional id goes through its states as TransactionCoordinator of 4.1 has it (kafka-behaviour.md section 7).
// Method: the pure machine, step by step; then every state with every request against a table written from the source.
#include "models/kafka/transactions/transaction.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "sim/random.h"

namespace brokersim::kafka::transactions {
namespace {

constexpr std::int64_t kId = 1'000;
constexpr sim::Duration kTimeout = {60'000'000'000};
const wire::PartitionId kFirst{3};
const wire::PartitionId kSecond{7};

sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

/// Commits what a step wants written.
Step carry_out(Transaction& t, Step step) {
  if (step.write) t.written(*step.write);
  return step;
}

Transaction initialised() {
  Transaction t("bank");
  carry_out(t, t.init(-1, -1, kTimeout, kId, at(0)));
  return t;
}
Transaction ongoing() {
  Transaction t = initialised();
  carry_out(t, t.add(kId, 0, {kSecond, kFirst}, at(1)));
  return t;
}
Transaction prepared(bool commit, bool raises) {
  Transaction t = ongoing();
  carry_out(t, t.end(kId, 0, commit, raises, -1, at(2)));
  return t;
}
Transaction complete(bool commit, bool raises) {
  Transaction t = prepared(commit, raises);
  t.written(t.completed(at(3)));
  return t;
}

TEST(Transaction, ANewIdGetsAFreshProducerAndEpochZero) {
  Transaction t("bank");
  const Step step = t.init(-1, -1, kTimeout, kId, at(0));
  ASSERT_TRUE(step.write.has_value());
  EXPECT_EQ(step.error, ErrorCode::none);
  EXPECT_EQ(step.write->producer_id, kId);
  EXPECT_EQ(step.write->producer_epoch, 0);
  EXPECT_EQ(step.write->state, TransactionState::empty);
  EXPECT_EQ(t.init(-1, -1, kTimeout, 2, at(0)).error, ErrorCode::concurrent_transactions) << "its record is on its way";
  t.written(*step.write);
  EXPECT_EQ(t.now().timeout, kTimeout);
}

TEST(Transaction, WhoBeginsAnewRaisesTheEpoch) {
  Transaction t = initialised();
  const Step step = carry_out(t, t.init(-1, -1, kTimeout, -1, at(5)));
  EXPECT_EQ(step.write->producer_id, kId);
  EXPECT_EQ(t.now().producer_epoch, 1);
  EXPECT_EQ(t.add(kId, 0, {kFirst}, at(6)).error, ErrorCode::producer_fenced) << "the one before";
}

TEST(Transaction, PartitionsAreWrittenOnceEach) {
  Transaction t = initialised();
  Step step = carry_out(t, t.add(kId, 0, {kSecond, kFirst}, at(1)));
  EXPECT_EQ(step.write->partitions, (std::vector{kFirst, kSecond})) << "sorted";
  EXPECT_EQ(step.write->started, at(1));
  step = t.add(kId, 0, {kFirst}, at(2));
  EXPECT_FALSE(step.write.has_value()) << "it is in there";
  EXPECT_EQ(step.error, ErrorCode::none);
}

TEST(Transaction, EndsOfTheOldProtocolKeepTheEpoch) {
  Transaction t = ongoing();
  Step step = carry_out(t, t.end(kId, 0, true, false, -1, at(2)));
  EXPECT_EQ(t.state(), TransactionState::prepare_commit);
  EXPECT_EQ(t.now().producer_epoch, 0);
  EXPECT_EQ(t.end(kId, 0, true, false, -1, at(2)).error, ErrorCode::concurrent_transactions) << "asked again too soon";
  EXPECT_EQ(t.end(kId, 0, false, false, -1, at(2)).error, ErrorCode::invalid_txn_state);
  t.written(t.completed(at(3)));
  EXPECT_EQ(t.state(), TransactionState::complete_commit);
  EXPECT_TRUE(t.now().partitions.empty());
  step = t.end(kId, 0, true, false, -1, at(4));
  EXPECT_EQ(step.error, ErrorCode::none) << "the answer was lost";
  EXPECT_FALSE(step.write.has_value());
}

// KAFKA-17754: with the old protocol a late EndTxn of one transaction ends the next one.
TEST(Transaction, ALateEndReachesTheNextTransactionOnlyWithoutEpochs) {
  Transaction old_protocol = complete(true, false);
  carry_out(old_protocol, old_protocol.add(kId, 0, {kFirst}, at(5)));
  EXPECT_TRUE(old_protocol.end(kId, 0, true, false, -1, at(6)).write.has_value()) << "taken for the next one's";

  Transaction fixed = complete(true, true);
  EXPECT_EQ(fixed.now().producer_epoch, 1);
  carry_out(fixed, fixed.add(kId, 1, {kFirst}, at(5)));
  EXPECT_EQ(fixed.end(kId, 0, true, true, -1, at(6)).error, ErrorCode::producer_fenced);
  EXPECT_TRUE(fixed.end(kId, 1, true, true, -1, at(6)).write.has_value());
}

TEST(Transaction, EndsOfVersionTwoRaiseTheEpochAndTellIt) {
  Transaction t = prepared(true, true);
  EXPECT_EQ(t.now().producer_epoch, 1) << "markers carry the raised one";
  EXPECT_EQ(t.now().last_epoch, 0);
  t.written(t.completed(at(3)));
  const Step again = t.end(kId, 0, true, true, -1, at(4));
  EXPECT_EQ(again.error, ErrorCode::none) << "the answer was lost";
  EXPECT_FALSE(again.write.has_value());
  EXPECT_EQ(t.next_producer_id(), kId);
  EXPECT_EQ(t.next_epoch(), 1);
  EXPECT_EQ(t.end(kId, 0, false, true, -1, at(4)).error, ErrorCode::invalid_txn_state);
}

TEST(Transaction, AnAbortOfNothingOnlyRaisesTheEpoch) {
  Transaction t = initialised();
  const Step step = carry_out(t, t.end(kId, 0, false, true, -1, at(1)));
  ASSERT_TRUE(step.write.has_value());
  EXPECT_TRUE(step.write->partitions.empty());
  EXPECT_EQ(t.now().producer_epoch, 1);
  EXPECT_EQ(initialised().end(kId, 0, true, true, -1, at(1)).error, ErrorCode::invalid_txn_state);
}

TEST(Transaction, WhoeverBeginsFencesWhatIsOpen) {
  Transaction t = ongoing();
  const Step step = t.init(-1, -1, kTimeout, -1, at(9));
  EXPECT_EQ(step.error, ErrorCode::concurrent_transactions) << "to be asked again, once it is aborted";
  ASSERT_TRUE(step.write.has_value());
  EXPECT_EQ(step.write->state, TransactionState::prepare_abort);
  EXPECT_EQ(step.write->producer_epoch, 1);
  t.written(*step.write);
  EXPECT_EQ(t.end(kId, 0, true, false, -1, at(10)).error, ErrorCode::producer_fenced);
  t.written(t.completed(at(11)));
  carry_out(t, t.init(-1, -1, kTimeout, -1, at(12)));
  EXPECT_EQ(t.now().producer_epoch, 2);
}

TEST(Transaction, AFenceThatWasNotWrittenIsTriedWithTheSameEpoch) {
  Transaction t = ongoing();
  Step step = t.init(-1, -1, kTimeout, -1, at(9));
  EXPECT_EQ(step.write->producer_epoch, 1);
  t.write_failed();
  EXPECT_EQ(t.end(kId, 0, true, false, -1, at(9)).error, ErrorCode::producer_fenced) << "fenced all the same";
  step = t.init(-1, -1, kTimeout, -1, at(10));
  EXPECT_EQ(step.write->producer_epoch, 1);
}

TEST(Transaction, IsAbortedWhenItsTimeIsOver) {
  Transaction t = ongoing();  // since 1 s
  EXPECT_FALSE(t.expire(at(61)).write.has_value());
  const Step step = t.expire(at(62));
  ASSERT_TRUE(step.write.has_value());
  EXPECT_EQ(step.write->state, TransactionState::prepare_abort);
  EXPECT_EQ(step.write->producer_epoch, 1);
  Transaction idle = initialised();
  EXPECT_FALSE(idle.expire(at(1'000)).write.has_value()) << "nothing is open";
}

TEST(Transaction, GoesOnWithTheEpochItsClientHas) {
  Transaction t = initialised();
  EXPECT_EQ(t.init(kId + 1, 0, kTimeout, -1, at(1)).error, ErrorCode::producer_fenced);
  EXPECT_EQ(t.init(kId, 5, kTimeout, -1, at(1)).error, ErrorCode::producer_fenced);
  carry_out(t, t.init(kId, 0, kTimeout, -1, at(1)));
  EXPECT_EQ(t.now().producer_epoch, 1);
  carry_out(t, t.init(kId, 0, kTimeout, -1, at(2)));
  EXPECT_EQ(t.now().producer_epoch, 1) << "its answer was lost: what it got then still holds";
}

TEST(Transaction, TakesAnotherProducerWhenEpochsAreUsedUp) {
  wire::TransactionRecord record = initialised().now();
  record.producer_epoch = kEpochMax;
  Transaction t(record);
  carry_out(t, t.init(-1, -1, kTimeout, 2'000, at(1)));
  EXPECT_EQ(t.now().producer_id, 2'000);
  EXPECT_EQ(t.now().producer_epoch, 0);

  record = ongoing().now();
  record.producer_epoch = static_cast<std::int16_t>(kEpochMax - 1);
  Transaction two(record);
  carry_out(two, two.end(kId, record.producer_epoch, true, true, 3'000, at(2)));
  EXPECT_EQ(two.now().producer_id, kId) << "its markers are of the old one";
  EXPECT_EQ(two.next_producer_id(), 3'000);
  EXPECT_EQ(two.next_epoch(), 0);
  two.written(two.completed(at(3)));
  EXPECT_EQ(two.now().producer_id, 3'000);
  EXPECT_EQ(two.end(kId, record.producer_epoch, true, true, -1, at(4)).error, ErrorCode::none) << "asked again";
}

TEST(Transaction, IsForgottenWhenNobodyUsesIt) {
  Transaction t = complete(true, true);  // at 3 s
  EXPECT_FALSE(t.forget(at(10), {7'500'000'000}).has_value());
  const auto tombstone = t.forget(at(11), {7'500'000'000});
  ASSERT_TRUE(tombstone.has_value());
  EXPECT_EQ(tombstone->state, TransactionState::dead);
  EXPECT_FALSE(ongoing().forget(at(1'000'000), {1}).has_value()) << "in use";
}

TEST(Transaction, VerifiesOnlyWhatIsInTheOpenTransaction) {
  EXPECT_EQ(ongoing().verify(kId, 0, kFirst), ErrorCode::none);
  EXPECT_EQ(ongoing().verify(kId, 0, {99}), ErrorCode::transaction_abortable);
  EXPECT_EQ(ongoing().verify(kId, 1, kFirst), ErrorCode::producer_fenced);
  EXPECT_EQ(ongoing().verify(kId + 1, 0, kFirst), ErrorCode::invalid_producer_id_mapping);
  EXPECT_EQ(initialised().verify(kId, 0, kFirst), ErrorCode::transaction_abortable);
  EXPECT_EQ(prepared(true, false).verify(kId, 0, kFirst), ErrorCode::concurrent_transactions);
  EXPECT_EQ(complete(false, false).verify(kId, 0, kFirst), ErrorCode::transaction_abortable);
}

// Every state that rests with every request of the owner: what is answered, and the state that is written.
TEST(Transaction, EveryStateWithEveryRequest) {
  using enum TransactionState;
  struct Want {
    ErrorCode error;
    std::optional<TransactionState> written;
  };
  const ErrorCode none = ErrorCode::none;
  const ErrorCode concurrent = ErrorCode::concurrent_transactions;
  const ErrorCode invalid = ErrorCode::invalid_txn_state;
  // In the order: init anew, add, commit (TV1), abort (TV1).
  const std::map<TransactionState, std::array<Want, 4>> table = {
      {empty, {{{none, empty}, {none, ongoing}, {invalid, {}}, {invalid, {}}}}},
      {ongoing, {{{concurrent, prepare_abort}, {none, {}}, {none, prepare_commit}, {none, prepare_abort}}}},
      {prepare_commit, {{{concurrent, {}}, {concurrent, {}}, {concurrent, {}}, {invalid, {}}}}},
      {prepare_abort, {{{concurrent, {}}, {concurrent, {}}, {invalid, {}}, {concurrent, {}}}}},
      {complete_commit, {{{none, empty}, {none, ongoing}, {none, {}}, {invalid, {}}}}},
      {complete_abort, {{{none, empty}, {none, ongoing}, {invalid, {}}, {none, {}}}}},
  };
  const auto in = [](TransactionState state) {
    switch (state) {
      case ongoing: return ::brokersim::kafka::transactions::ongoing();
      case prepare_commit: return prepared(true, false);
      case prepare_abort: return prepared(false, false);
      case complete_commit: return complete(true, false);
      case complete_abort: return complete(false, false);
      default: return initialised();
    }
  };
  for (const auto& [state, wanted] : table) {
    for (std::size_t request = 0; request < wanted.size(); ++request) {
      Transaction t = in(state);
      ASSERT_EQ(t.state(), state);
      Step step;
      if (request == 0) step = t.init(-1, -1, kTimeout, -1, at(9));
      if (request == 1) step = t.add(kId, 0, {kFirst}, at(9));
      if (request == 2) step = t.end(kId, 0, true, false, -1, at(9));
      if (request == 3) step = t.end(kId, 0, false, false, -1, at(9));
      EXPECT_EQ(step.error, wanted[request].error) << to_string(state) << ", request " << request;
      ASSERT_EQ(step.write.has_value(), wanted[request].written.has_value()) << to_string(state) << ", request " << request;
      if (!step.write) continue;
      EXPECT_EQ(step.write->state, *wanted[request].written) << to_string(state) << ", request " << request;
      EXPECT_TRUE(may_follow(state, step.write->state));
      EXPECT_EQ(t.add(t.now().producer_id, t.now().producer_epoch, {kFirst}, at(9)).error, concurrent)
          << "while the record is on its way";
    }
  }
}

/// A client as the coordinator's answers make it: it may be an old instance that does not know it is fenced.
struct Client {
  std::int64_t id = -1;
  std::int16_t epoch = -1;
};

// Goal: whatever two instances of an application ask, in whatever order, and whatever writes fail: transitions are legal, the
// pair of producer id and epoch never goes back, whoever has an older one changes nothing, and what is open ends.
// Method: 400 histories of 60 random requests for each version, judged after every step; then the timeout.
TEST(Transaction, RandomHistoriesFenceTheOldAndEndWhatIsOpen) {
  for (const bool raises : {false, true}) {
    for (std::uint64_t history = 0; history < 400; ++history) {
      std::uint64_t ordinal = 0;
      const auto draw = [&](std::uint64_t below) {
        return sim::keyed_bits(raises ? 2 : 1, history, ordinal++) % below;
      };
      Transaction t("bank");
      Client clients[2];
      std::int64_t fresh = kId;
      std::int64_t second = 0;
      std::pair<std::int64_t, std::int16_t> newest{-1, -1};
      for (int i = 0; i < 60; ++i) {
        ++second;
        Client& client = clients[draw(2)];
        const bool stale = client.id >= 0 && std::pair(client.id, client.epoch) < newest;
        const TransactionState before = t.state();
        Step step;
        const std::uint64_t what = draw(10);
        if (t.prepared() && what < 5) {
          if (!t.pending()) step.write = t.completed(at(second));
        } else if (what < 2 || client.id < 0) {
          step = t.init(-1, -1, kTimeout, ++fresh, at(second));
        } else if (what < 6) {
          step = t.add(client.id, client.epoch, {draw(2) == 0 ? kFirst : kSecond}, at(second));
          EXPECT_FALSE(stale && step.write) << "an old instance goes on writing";
        } else {
          const bool commit = draw(2) == 0;
          step = t.end(client.id, client.epoch, commit, raises, ++fresh, at(second));
          EXPECT_FALSE(stale && step.write) << "an old instance ends what is not its own";
          if (step.error == ErrorCode::none && raises) client = {t.next_producer_id(), t.next_epoch()};
        }
        if (step.write) {
          EXPECT_TRUE(may_follow(before, step.write->state));
          if (draw(5) == 0) {
            t.write_failed();
          } else {
            t.written(*step.write);
            const bool given = step.error == ErrorCode::none && t.state() == TransactionState::empty;
            if (given) client = {t.now().producer_id, t.now().producer_epoch};
            if (raises && step.error == ErrorCode::none && t.prepared())
              client = {t.next_producer_id(), t.next_epoch()};
          }
        }
        const std::pair now{t.now().producer_id, t.now().producer_epoch};
        EXPECT_GE(now, newest) << "history " << history << ", step " << i;
        newest = std::max(newest, now);
      }
      // Left alone, it is over after its timeout and its markers.
      const Step expiry = t.expire(at(second + 100));
      if (expiry.write) t.written(*expiry.write);
      if (t.prepared()) t.written(t.completed(at(second + 101)));
      EXPECT_NE(t.state(), TransactionState::ongoing);
      EXPECT_FALSE(t.prepared());
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka::transactions
