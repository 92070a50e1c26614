#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/scenario/field.h"
#include "app/scenario/metrics.h"
#include "app/scenario/presets.h"
#include "models/checkers/law_book.h"
#include "models/checkers/probes.h"

namespace brokersim::cli {
namespace {

/// One entry a line, the second column aligned.
void columns(const std::vector<std::pair<std::string, std::string>>& rows, std::ostream& out) {
  std::size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, name.size());
  for (const auto& [name, text] : rows)
    out << name << std::string(width - name.size() + 2, ' ') << text << "\n";
}

std::vector<std::pair<std::string, std::string>> faults() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const scenario::Table* table : scenario::fault_variants().tables)
    rows.emplace_back(table->tag, table->doc);
  return rows;
}

std::vector<std::pair<std::string, std::string>> checks() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const checkers::CheckInfo& check : checkers::checks())
    rows.emplace_back(check.id, check.title + " Applies: " + check.applies + ".");
  return rows;
}

std::vector<std::pair<std::string, std::string>> metrics() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const scenario::Metric& metric : scenario::metrics()) rows.emplace_back(metric.name, metric.doc);
  return rows;
}

std::vector<std::pair<std::string, std::string>> probes() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const checkers::ProbeInfo& probe : checkers::probes()) rows.emplace_back(probe.name, probe.doc);
  return rows;
}

}  // namespace

std::vector<std::string> list_subjects() { return {"hardware", "faults", "checks", "metrics", "probes"}; }

int list(const std::string& what, std::ostream& out) {
  if (what == "hardware") out << scenario::list_hardware();
  if (what == "faults") columns(faults(), out);
  if (what == "checks") columns(checks(), out);
  if (what == "metrics") columns(metrics(), out);
  if (what == "probes") columns(probes(), out);
  return exit_ok;
}

}  // namespace brokersim::cli
