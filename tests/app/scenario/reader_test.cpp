// Goal: JSON is read with the right places, and whatever is not JSON is refused at its place.
// Method: small documents, literal positions.
#include "app/scenario/reader.h"

#include <gtest/gtest.h>

#include "app/scenario/limits.h"

namespace brokersim::scenario {
namespace {

Tree parsed(std::string_view text) {
  Problems problems;
  auto tree = parse_json(text, "x", problems);
  EXPECT_TRUE(tree && !problems.any_error()) << render(problems.all());
  return tree ? std::move(*tree) : Tree{};
}

/// "code line:column" of the only problem.
std::string refused(std::string_view text) {
  Problems problems;
  (void)parse_json(text, "x", problems);
  if (problems.all().size() != 1) return std::to_string(problems.all().size()) + " problems";
  const Diagnostic& d = problems.all().front();
  return d.code.substr(9) + " " + std::to_string(d.line) + ":" + std::to_string(d.column);
}

NodeId at(const Tree& tree, std::initializer_list<std::string_view> path) {
  NodeId node = tree.root();
  for (const std::string_view key : path) node = tree.find(node, key);
  return node;
}

TEST(Reader, EveryValueKnowsItsPlace) {
  const Tree tree =
      parsed("{\n  \"a\" : [ 1,\n   -2.5e3 , \"x\\\"y,:\" ],\n\"b\":{\"c\":null},\"d\":true\n}\n");
  const Node& a = tree[at(tree, {"a"})];
  EXPECT_EQ(std::pair(a.key_line, a.key_column), std::pair(2, 3));
  EXPECT_EQ(std::pair(a.line, a.column), std::pair(2, 9));
  const Node& number = tree[tree[a.first].next];
  EXPECT_EQ(std::pair(number.line, number.column), std::pair(3, 4));
  EXPECT_EQ(number.text, "-2.5e3") << "numbers stay as written";
  const Node& text = tree[number.next];
  EXPECT_EQ(std::pair(text.line, text.column), std::pair(3, 13));
  EXPECT_EQ(text.text, "x\"y,:");
  EXPECT_EQ(tree.pointer(number.next), "/a/2");
  const Node& c = tree[at(tree, {"b", "c"})];
  EXPECT_EQ(std::pair(c.line, c.column), std::pair(4, 10));
  const Node& d = tree[at(tree, {"d"})];
  EXPECT_EQ(std::pair(d.line, d.column), std::pair(4, 20));
  EXPECT_TRUE(d.boolean);
}

TEST(Reader, PointersEscapeTildeAndSlash) {
  const Tree tree = parsed(R"({"a/b": {"c~d": 1}})");
  EXPECT_EQ(tree.pointer(at(tree, {"a/b", "c~d"})), "/a~1b/c~0d");
}

TEST(Reader, ByteOrderMarkIsSkippedAndNotCounted) {
  const Tree tree = parsed("\xEF\xBB\xBF{\"a\": 1}");
  EXPECT_EQ(tree[at(tree, {"a"})].column, 7);
}

TEST(Reader, NotJsonIsRefusedAtItsPlace) {
  EXPECT_EQ(refused("{\n  \"title\": \"x\",\n  \"duration\" \"10 s\"\n}"), "syntax 3:14")
      << "where the text stands that cannot be used";
  EXPECT_EQ(refused("{} {}"), "syntax 1:4");
  EXPECT_EQ(refused("{\"a\": 1,}"), "syntax 1:9");
  EXPECT_EQ(refused("{'a': 1}"), "syntax 1:2");
  EXPECT_EQ(refused("// hello\n{}"), "syntax 1:1");
  EXPECT_EQ(refused("{\"a\": 01}"), "syntax 1:8");
  EXPECT_EQ(refused("{\"a\": NaN}"), "syntax 1:7");
  EXPECT_EQ(refused("{\"a\": 1e999}"), "number-range 1:7");
  EXPECT_EQ(refused("{\"a\": \"\\ud800\"}").substr(0, 6), "syntax") << "half a surrogate pair";
}

TEST(Reader, DuplicateKeysAreFoundAtTheSecond) {
  EXPECT_EQ(refused("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}"), "duplicate-key 3:2");
  EXPECT_EQ(refused("{\"x\": [{\"a\": 1, \"\\u0061\": 2}]}"), "duplicate-key 1:17") << "after decoding";
}

TEST(Reader, OnlyUtf8WithoutNul) {
  EXPECT_EQ(refused("{\"a\": \"\xFF\"}"), "not-utf8 1:8");
  EXPECT_EQ(refused("{\"a\": \"\xC0\xAF\"}"), "not-utf8 1:8") << "overlong slash";
  EXPECT_EQ(refused("{\"a\": \"\xED\xA0\x80\"}"), "not-utf8 1:8") << "encoded surrogate";
  EXPECT_EQ(refused("{\"a\": \"\xF4\x90\x80\x80\"}"), "not-utf8 1:8") << "above U+10FFFF";
  EXPECT_EQ(refused("{\"a\": \"\xE2\x82"), "not-utf8 1:8") << "cut short";
  EXPECT_EQ(refused(std::string_view("{\"a\": 1}\0{", 10)), "syntax 1:9") << "a parser may stop at NUL";
  EXPECT_EQ(refused(""), "empty 1:1");
  EXPECT_EQ(refused(" \n\t "), "empty 1:1");
}

TEST(Reader, LimitsHoldOnBothSides) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  (void)parsed(nested(limits::depth));
  EXPECT_EQ(refused(nested(limits::depth + 1)), "too-deep 1:65");
  EXPECT_EQ(refused(std::string(10'000, '[')), "too-deep 1:65");

  (void)parsed("\"" + std::string(limits::text_bytes - 1, 'x') + "\"");
  EXPECT_EQ(refused("\"" + std::string(limits::text_bytes + 2, 'x') + "\""), "too-large 1:1");
  std::string escapes = "\"";
  for (std::size_t i = 0; i < limits::text_bytes; ++i) escapes += "\\\"";
  EXPECT_EQ(refused(escapes), "too-large 1:1") << "escapes are no way round";

  (void)parsed(std::string(limits::word_bytes / 4, '9'));
  EXPECT_EQ(refused(std::string(limits::word_bytes + 1, '9')), "too-large 1:1");

  const auto list = [](std::size_t n) {
    std::string text = "[1";
    for (std::size_t i = 1; i < n; ++i) text += ",1";
    return text + "]";
  };
  EXPECT_EQ(parsed(list(limits::values - 1)).size(), limits::values);
  EXPECT_EQ(refused(list(limits::values)).substr(0, 9), "too-large");
}

TEST(Tree, CanonicalFormForgetsOrderAndPlace) {
  const Tree a = parsed(R"({"x": 1, "y": [true, null, "q"], "name": "n"})");
  const Tree b = parsed("{\"y\":[true,null,\"q\"],\n\n\"x\":1}");
  EXPECT_EQ(a.canonical(a.root(), "name"), b.canonical(b.root(), "name"));
  const Tree c = parsed(R"({"x": 1, "y": [true, "null", "q"]})");
  EXPECT_NE(a.canonical(a.root(), "name"), c.canonical(c.root())) << "null and \"null\" differ";
}

}  // namespace
}  // namespace brokersim::scenario
