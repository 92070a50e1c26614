#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {

int check(const std::vector<std::string>& files, const std::vector<std::string>& overrides, std::ostream& out,
          std::ostream& err) {
  int answer = exit_ok;
  for (const std::string& file : files) {
    const scenario::LoadResult loaded = scenario::load_file(file, overrides);
    err << scenario::render(loaded.diagnostics);
    if (!loaded.scenario) {
      answer = worse(answer, exit_usage);
      continue;
    }
    const world::Config& config = loaded.scenario->config;
    const std::size_t workloads = config.producers.size() + config.consumers.size() + config.transactions.size() +
                                  config.pipelines.size() + config.shares.size() + config.outbox_services.size() +
                                  config.outbox_publishers.size() + config.inbox_consumers.size();
    out << scenario::shown(file) << ": ok, " << scenario::counted(config.hosts.size(), "host") << ", "
        << scenario::counted(workloads, "workload") << ", "
        << scenario::counted(config.faults.size(), "fault") << ", "
        << scenario::counted(loaded.scenario->expect.size(), "expectation") << "\n";
  }
  return answer;
}

}  // namespace brokersim::cli
