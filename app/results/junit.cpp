#include "app/results/junit.h"

#include <cstdio>

#include "app/results/text.h"
#include "sim/fingerprint.h"

namespace brokersim::results {
namespace {

/// Text and attribute values: markup escaped, characters that XML 1.0 forbids replaced.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      case '\t': out += "&#9;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

std::string element(const std::string& tag, const std::string& message, const std::string& body) {
  std::string text = body;
  // Line breaks stay as they are in the body.
  std::string lines = escaped(text);
  for (std::size_t at = lines.find("&#10;"); at != std::string::npos; at = lines.find("&#10;", at))
    lines.replace(at, 5, "\n");
  return "    <" + tag + " message=\"" + escaped(message) + "\">" + lines + "</" + tag + ">\n";
}

std::string property(const char* name, const std::string& value) {
  return std::string("<property name=\"") + name + "\" value=\"" + value + "\"/>";
}

std::string message_of(const RunResult& result) {
  if (!result.facts.bug.empty()) return result.facts.bug;
  std::string message;
  for (const std::string& id : result.failed_laws) message += (message.empty() ? "law " : ", law ") + id;
  for (const ExpectationResult& e : result.expectations) {
    if (e.verdict == ExpectationVerdict::holds) continue;
    message += (message.empty() ? "" : ", ") + e.text + ": " + e.detail;
  }
  return message;
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

}  // namespace

std::string to_junit(const std::string& suite, const std::vector<TestCase>& cases) {
  std::string body;
  int tests = 0;
  int failures = 0;
  int errors = 0;
  double time = 0;
  for (const TestCase& test : cases) {
    if (!test.diagnostics.empty() || test.runs.empty()) {
      ++tests;
      ++errors;
      const std::string name = (test.canary ? "canary " : "") + test.file;
      const char* const wrong = test.diagnostics.empty() ? "nothing was run"
                                : test.canary            ? "the canary proves nothing"
                                                         : "the scenario is wrong";
      body += "  <testcase classname=\"" + escaped(suite) + "\" name=\"" + escaped(name) + "\" time=\"0\">\n" +
              element("error", wrong, test.diagnostics) +
              "  </testcase>\n";
      continue;
    }
    for (const RunResult& run : test.runs) {
      ++tests;
      time += run.facts.wall_seconds;
      const std::string name =
          test.file + (test.runs.size() > 1 ? " seed " + std::to_string(run.facts.seed) : "");
      body += "  <testcase classname=\"" + escaped(suite) + "\" name=\"" + escaped(name) + "\" time=\"" +
              seconds(run.facts.wall_seconds) + "\">\n" +
              "    <properties>" + property("seed", std::to_string(run.facts.seed)) +
              property("fingerprint", sim::hex16(run.facts.fingerprint)) + "</properties>\n";
      const int code = run.exit_code();
      if (code != 0) {
        const bool failed = code == 1;
        (failed ? failures : errors) += 1;
        body += element(failed ? "failure" : "error", message_of(run), render_text(run, {.width = 110}));
      }
      body += "  </testcase>\n";
    }
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" + escaped(suite) + "\" tests=\"" +
         std::to_string(tests) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"" +
         std::to_string(errors) + "\" time=\"" + seconds(time) + "\">\n" + body + "</testsuite>\n";
}

}  // namespace brokersim::results
