// parse_json(): nlohmann's SAX parser decides what is JSON; a walk in step with it finds the places.
#include "app/scenario/reader.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/scenario/limits.h"
#include "app/scenario/scan.h"

namespace brokersim::scenario {
namespace {

struct Position {
  std::int32_t line = 1;
  std::int32_t column = 1;
};

/// Follows the parser through the same text, token by token: each call of next() skips blanks, commas
/// and colons, and gives the place where the next token starts.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text), at_(text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0) {
    line_start_ = at_;
  }

  Position next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' ||
                                  text_[at_] == '\r' || text_[at_] == ',' || text_[at_] == ':')) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
      ++at_;
    }
    return {line_, static_cast<std::int32_t>(at_ - line_start_) + 1};
  }

  /// Steps over the token at which next() stands, and returns it as written.
  std::string_view step() {
    const std::size_t start = at_;
    if (at_ >= text_.size()) return {};
    if (text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\') ++at_;
      }
      ++at_;
    } else if (text_[at_] == '{' || text_[at_] == '}' || text_[at_] == '[' || text_[at_] == ']') {
      ++at_;
    } else {
      while (at_ < text_.size() &&
             std::string_view(" \t\r\n,:[]{}\"").find(text_[at_]) == std::string_view::npos)
        ++at_;
    }
    at_ = std::min(at_, text_.size());
    return text_.substr(start, at_ - start);
  }

 private:
  std::string_view text_;
  std::size_t at_;
  std::size_t line_start_ = 0;
  std::int32_t line_ = 1;
};

Position position_of(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  Position p;
  const std::size_t bom = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
  std::size_t line_start = bom;
  for (std::size_t i = bom; i < at; ++i) {
    if (text[i] == '\n') {
      ++p.line;
      line_start = i + 1;
    }
  }
  p.column = static_cast<std::int32_t>(at - std::min(at, line_start)) + 1;
  return p;
}

/// nlohmann's words without its prefix: "... - invalid literal; last read: '...'; expected ']'".
std::string plain_reason(std::string reason) {
  const std::size_t colon = reason.find("column ");
  if (colon != std::string::npos) {
    const std::size_t end = reason.find(": ", colon);
    if (end != std::string::npos) reason.erase(0, end + 2);
  }
  return shown(reason, 160);
}

class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::string& name, Problems& problems)
      : text_(text), name_(name), problems_(problems), walker_(text) {}

  bool null() override { return scalar(NodeKind::null, {}, false); }
  bool boolean(bool value) override { return scalar(NodeKind::boolean, {}, value); }
  bool number_integer(number_integer_t) override { return scalar(NodeKind::number, {}, false); }
  bool number_unsigned(number_unsigned_t) override { return scalar(NodeKind::number, {}, false); }
  bool number_float(number_float_t, const string_t&) override { return scalar(NodeKind::number, {}, false); }
  bool string(string_t& value) override { return scalar(NodeKind::text, std::move(value), false); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& value) override {
    key_position_ = walker_.next();
    walker_.step();
    key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t) override { return open(NodeKind::object); }
  bool start_array(std::size_t) override { return open(NodeKind::array); }
  bool end_object() override {
    report_duplicates(open_.back());
    return close();
  }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& error) override {
    if (error.id == 406) {  // A number that no double can hold.
      const Position p = walker_.next();
      const std::string word = in_quotes(walker_.step());
      report(p, "number-range", "the number " + word + " is too large", "");
      return false;
    }
    // The parser stands at the end of what it could not use, the walker at its start (unless it has run on).
    const Position end = position_of(text_, at > 0 ? at - 1 : 0);
    const Position start = walker_.next();
    const Position p = std::tie(start.line, start.column) < std::tie(end.line, end.column) ? start : end;
    report(p, "syntax", "this is not JSON: " + plain_reason(error.what()), "");
    return false;
  }

  Tree take() { return std::move(tree_); }

 private:
  bool scalar(NodeKind kind, std::string text, bool boolean) {
    Node node = place(kind);
    const std::string_view written = walker_.step();
    node.boolean = boolean;
    node.text = kind == NodeKind::number ? std::string(written) : std::move(text);
    tree_.add(open_.empty() ? no_node : open_.back(), std::move(node));
    return within_limit();
  }

  bool open(NodeKind kind) {
    Node node = place(kind);
    walker_.step();
    open_.push_back(tree_.add(open_.empty() ? no_node : open_.back(), std::move(node)));
    return within_limit();
  }

  bool close() {
    walker_.next();
    walker_.step();
    open_.pop_back();
    return true;
  }

  Node place(NodeKind kind) {
    const Position p = walker_.next();
    Node node;
    node.kind = kind;
    node.line = p.line;
    node.column = p.column;
    if (!open_.empty() && tree_[open_.back()].kind == NodeKind::object) {
      node.key = std::move(key_);
      node.key_line = key_position_.line;
      node.key_column = key_position_.column;
    }
    return node;
  }

  bool within_limit() {
    if (tree_.size() <= limits::values) return true;
    const Node& last = tree_[static_cast<NodeId>(tree_.size() - 1)];
    report({last.line, last.column}, "too-large",
           "the file holds more than " + std::to_string(limits::values) + " values", "");
    return false;
  }

  void report_duplicates(NodeId object) {
    std::vector<NodeId> members;
    for (NodeId child = tree_[object].first; child != no_node; child = tree_[child].next)
      members.push_back(child);
    std::stable_sort(members.begin(), members.end(),
                     [&](NodeId a, NodeId b) { return tree_[a].key < tree_[b].key; });
    for (std::size_t i = 1; i < members.size(); ++i) {
      const Node& again = tree_[members[i]];
      if (tree_[members[i - 1]].key != again.key) continue;
      problems_.add({Severity::error, "scenario/duplicate-key", in_quotes(again.key) + " is given twice",
                     name_, again.key_line, again.key_column, tree_.pointer(members[i]),
                     "the first one is on line " + std::to_string(tree_[members[i - 1]].key_line) +
                         "; keep one of them"});
    }
  }

  void report(Position p, std::string code, std::string message, std::string hint) {
    problems_.add({Severity::error, "scenario/" + std::move(code), std::move(message), name_, p.line,
                   p.column, "", std::move(hint)});
  }

  std::string_view text_;
  const std::string& name_;
  Problems& problems_;
  Walker walker_;
  Tree tree_;
  std::vector<NodeId> open_;
  std::string key_;
  Position key_position_;
};

}  // namespace

std::optional<Tree> parse_json(std::string_view text, const std::string& name, Problems& problems) {
  if (const auto fault = scan(text)) {
    const Position p = position_of(text, fault->at);
    problems.add({Severity::error, "scenario/" + fault->code, fault->message, name, p.line, p.column, "",
                  fault->hint});
    return std::nullopt;
  }
  Builder builder(text, name, problems);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace brokersim::scenario
