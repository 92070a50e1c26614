// replay: a tape run again, on this build; and tapes of runs.
#include "app/replay/replay.h"

#include "app/cli/cli.h"
#include "app/cli/commands.h"
#include "app/cli/talk.h"
#include "app/scenario/limits.h"
#include "app/scenario/reader.h"

namespace brokersim::cli {
namespace {

/// Of a tape, in bytes: marks and decisions of the longest run have less than 4 MB, and the document at most 16 MiB.
constexpr std::int64_t kTapeMax = 64ll << 20;

}  // namespace

int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  int code = exit_ok;
  for (const std::string& file : options.files) {
    scenario::Problems problems;
    const auto text = scenario::read_file(file, kTapeMax, problems);
    if (!text) {
      err << scenario::render(problems.all());
      code = worse(code, exit_usage);
      continue;
    }
    std::string why;
    const std::optional<replay::Tape> tape = replay::from_text(*text, why);
    if (!tape) {
      complain(err, "replay/no-tape", why, file,
               "tapes are made by --tape of run, --tapes of test, and by explore");
      code = worse(code, exit_usage);
      continue;
    }
    const replay::Replay replayed = replay::replay(*tape);
    if (options.json) {
      out << replay::to_json(*tape, replayed) << '\n';
    } else {
      out << (options.files.size() > 1 ? file + ": " : "") << replay::render(*tape, replayed);
    }
    code = worse(code, replayed.exit_code());
  }
  out.flush();
  return code;
}

bool write_tape(const std::string& path, const std::string& scenario_file, std::uint64_t seed,
                const std::vector<std::string>& overrides, std::ostream& err) {
  scenario::Problems problems;
  const auto text = scenario::read_file(scenario_file, scenario::limits::file_bytes, problems);
  std::string why = text ? "" : scenario::render(problems.all());
  if (text) why = write_whole(path, replay::to_text(replay::record(*text, scenario_file, seed, overrides)));
  if (why.empty()) return true;
  complain(err, "replay/output", "the tape cannot be written: " + why, path,
           "is the disk full, or the folder not yours to write?");
  return false;
}

}  // namespace brokersim::cli
