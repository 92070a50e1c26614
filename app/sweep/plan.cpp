#include "app/sweep/plan.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/scenario/content.h"

namespace brokersim::sweep {
namespace {

constexpr std::size_t kSettingsMax = 100'000;

bool same(const scenario::Diagnostic& a, const scenario::Diagnostic& b) {
  return a.code == b.code && a.message == b.message && a.file == b.file && a.line == b.line &&
         a.column == b.column && a.pointer == b.pointer;
}

scenario::Diagnostic usage(std::string message, std::string hint) {
  scenario::Diagnostic d;
  d.code = "sweep/usage";
  d.message = std::move(message);
  d.file = "--vary";
  d.hint = std::move(hint);
  return d;
}

/// `inner` is a place within the value at `outer`.
bool within(const std::string& inner, const std::string& outer) {
  return inner.size() > outer.size() && inner.compare(0, outer.size(), outer) == 0 &&
         inner[outer.size()] == '/';
}

}  // namespace

std::variant<Axis, std::string> parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || !text.starts_with('/'))
    return "it must be POINTER=VALUES, such as /workloads/0/config/acks=0,1,all";
  Axis axis{text.substr(0, equals), {}};
  const std::string values = text.substr(equals + 1);
  if (values.starts_with('[')) {
    const auto list = nlohmann::ordered_json::parse(values, nullptr, false);
    if (!list.is_array()) return "its list is not JSON: write /duration='[\"30 s\", \"60 s\"]'";
    for (const auto& value : list) axis.values.push_back(value.dump());
  } else {
    for (std::size_t at = 0; at <= values.size();) {
      const std::size_t comma = std::min(values.find(',', at), values.size());
      if (comma > at) axis.values.push_back(values.substr(at, comma - at));
      at = comma + 1;
    }
  }
  if (axis.values.empty()) return "it has no value to try";
  return axis;
}

PlanResult make_plan(const std::string& text, const std::string& name,
                     const std::vector<std::string>& overrides, std::vector<Axis> axes,
                     std::vector<std::uint64_t> seeds) {
  PlanResult result;
  std::size_t count = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    count *= std::min(axes[i].values.size(), kSettingsMax);
    if (count > kSettingsMax) {
      result.diagnostics.push_back(usage("there are more than 100,000 combinations of values",
                                         "vary fewer places, or try fewer values"));
      return result;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (axes[j].pointer == axes[i].pointer) {
        result.diagnostics.push_back(
            usage(axes[i].pointer + " is varied twice", "give its values in one list"));
        return result;
      }
      if (within(axes[i].pointer, axes[j].pointer) || within(axes[j].pointer, axes[i].pointer)) {
        result.diagnostics.push_back(usage(
            axes[i].pointer + " and " + axes[j].pointer + " hold each other, so that one undoes the other",
            "vary one of them, or places side by side"));
        return result;
      }
    }
    if (axes[i].pointer == "/seed") {
      result.diagnostics.push_back(usage(
          "/seed cannot be varied: every combination runs with the sweep's own seeds", "give --seeds 1..20"));
      return result;
    }
    for (std::size_t v = 0; v < axes[i].values.size(); ++v) {
      if (std::find(axes[i].values.begin(), axes[i].values.begin() + static_cast<std::ptrdiff_t>(v),
                    axes[i].values[v]) != axes[i].values.begin() + static_cast<std::ptrdiff_t>(v)) {
        result.diagnostics.push_back(usage(axes[i].pointer + " has the value " + axes[i].values[v] + " twice",
                                           "the same run twice is no second run: give each value once"));
        return result;
      }
    }
  }
  Plan plan{std::move(axes), {}, std::move(seeds)};
  bool sound = true;
  for (std::size_t number = 0; number < count; ++number) {
    Setting setting;
    setting.overrides = overrides;
    std::size_t rest = number;
    for (std::size_t i = plan.axes.size(); i-- > 0;) {
      const auto& values = plan.axes[i].values;
      setting.values.insert(setting.values.begin(), values[rest % values.size()]);
      rest /= values.size();
    }
    for (std::size_t i = 0; i < plan.axes.size(); ++i)
      setting.overrides.push_back(plan.axes[i].pointer + "=" + setting.values[i]);
    scenario::LoadResult loaded = scenario::load_text(text, name, setting.overrides);
    for (scenario::Diagnostic& d : loaded.diagnostics) {
      const bool told = std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                                    [&](const scenario::Diagnostic& other) { return same(d, other); });
      if (!told) result.diagnostics.push_back(std::move(d));
    }
    if (!loaded.scenario) {
      sound = false;
      continue;
    }
    setting.scenario = std::move(*loaded.scenario);
    setting.content = scenario::content_id(text, name, setting.overrides).value_or("");
    plan.settings.push_back(std::move(setting));
  }
  if (sound) result.plan = std::move(plan);
  return result;
}

}  // namespace brokersim::sweep
