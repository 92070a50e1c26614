// Goal: a typing error finds its word; another word finds none. Method: pairs.
#include "app/scenario/suggest.h"

#include <gtest/gtest.h>

namespace brokersim::scenario {
namespace {

TEST(Suggest, FindsTheNearestWord) {
  const std::vector<std::string> words{"replication_factor", "partitions", "assignment", "name"};
  EXPECT_EQ(nearest("replication_facter", words), "replication_factor");
  EXPECT_EQ(nearest("partitoins", words), "partitions") << "swapped neighbours";
  EXPECT_EQ(nearest("NAME", words), "name") << "case does not count";
  EXPECT_EQ(nearest("colour", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest("q", {"a"}), "") << "one wrong letter of one is another word";
  EXPECT_EQ(nearest(std::string(10'000, 'x'), words), "");
}

TEST(Suggest, ListsWhatIsKnownWhenNothingIsNear) {
  EXPECT_EQ(suggestion("nmae", {"name"}), "did you mean \"name\"?");
  EXPECT_EQ(suggestion("zzz", {"nvme", "hdd"}), "known: nvme, hdd");
  EXPECT_EQ(suggestion("zzz", {}), "");
}

}  // namespace
}  // namespace brokersim::scenario
