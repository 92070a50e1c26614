// expect: limits on metrics, verdicts of laws, states that must have been reached.
#include <charconv>
#include <cstdlib>

#include "app/scenario/build.h"
#include "app/scenario/limits.h"
#include "app/scenario/metrics.h"
#include "app/scenario/validate.h"

namespace brokersim::scenario {
namespace {

/// Dimension of a metric's quantities and base units per unit of the metric; none for a plain count.
struct QuantityForm {
  Dimension dimension;
  double per_unit;
};
std::optional<QuantityForm> form_of(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::count: return std::nullopt;
    case MetricUnit::milliseconds: return QuantityForm{Dimension::duration, 1e6};
    case MetricUnit::seconds: return QuantityForm{Dimension::duration, 1e9};
    case MetricUnit::per_second: return QuantityForm{Dimension::rate, 1e3};
    case MetricUnit::bytes_per_second: return QuantityForm{Dimension::bandwidth, 1};
  }
  return std::nullopt;
}

/// A JSON number; nothing if no double can hold it.
std::optional<double> parse_double(const std::string& text) {
#ifdef __cpp_lib_to_chars
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return std::nullopt;
#else  // libc++ 14: strtod, which reads the same where the locale is "C", as it is in WebAssembly.
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() + text.size() && value - value == 0.0) return value;
  return std::nullopt;
#endif
}

/// A number or quantity as a value of `metric`; reports what is wrong with it.
std::optional<double> metric_value(Document& doc, NodeId node, const Metric& metric) {
  const Node& n = doc.tree[node];
  const auto form = form_of(metric.unit);
  if (n.kind == NodeKind::number) {
    if (const auto value = parse_double(n.text)) return value;
    doc.error(node, "number-range",
              shown(n.key, 60) + " is " + shown(n.text, 60) + ", which no limit can be");
    return std::nullopt;
  }
  if (n.kind != NodeKind::text) return std::nullopt;
  if (!form) {
    doc.error(node, "wrong-type",
              shown(n.key, 60) + " is " + in_quotes(n.text) + ", but " + metric.name + " is a plain number",
              "write it without quotes");
    return std::nullopt;
  }
  const auto parsed = parse_quantity(n.text, form->dimension);
  if (const auto* error = std::get_if<QuantityError>(&parsed)) {
    doc.error(node, error->code, shown(n.key, 60) + " is " + in_quotes(n.text) + ", which " + error->message,
              error->hint);
    return std::nullopt;
  }
  return static_cast<double>(std::get<std::int64_t>(parsed)) / form->per_unit;
}

class ExpectationBuilder {
 public:
  ExpectationBuilder(Build& build, const View& view) : build_(build), doc_(build.doc), view_(view) {}

  void make() {
    const std::string& tag = view_.table().tag;
    if (tag == "metric") return metric();
    Expectation e;
    e.name = view_.text(tag).value_or("");
    if (tag == "sometimes") {
      e.kind = ExpectationKind::sometimes;
      e.text = "sometimes " + e.name;
    } else {
      e.kind = ExpectationKind::check;
      const std::string verdict = view_.text("verdict").value_or("holds");
      for (const auto v :
           {checkers::Verdict::holds, checkers::Verdict::violated, checkers::Verdict::not_applicable}) {
        if (to_string(v) == verdict) e.verdict = v;
      }
      e.text = "check " + e.name + " " + verdict;
    }
    build_.out.expect.push_back(std::move(e));
  }

 private:
  void metric() {
    const Metric* metric = find_metric(view_.text("metric").value_or(""));
    check_of();
    bool any = false;
    for (const auto& [field, comparison] : {std::pair{"equals", Comparison::equals},
                                            {"at_least", Comparison::at_least},
                                            {"at_most", Comparison::at_most}}) {
      const NodeId node = view_.member(field);
      if (node == no_node) continue;
      any = true;
      if (metric == nullptr) continue;
      const auto value = metric_value(doc_, node, *metric);
      if (!value) continue;
      Expectation e;
      e.kind = ExpectationKind::metric;
      e.name = metric->name;
      e.of = view_.text("of").value_or("");
      e.comparison = comparison;
      e.limit = *value;
      const bool bare = doc_.tree[node].kind == NodeKind::number && metric->unit != MetricUnit::count;
      e.text = e.name + (e.of.empty() ? "" : " of " + e.of) + " " + field + " " + doc_.tree[node].text +
               (bare ? " " + std::string(to_string(metric->unit)) : "");
      build_.out.expect.push_back(std::move(e));
    }
    if (!any)
      doc_.error(view_.node(), "missing-field", "the expectation has no limit",
                 "add \"equals\", \"at_most\" or \"at_least\"");
  }

  /// `of` is a workload or a partition of some system.
  void check_of() {
    const NodeId of = view_.member("of");
    if (of == no_node || doc_.tree[of].kind != NodeKind::text) return;
    const std::string& text = doc_.tree[of].text;
    if (build_.workload_names.contains(text)) return;
    const std::size_t slash = text.rfind('/');
    const auto number = slash == std::string::npos
                            ? std::variant<std::int64_t, QuantityError>{QuantityError{}}
                            : parse_integer(std::string_view(text).substr(slash + 1));
    const auto* partition = std::get_if<std::int64_t>(&number);
    for (const kafka::ClusterConfig& cluster : build_.out.config.clusters) {
      for (const kafka::TopicSpec& topic : cluster.topics) {
        if (partition != nullptr && text.substr(0, slash) == topic.name && *partition >= 0 &&
            *partition < topic.partitions)
          return;
      }
    }
    const std::string hint = doc_.suggest(text, [&] {
      std::vector<std::string> known(build_.workload_names.begin(), build_.workload_names.end());
      for (const kafka::ClusterConfig& cluster : build_.out.config.clusters) {
        for (const kafka::TopicSpec& topic : cluster.topics) known.push_back(topic.name + "/0");
      }
      return known;
    });
    doc_.error(of, "unknown-value", in_quotes(text) + " is neither a workload nor a partition", hint);
  }

  Build& build_;
  Document& doc_;
  const View& view_;
};

}  // namespace

void build_expectations(Build& build, const View& scenario) {
  const auto all = scenario.elements("expect");
  if (static_cast<std::int64_t>(all.size()) > limits::expectations) {
    build.doc.error(scenario.member("expect"), "too-many-expectations",
                    "there are " + std::to_string(all.size()) + " expectations, but at most " +
                        std::to_string(limits::expectations) + " can be checked");
    return;
  }
  for (const NodeId node : all) {
    const Table* table = choose(build.doc, node, expectation_variants(), false);
    if (table != nullptr) ExpectationBuilder(build, View(build.doc, node, *table)).make();
  }
}

void build_published(Build& build, const View& scenario) {
  for (const NodeId node : scenario.elements("published")) {
    const View view(build.doc, node, published_table());
    const Metric* metric = find_metric(view.text("metric").value_or(""));
    if (metric == nullptr || !view.has("value")) continue;
    if (const auto value = metric_value(build.doc, view.member("value"), *metric)) {
      build.out.published.push_back(
          {metric->name, view.text("of").value_or(""), *value, view.text("source").value_or("")});
    }
  }
}

}  // namespace brokersim::scenario
