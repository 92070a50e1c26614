// export-log and inspect-log: simulated logs as real files, and real files judged by our rules.
#include <charconv>

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/logdir/export.h"
#include "app/logdir/inspect.h"
#include "app/scenario/quantity.h"
#include "app/scenario/scenario.h"
#include "models/world/kafka_cluster.h"
#include "models/world/world.h"

namespace brokersim::cli {
namespace {

/// By id or by host name; -1: no such broker.
std::int32_t find_broker(const kafka::ClusterConfig& cluster, const std::string& text) {
  for (std::size_t i = 0; i < cluster.broker_hosts.size(); ++i) {
    if (text == cluster.broker_hosts[i] || text == std::to_string(i)) return static_cast<std::int32_t>(i);
  }
  return -1;
}

/// Shortens the run to `at`. False, with a message, if that is no instant of the run.
bool stop_at(const std::string& at, world::Config& config, std::ostream& err) {
  if (at.empty()) return true;
  const auto parsed = scenario::parse_quantity(at, scenario::Dimension::duration);
  const std::int64_t* instant = std::get_if<std::int64_t>(&parsed);
  if (instant != nullptr && *instant > 0 && *instant <= config.duration.ns) {
    config.duration = {*instant};
    return true;
  }
  err << "error: --at \"" << scenario::shown(at)
      << "\" is not an instant of this run\n  hint: a time with its unit, above 0 and at most the "
      << "scenario's duration, such as --at \"30 s\"\n";
  return false;
}

}  // namespace

int export_log(const ExportLogOptions& options, std::ostream& out, std::ostream& err) {
  scenario::LoadResult loaded = scenario::load_file(options.file, options.overrides);
  err << scenario::render(loaded.diagnostics);
  if (!loaded.scenario) return exit_usage;
  world::Config& config = loaded.scenario->config;
  if (config.clusters.empty()) {
    err << "error: the scenario has no Kafka cluster, so there is no log to export\n";
    return exit_usage;
  }
  const std::int32_t broker = find_broker(config.clusters.front(), options.broker);
  if (broker < 0) {
    err << "error: no broker \"" << scenario::shown(options.broker)
        << "\" in this scenario\n  hint: an id from 0 to " << config.clusters.front().broker_hosts.size() - 1
        << ", or the name of its host, such as " << config.clusters.front().broker_hosts.front() << "\n";
    return exit_usage;
  }
  if (!stop_at(options.at, config, err)) return exit_usage;
  std::uint64_t seed = config.seed;
  if (!options.seed.empty()) {
    const auto seeds = parse_seeds(options.seed);
    if (!seeds || seeds->size() != 1) {
      err << "error: \"" << scenario::shown(options.seed) << "\" is not a seed\n  hint: --seed 42\n";
      return exit_usage;
    }
    seed = seeds->front();
  }
  world::World world(config, seed);
  const world::RunEnd end = world::run(world);
  if (!end.completed) {
    err << "error: a check of ours failed: " << end.bug << "\n";
    return exit_bug;
  }
  const logdir::ExportSummary summary = logdir::export_log(world, broker, options.directory);
  if (!summary.error.empty()) {
    err << "error: " << scenario::shown(summary.error)
        << "\n  hint: name a new directory on a disk with room\n";
    return exit_usage;
  }
  out << "broker " << broker << " of " << scenario::shown(options.file) << ", seed " << seed << ": "
      << scenario::counted(static_cast<std::size_t>(summary.partitions), "partition") << ", "
      << summary.batches << " whole batches"
      << ", " << scenario::counted(static_cast<std::size_t>(summary.torn), "torn extent") << ", "
      << summary.bytes << " bytes in " << scenario::counted(static_cast<std::size_t>(summary.files), "file")
      << "\n";
  for (const std::string& directory : summary.directories) out << scenario::shown(directory) << "\n";
  return exit_ok;
}

int inspect_log(const InspectLogOptions& options, std::ostream& out, std::ostream& err) {
  logdir::BatchSink sink;
  if (options.batches) {
    sink = [&out](const logdir::PartitionReport& partition, const logdir::SegmentReport& segment,
                  const log::format::BatchHeader& header, std::int64_t position) {
      out << logdir::batch_json(partition, segment, header, position) << '\n';
    };
  }
  std::string error;
  const auto report = logdir::inspect(options.directory, sink, error);
  if (!report) {
    err << "error: " << scenario::shown(options.directory) << ": " << error
        << "\n  hint: name a directory of log.dirs, or one partition's directory in it\n";
    return exit_usage;
  }
  if (!options.batches)
    out << (options.json ? logdir::to_json(*report) : logdir::render_text(*report)) << '\n';
  return exit_ok;
}

}  // namespace brokersim::cli
