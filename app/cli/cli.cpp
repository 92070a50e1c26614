#include "app/cli/cli.h"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

constexpr const char* set_help =
    "Replace the value at a JSON pointer before anything is checked: --set /duration=\"30 s\". May be "
    "repeated.";

/// What the commands were given; CLI11 fills it, one command then reads its part.
struct Options {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  std::string subject;
  bool markdown = false;
};

void add_set(CLI::App& command, Options& options) {
  command.add_option("--set", options.overrides, set_help)
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false)
      ->take_all();
}

}  // namespace

int worse(int a, int b) {
  static constexpr std::array order{exit_ok, exit_inconclusive, exit_failed, exit_usage, exit_bug};
  const auto rank = [](int code) { return std::find(order.begin(), order.end(), code) - order.begin(); };
  return rank(a) >= rank(b) ? a : b;
}

int run_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Options options;
  CLI::App app(
      "Runs real message-broker logic on virtual time: which acknowledged records a fault destroys, and why.",
      "brokersim");
  app.require_subcommand(1);

  CLI::App* check_command =
      app.add_subcommand("check", "Say everything that is wrong with scenario files; run nothing.");
  check_command->add_option("FILE", options.files, "Scenario files.")->required();
  add_set(*check_command, options);

  CLI::App* schema_command = app.add_subcommand("schema", "Print the JSON Schema of scenario files.");
  schema_command->add_flag("--markdown", options.markdown, "Print the reference page instead.");

  CLI::App* list_command = app.add_subcommand("list", "List what scenarios may name.");
  list_command->add_option("WHAT", options.subject, "hardware, faults, checks or metrics.")
      ->required()
      ->check(CLI::IsMember(list_subjects()));

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // As CLI11 wants them.
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    // Help is data that was asked for; anything else is a mistake in the command line.
    return app.exit(error, out, err) == 0 ? exit_ok : exit_usage;
  }
  if (check_command->parsed()) return check(options.files, options.overrides, out, err);
  if (list_command->parsed()) return list(options.subject, out);
  if (schema_command->parsed())
    out << (options.markdown ? scenario::format_markdown() : scenario::schema_json());
  return exit_ok;
}

}  // namespace brokersim::cli
