// Goal: assignors and hashes decide as Kafka's own classes do. Method: answers of those classes (4.1.0) to random groups that
// go through rebalances, stored as data; BROKERSIM_GROUP_VECTORS names another file (`make conformance-groups`).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "models/kafka/groups/assignor.h"
#include "models/kafka/java_hash.h"

namespace brokersim::kafka::groups {
namespace {

std::string vectors_file() {
  const char* given = std::getenv("BROKERSIM_GROUP_VECTORS");
  return given != nullptr ? given : "tests/models/kafka/groups/vectors-4.1.0.txt";
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) parts.push_back(part);
  return parts;
}

std::vector<TopicPartition> partitions(const std::string& text) {
  std::vector<TopicPartition> result;
  if (text == "-") return result;
  for (const std::string& one : split(text, ',')) {
    const auto colon = one.find(':');
    result.push_back({one.substr(0, colon), std::stoi(one.substr(colon + 1))});
  }
  return result;
}

struct Case {
  std::string assignor;
  std::vector<Topic> topics;
  std::vector<MemberInput> members;
  Assignment expected;
};

Assignment answer(const Case& c) {
  if (c.assignor == "range") return assign(Assignor::range, c.topics, c.members);
  if (c.assignor == "roundrobin") return assign(Assignor::round_robin, c.topics, c.members);
  if (c.assignor == "sticky") return assign(Assignor::sticky, c.topics, c.members);
  if (c.assignor == "cooperative-sticky") return assign(Assignor::cooperative_sticky, c.topics, c.members);
  if (c.assignor == "server-range") return assign(ServerAssignor::range, c.topics, c.members);
  return assign(ServerAssignor::uniform, c.topics, c.members);
}

std::string text(const Assignment& assignment) {
  std::string out;
  for (const auto& [id, list] : assignment) {
    out += id + ":";
    for (const auto& p : list) out += " " + p.topic + ":" + std::to_string(p.partition);
    out += "\n";
  }
  return out;
}

TEST(AssignorVectors, AnswerAsKafkasOwnClasses) {
  std::ifstream in(vectors_file());
  ASSERT_TRUE(in) << vectors_file();
  std::map<std::string, int> asked;
  std::map<std::string, int> wrong;
  Case current;
  int line_number = 0;
  int case_line = 0;
  const auto finish = [&] {
    if (current.assignor.empty()) return;
    ++asked[current.assignor];
    const Assignment got = answer(current);
    if (got == current.expected) return;
    if (++wrong[current.assignor] <= 2)
      ADD_FAILURE() << current.assignor << " of line " << case_line << "\nKafka:\n"
                    << text(current.expected) << "we:\n"
                    << text(got);
  };
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    if (line.starts_with("case ")) {
      finish();
      current = {};
      current.assignor = line.substr(5);
      case_line = line_number;
    } else if (line.starts_with("t ")) {
      const auto words = split(line, ' ');
      current.topics.push_back({words[1], std::stoi(words[2])});
    } else if (line.starts_with("m ")) {
      const auto words = split(line, ' ');
      current.members.push_back({words[1], words[2] == "-" ? "" : words[2], split(words[4], ','),
                                 partitions(words[5]), std::stoi(words[3])});
    } else if (line.starts_with("r ")) {
      const auto words = split(line, ' ');
      current.expected[words[1]] = partitions(words[2]);
    } else if (line.starts_with("hash ")) {
      finish();
      current = {};
      const auto words = split(line.substr(0, line.find('=')), ' ');
      const std::string key = line.substr(line.find('=') + 1);
      ++asked["hash"];
      EXPECT_EQ(murmur2(key), std::stoi(words[1])) << key;
      EXPECT_EQ(java_string_hash(key), std::stoi(words[2])) << key;
    }
  }
  finish();
  for (const char* assignor :
       {"range", "roundrobin", "sticky", "cooperative-sticky", "server-uniform", "server-range"}) {
    EXPECT_GE(asked[assignor], 50) << assignor;
    EXPECT_EQ(wrong[assignor], 0) << assignor << ", of " << asked[assignor];
  }
  EXPECT_GE(asked["hash"], 30);
}

}  // namespace
}  // namespace brokersim::kafka::groups
