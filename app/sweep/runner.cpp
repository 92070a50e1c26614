#include "app/sweep/runner.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "app/results/execute.h"

namespace brokersim::sweep {
namespace {

class Runner {
 public:
  Runner(const Plan& plan, const Options& options, const std::function<void(const Row&)>& take)
      : plan_(plan), options_(options), take_(take), settings_(plan.settings.size()) {
    for (Progress& setting : settings_) {
      setting.rows.resize(plan.seeds.size());
      setting.values.resize(options.precision.size());
    }
  }

  Ended run() {
    const std::size_t tasks = plan_.settings.size() * plan_.seeds.size();
    const std::size_t threads =
        std::min(static_cast<std::size_t>(options_.jobs), std::max<std::size_t>(tasks, 1));
    std::vector<std::thread> pool;
    for (std::size_t t = 1; t < threads; ++t) pool.emplace_back([this] { work(); });
    work();
    for (auto& thread : pool) thread.join();
    return {ended_.error.empty() && reporting_ == settings_.size(), ended_.error};
  }

 private:
  struct Progress {
    std::vector<std::optional<Row>> rows;     ///< By seed; given away once reported.
    std::vector<std::vector<double>> values;  ///< For each precision, of the rows in order.
    std::size_t in_order = 0;                 ///< Rows that are there without a gap.
    std::size_t reported = 0;
    std::optional<std::size_t> enough;  ///< Rows that are enough.
  };

  [[nodiscard]] std::size_t rows_wanted(const Progress& setting) const {
    return setting.enough.value_or(plan_.seeds.size());
  }

  void work() {
    for (;;) {
      std::size_t setting = 0;
      std::size_t seed = 0;
      {
        const std::lock_guard lock(mutex_);
        if (!ended_.error.empty() || (options_.stop && options_.stop()) || !next(setting, seed)) return;
      }
      Row row = one(setting, seed);
      const std::lock_guard lock(mutex_);
      Progress& progress = settings_[setting];
      if (seed >= progress.rows.size()) continue;  // the setting had enough meanwhile
      progress.rows[seed] = std::move(row);
      advance(setting);
      report();
    }
  }

  /// The next run to make. Held: mutex_.
  bool next(std::size_t& setting, std::size_t& seed) {
    while (setting_ < settings_.size()) {
      if (seed_ < rows_wanted(settings_[setting_])) {
        setting = setting_;
        seed = seed_++;
        return true;
      }
      ++setting_;
      seed_ = 0;
    }
    return false;
  }

  Row one(std::size_t number, std::size_t seed_number) {
    const Setting& setting = plan_.settings[number];
    const std::uint64_t seed = plan_.seeds[seed_number];
    const std::string id = setting.content.empty() ? "" : run_id(setting.content, seed);
    if (auto known = find(id)) return {number, std::move(*known), true};
    const double begin = options_.clock ? options_.clock() : 0;
    results::RunResult result = results::execute(setting.scenario, seed, setting.overrides);
    if (options_.clock) result.facts.wall_seconds = options_.clock() - begin;
    Row row{number, record_of(result, id, options_.metrics), false};
    const std::lock_guard lock(mutex_);
    refuse_unknown(result, row.record);
    // Of a bug nothing is kept: it shall show again.
    if (options_.store != nullptr && !id.empty() && result.facts.bug.empty() &&
        !options_.store->add(id, row.record.line()))
      fail("the store of the sweep could not be written (is the disk full?)");
    return row;
  }

  /// The record in the store, if it has all that is wanted.
  std::optional<Record> find(const std::string& id) {
    if (options_.store == nullptr || id.empty()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const std::string* line = options_.store->find(id);
    if (line == nullptr) return std::nullopt;
    auto record = parse_record(*line);
    if (!record) return std::nullopt;
    for (const MetricName& name : options_.metrics) {
      if (record->find(name.text()) == nullptr) return std::nullopt;
    }
    return record;
  }

  void refuse_unknown(const results::RunResult& result, const Record& record) {
    if (!result.facts.bug.empty()) return;
    for (const MetricName& name : options_.metrics) {
      const auto* value = record.find(name.text());
      if (name.of.empty() || (value != nullptr && *value)) continue;
      const auto names = measured_names(result);
      if (std::find(names.begin(), names.end(), name.of) != names.end()) continue;
      std::string all;
      for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
      fail("\"" + name.text() + "\": the scenario has no workload or partition \"" + name.of + "\"; it has " +
           all);
    }
  }

  /// Takes in what has come without a gap, until it is enough. Held: mutex_.
  void advance(std::size_t number) {
    Progress& setting = settings_[number];
    while (!setting.enough && setting.in_order < setting.rows.size() && setting.rows[setting.in_order]) {
      const Record& record = setting.rows[setting.in_order]->record;
      ++setting.in_order;
      bool all = !options_.precision.empty();
      for (std::size_t i = 0; i < options_.precision.size(); ++i) {
        const auto* value = record.find(options_.precision[i].metric);
        if (value != nullptr && *value) setting.values[i].push_back(**value);
        all = all && precise(setting.values[i], options_.precision[i]);
      }
      if (all) setting.enough = setting.in_order;
    }
  }

  /// Gives away what is next in order. Held: mutex_.
  void report() {
    while (reporting_ < settings_.size()) {
      Progress& setting = settings_[reporting_];
      const std::size_t ready = std::min(setting.in_order, rows_wanted(setting));
      while (setting.reported < ready) take_(*setting.rows[setting.reported++]);
      if (setting.reported < rows_wanted(setting)) return;
      setting.rows.clear();
      ++reporting_;
    }
  }

  void fail(std::string error) {
    if (ended_.error.empty()) ended_.error = std::move(error);
  }

  const Plan& plan_;
  const Options& options_;
  const std::function<void(const Row&)>& take_;
  std::mutex mutex_;
  std::vector<Progress> settings_;
  std::size_t setting_ = 0;  // the next run to hand out
  std::size_t seed_ = 0;
  std::size_t reporting_ = 0;
  Ended ended_;
};

}  // namespace

Ended run(const Plan& plan, const Options& options, const std::function<void(const Row&)>& take) {
  return Runner(plan, options, take).run();
}

}  // namespace brokersim::sweep
