#include "models/history/history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace brokersim::history {
namespace {

/// Writes down what it sees, in order.
class Log final : public Watcher {
 public:
  using Watcher::on;
  Log(std::string name, std::vector<std::string>& out) : name_(std::move(name)), out_(&out) {}
  void on(const Sent& event) override {
    out_->push_back(name_ + " sent " + std::to_string(event.records.first));
  }
  void on(const BrokerChanged& event) override {
    out_->push_back(name_ + " broker " + std::to_string(event.broker));
  }

 private:
  std::string name_;
  std::vector<std::string>* out_;
};

// Goal: every watcher gets every event, in the order of recording and of attachment; what nobody overrides is
// dropped silently. Method: two watchers, three kinds of events.
TEST(History, DeliversInOrder) {
  std::vector<std::string> seen;
  Log first("a", seen);
  Log second("b", seen);
  History history;
  history.attach(first);
  history.attach(second);
  const PartitionId orders = history.add_partition({.topic = "orders", .partition = 3});
  const ClientId producer = history.add_client({.name = "checkout-0"});
  history.record(Sent{{1}, {producer, orders, 7, 1}});
  history.record(Flushed{{2}, 1, orders, 8});
  history.record(BrokerChanged{{3}, 2, BrokerEvent::power_lost});
  EXPECT_EQ(seen, (std::vector<std::string>{"a sent 7", "b sent 7", "a broker 2", "b broker 2"}));
}

// Goal: numbers are dense and names stay.
TEST(History, RegistersPartitionsAndClients) {
  History history;
  EXPECT_EQ(history.add_partition({.topic = "orders", .partition = 0}).n, 0);
  const PartitionId second = history.add_partition({.topic = "orders", .partition = 1, .replicas = {2, 0}});
  EXPECT_EQ(second.n, 1);
  EXPECT_EQ(history.partition(second).name(), "orders/1");
  EXPECT_EQ(history.partition(second).replicas, (std::vector<BrokerId>{2, 0}));
  const ClientId client = history.add_client({.name = "reader-0", .workload = "reader", .producer = false});
  EXPECT_EQ(client.n, 0);
  EXPECT_EQ(history.client(client).workload, "reader");
  EXPECT_EQ(history.partitions().size(), 2u);
  EXPECT_EQ(history.clients().size(), 1u);
}

}  // namespace
}  // namespace brokersim::history
