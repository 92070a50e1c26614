#include "app/scenario/build_shapes.h"

#include <algorithm>
#include <filesystem>

#include "app/scenario/csv_trace.h"
#include "app/scenario/limits.h"
#include "app/scenario/reader.h"
#include "app/scenario/validate.h"
#include "models/world/workload_shape.h"
#include "sim/hash.h"
#include "sim/portable_math.h"

namespace brokersim::scenario {
namespace {

using history::SizeKind;
using history::SizePlan;
using world::kBesideKey;

/// What a record with a key without a text needs.
constexpr std::int64_t kWithPlainKey = history::kPlainKeyBytes + kBesideKey;

class ShapeBuilder {
 public:
  ShapeBuilder(Build& build, const View& view, const kafka::TopicSpec* topic,
               world::ProducerWorkload& workload)
      : doc_(build.doc), view_(view), topic_(topic), w_(workload) {}

  void make() {
    take_keys();
    take_sizes();
    if (w_.arrivals == world::Arrivals::listed && is_object("arrivals")) take_trace();
    check_keys();
    if (w_.keys.tombstone_permille > 0 && keyed()) shape_.tombstones = true;
    if (shape_.needs_law() || shape_.trace)
      w_.shape = std::make_shared<const world::WorkloadShape>(std::move(shape_));
  }

 private:
  bool is_object(std::string_view field) const {
    const NodeId node = view_.member(field);
    return node != no_node && doc_.tree[node].kind == NodeKind::object;
  }

  void take_keys() {
    w_.keys.tombstone_permille = static_cast<std::int32_t>(view_.integer("tombstone_permille").value_or(0));
    w_.keys.seed = sim::hash_name(w_.name);
    w_.keys.keys = view_.integer("keys").value_or(0);
    if (!is_object("keys")) return;
    const View keys = view_.object("keys");
    world::KeyPlan plan;
    plan.names.count = keys.integer("count").value_or(1);
    plan.names.prefix = keys.text("prefix").value_or("");
    plan.names.digits = static_cast<std::int32_t>(*keys.integer("digits"));
    if (plan.names.prefix.size() > 64)
      doc_.error(keys.member("prefix"), "out-of-range", "the prefix has more than 64 bytes", "shorten it");
    if (*keys.text("distribution") == "zipf") {
      plan.exponent = *keys.decimal("exponent");
    } else if (keys.has("exponent")) {
      doc_.error(keys.member("exponent"), "two-selectors", "exponent is of the zipf distribution",
                 "add \"distribution\": \"zipf\", or leave it out");
    }
    take_hot(keys, plan);
    // A Zipf law so steep that its tail rounds to nothing is no error: those keys are not drawn in practice.
    shape_.keys = std::move(plan);
  }

  void take_hot(const View& keys, world::KeyPlan& plan) {
    double share = 0;
    std::int64_t count = 0;
    const Table& table = *keys_table().find("hot")->table;
    for (const NodeId node : keys.elements("hot")) {
      const View group(doc_, node, table);
      plan.hot.push_back({group.decimal("share").value_or(0), *group.integer("keys")});
      share += plan.hot.back().share;
      count += plan.hot.back().keys;
    }
    const auto wrong = [&](const std::string& message, const std::string& hint) {
      doc_.error(keys.member("hot"), "hot-keys", message, hint);
      plan.hot.clear();
    };
    if (count > plan.names.count)
      return wrong("the hot groups have more keys than there are (" + std::to_string(plan.names.count) + ")",
                   "raise count");
    if (share > 1 + 1e-9)
      return wrong("the shares of the hot keys are more than 1 in all", "1 is every record");
    const bool all = share > 1 - 1e-9;
    if (!plan.hot.empty() && count == plan.names.count && !all)
      return wrong("every key is hot, but their shares are less than 1 in all", "raise count, or the shares");
  }

  void take_sizes() {
    if (!is_object("record_size")) {
      w_.record_size = *view_.bytes("record_size");
      return;
    }
    const NodeId node = view_.member("record_size");
    const Table* table = choose(doc_, node, size_variants(), false);
    if (table == nullptr) return;
    const View sizes(doc_, node, *table);
    SizePlan plan;
    const auto bytes = [&](std::string_view field) {
      return sizes.knows(field) ? sizes.bytes(field).value_or(sim::Bytes{0}).n : 0;
    };
    plan.min = std::max(bytes("min"), sizes.knows("min") && sizes.has("min") ? 1 : least());
    plan.max = std::max<std::int64_t>(sizes.knows("max") ? bytes("max") : 1, 1);
    if (table->tag == "uniform") plan.kind = SizeKind::uniform;
    if (table->tag == "exponential") {
      plan.kind = SizeKind::exponential;
      plan.scale = static_cast<double>(std::max<std::int64_t>(bytes("mean"), 1));
    }
    if (table->tag == "lognormal" && !take_lognormal(sizes, plan)) return;
    if (table->tag == "pareto") {
      plan.kind = SizeKind::pareto;
      plan.scale = static_cast<double>(plan.min);
      plan.shape = sizes.decimal("shape").value_or(1);
    }
    if (table->tag == "empirical" && !take_empirical(sizes, plan)) return;
    if (table->tag == "uniform" && (bytes("min") == 0 || bytes("max") == 0))
      return;  // reported: they are required
    if (plan.max < plan.min) {
      doc_.error(sizes.place("max"), "out-of-range",
                 "max is " + std::to_string(plan.max) + " B, but min is " + std::to_string(plan.min) + " B",
                 "swap them");
      return;
    }
    w_.record_size = {
        std::max<std::int64_t>(static_cast<std::int64_t>(history::SizeLaw(plan).mean() + 0.5), 1)};
    shape_.sizes = std::move(plan);
  }

  bool take_lognormal(const View& sizes, SizePlan& plan) {
    plan.kind = SizeKind::lognormal;
    const auto median = sizes.bytes("median");
    const auto mean = sizes.bytes("mean");
    const auto sigma = sizes.decimal("sigma");
    const auto p99 = sizes.bytes("p99");
    const auto wrong = [&](const std::string& message) {
      doc_.error(sizes.node(), "record-size", message,
                 "such as {\"kind\": \"lognormal\", \"median\": \"1 KiB\", \"p99\": \"64 KiB\"}");
      return false;
    };
    if (sizes.wrong("median") || sizes.wrong("mean") || sizes.wrong("sigma") || sizes.wrong("p99"))
      return false;
    if (median.has_value() == mean.has_value())
      return wrong("a lognormal size has either a median or a mean");
    if (sigma.has_value() == p99.has_value()) return wrong("a lognormal size has either a sigma or a p99");
    if (mean && p99) return wrong("a mean goes with sigma, a p99 with the median");
    if (p99 && *p99 < *median) return wrong("the p99 is below the median");
    plan.shape = sigma ? *sigma : history_sigma(static_cast<double>(median->n), static_cast<double>(p99->n));
    plan.scale = median ? static_cast<double>(median->n)
                        : static_cast<double>(mean->n) * sim::portable_exp(-plan.shape * plan.shape / 2);
    return true;
  }

  static double history_sigma(double median, double p99) {
    return sim::LogNormal::from_quantile(median, {0.99, p99}).sigma();
  }

  bool take_empirical(const View& sizes, SizePlan& plan) {
    plan.kind = SizeKind::empirical;
    const Table& table = *sizes.table().find("values")->table;
    plan.min = std::int64_t{1} << 62;
    plan.max = 1;
    for (const NodeId node : sizes.elements("values")) {
      const View value(doc_, node, table);
      const std::int64_t bytes = value.bytes("size").value_or(sim::Bytes{1}).n;
      plan.values.emplace_back(bytes, static_cast<std::uint64_t>(*value.integer("weight")));
      plan.min = std::min(plan.min, bytes);
      plan.max = std::max(plan.max, bytes);
    }
    if (!plan.values.empty()) return true;
    if (sizes.has("values"))
      doc_.error(sizes.member("values"), "empty-list", "there are no sizes",
                 "[{\"size\": \"1 KiB\", \"weight\": 3}]");
    return false;
  }

  /// The smallest record that holds its key.
  std::int64_t least() const {
    if (shape_.keys) {
      return kBesideKey +
             static_cast<std::int64_t>(shape_.keys->names.text(shape_.keys->names.count - 1).size());
    }
    return w_.keys.keys > 0 ? kWithPlainKey : 1;
  }

  void take_trace() {
    const NodeId node = view_.member("arrivals");
    const Table* table = choose(doc_, node, arrival_variants(), false);
    if (table == nullptr) return;
    const View trace(doc_, node, *table);
    const auto source = rows_of(trace, node);
    if (!source) return;
    const auto& [text, path, place] = *source;
    const TraceForm form = form_of(trace);
    if (form.time_column.empty()) {
      doc_.error(trace.member("time_column"), "empty-name", "time_column is empty",
                 "name the column with the time, or leave it out: then it is \"time\"");
      return;
    }
    TraceError error;
    TraceRemarks remarks;
    shape_.trace = parse_trace(text, form, error, &remarks);
    if (!shape_.trace) {
      doc_.problems.add({Severity::error, "scenario/wrong-csv", error.message, path, error.line, error.column,
                         doc_.tree.pointer(place), error.hint});
      return;
    }
    if (remarks.nothing_to_spread)
      doc_.warn(trace.member("spread"), "nothing-to-spread",
                form.count_column.empty()
                    ? "without count_column every row is one record, so there is nothing to spread"
                    : "no row of " + in_quotes(path) +
                          " has more than one record and a later row beside it: nothing is spread",
                form.count_column.empty() ? "count_column says how many records a row is"
                                          : "records of a row come evenly until the next one's time");
    if (remarks.no_gap_to_loop)
      doc_.warn(trace.member("loop"), "no-gap-to-loop",
                "all rows of " + in_quotes(path) +
                    " have one time, so there is no gap to loop by: they are sent once",
                "give a row of a later time; its count may be 0");
    if (remarks.all_counts_zero)
      doc_.warn(place, "no-arrivals", "every count in " + in_quotes(path) + " is 0",
                "count_column says how many records a row is");
    else if (shape_.trace->times.empty())
      doc_.warn(place, "no-arrivals", "no row of " + in_quotes(path) + " is before the workload's stop",
                "time_unit, origin and speed say when rows are sent");
    for (const char* other : {"keys", "record_size"}) {
      const char* column = std::string_view(other) == "keys" ? "key_column" : "size_column";
      if (trace.has(column) && view_.has(other))
        doc_.error(view_.member(other), "two-selectors",
                   std::string(other) + " and " + column + " are two ways to say the same",
                   "leave one of them out");
    }
    if (shape_.trace->sizes) mean_of_rows();
  }

  struct TraceSource {
    std::string text;
    std::string path;  ///< Of the file; "rows" if they stand in the document.
    NodeId place = no_node;
  };
  /// The rows as the text of a CSV file, wherever they stand.
  std::optional<TraceSource> rows_of(const View& trace, NodeId node) {
    if (trace.has("file") == trace.has("rows")) {
      const bool both = trace.has("file");
      doc_.error(
          both ? trace.member("rows") : node, both ? "two-selectors" : "missing-field",
          both ? "file and rows are two ways to say the same" : "neither file nor rows say when records come",
          both ? "leave one of them out" : "name a CSV file as `file`");
      return std::nullopt;
    }
    if (trace.has("rows")) {
      TraceSource source{"", "rows", trace.member("rows")};
      for (const std::string& row : trace.texts("rows")) source.text += row + "\n";
      return source;
    }
    const NodeId place = trace.member("file");
    const auto name = trace.text("file");
    if (!name) return std::nullopt;
    std::string why;
    const auto path = beside(doc_.name, *name, why);
    if (!path) {
      doc_.error(place, "file-outside", in_quotes(*name) + " " + why,
                 "put it beside the scenario, or give its absolute path");
      return std::nullopt;
    }
    Problems problems;
    auto text = read_file(*path, limits::trace_bytes, problems);
    if (!text) {
      for (const Diagnostic& d : problems.all())
        doc_.error(place, d.code.substr(d.code.find('/') + 1), in_quotes(*path) + ": " + d.message);
      return std::nullopt;
    }
    doc_.traces.emplace_back(node, *path);
    return TraceSource{std::move(*text), *path, place};
  }

  TraceForm form_of(const View& trace) const {
    TraceForm form;
    form.time_column = trace.text("time_column").value_or("time");
    const std::string unit = *trace.text("time_unit");
    form.unit = unit == "ms"        ? TimeUnit::ms
                : unit == "us"      ? TimeUnit::us
                : unit == "ns"      ? TimeUnit::ns
                : unit == "iso8601" ? TimeUnit::iso8601
                                    : TimeUnit::s;
    form.from_zero = *trace.text("origin") == "zero";
    form.key_column = trace.text("key_column").value_or("");
    form.size_column = trace.text("size_column").value_or("");
    form.count_column = trace.text("count_column").value_or("");
    form.spread = *trace.boolean("spread");
    form.speed = *trace.decimal("speed");
    form.loop = *trace.boolean("loop");
    const std::string between = *trace.text("delimiter");
    form.delimiter = between == "semicolon" ? ';' : between == "tab" ? '\t' : between == "bar" ? '|' : ',';
    form.start = w_.start;
    form.end = std::min(w_.end, sim::SimTime{limits::duration_ns});
    form.size_min = form.key_column.empty() ? least() : 1;
    form.size_max = std::int64_t{1} << 30;
    return form;
  }

  /// What a record costs its client is that of the mean size; and none is smaller than its key.
  void mean_of_rows() {
    const world::Trace& trace = *shape_.trace;
    std::int64_t sum = 0;
    for (const history::ListedRecord& row : trace.rows) {
      sum += row.size;
      if (trace.keys.empty()) continue;
      const auto key = static_cast<std::int64_t>(trace.keys[row.key].size());
      if (row.size >= key + kBesideKey) continue;
      doc_.error(view_.member("arrivals"), "out-of-range",
                 "a record of " + std::to_string(row.size) + " bytes does not hold its key " +
                     in_quotes(trace.keys[row.key]),
                 "a size counts key and value, and " + std::to_string(kBesideKey) + " bytes beside the key");
      return;
    }
    if (!trace.rows.empty())
      w_.record_size = {std::max<std::int64_t>(sum / static_cast<std::int64_t>(trace.rows.size()), 1)};
  }

  bool listed() const { return shape_.trace && !shape_.trace->keys.empty(); }
  bool keyed() const { return w_.keys.keys > 0 || shape_.keys || listed(); }

  void check_keys() {
    std::int64_t needed = least();
    if (listed() && !shape_.trace->sizes) {
      for (const std::string& key : shape_.trace->keys)
        needed = std::max(needed, kBesideKey + static_cast<std::int64_t>(key.size()));
    }
    const std::int64_t smallest = shape_.sizes ? shape_.sizes->min : w_.record_size.n;
    if (keyed() && smallest < needed && !(shape_.trace && shape_.trace->sizes)) {
      doc_.error(view_.place("record_size"), "out-of-range",
                 "records with keys need at least " + std::to_string(needed) + " bytes", "raise record_size");
    }
    if (!keyed() && topic_ != nullptr && topic_->config.cleanup_compact) {
      doc_.warn(view_.node(), "no-keys", "the topic is compacted, so brokers refuse records without a key",
                "add \"keys\": {\"count\": 1000}");
    }
    if (!keyed() && view_.has("tombstone_permille"))
      doc_.warn(view_.member("tombstone_permille"), "no-keys", "records without a key delete nothing",
                "add keys");
  }

  Document& doc_;
  const View& view_;
  const kafka::TopicSpec* topic_;
  world::ProducerWorkload& w_;
  world::WorkloadShape shape_;
};

}  // namespace

void build_shape(Build& build, const View& view, const kafka::TopicSpec* topic,
                 world::ProducerWorkload& workload) {
  ShapeBuilder(build, view, topic, workload).make();
}

std::optional<std::string> beside(const std::string& document, const std::string& file, std::string& why) {
  namespace fs = std::filesystem;
  if (file.empty() || file.find('\0') != std::string::npos) {
    why = "is not a path";
    return std::nullopt;
  }
  const fs::path path(file);
  if (path.is_absolute()) return path.string();
  const fs::path folder = fs::path(document).parent_path();
  const fs::path plain = path.lexically_normal();
  std::error_code failed;
  const auto whole = [&](const fs::path& p) { return fs::weakly_canonical(fs::absolute(p, failed), failed); };
  const fs::path real = whole(folder / path);
  const fs::path home = whole(folder.empty() ? fs::path(".") : folder);
  const fs::path inside = real.lexically_relative(home);
  const bool leaves = *plain.begin() == ".." || inside.empty() || *inside.begin() == "..";
  if (leaves) {
    why = "leads out of the scenario's folder";
    return std::nullopt;
  }
  return (folder / path).string();
}

}  // namespace brokersim::scenario
