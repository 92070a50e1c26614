#include "app/cli/talk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/scenario/diagnostic.h"
#include "app/scenario/quantity.h"

namespace brokersim::cli {
namespace {

volatile std::sig_atomic_t noted_signal = 0;
void note(int) { noted_signal = 1; }

}  // namespace

Interrupts::Interrupts() {
  noted_signal = 0;
  struct sigaction action {};
  action.sa_handler = note;  // without SA_RESTART: who waits shall look
  ::sigaction(SIGINT, &action, &int_before_);
  ::sigaction(SIGTERM, &action, &term_before_);
}
Interrupts::~Interrupts() {
  ::sigaction(SIGINT, &int_before_, nullptr);
  ::sigaction(SIGTERM, &term_before_, nullptr);
}
bool Interrupts::noted() { return noted_signal != 0; }

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ProgressLine::ProgressLine(std::ostream& err) : err_(err), terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& text) {
  const double now = seconds_now();
  if (!terminal_ || (shown_ && now - shown_at_ < 0.1)) return;
  shown_at_ = now;
  shown_ = true;
  err_ << "\r" << text << "\033[K" << std::flush;
}

void ProgressLine::clear() {
  if (shown_) err_ << "\r\033[K" << std::flush;
  shown_ = false;
}

std::string write_whole(const std::string& path, const std::string& text) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind == std::filesystem::file_type::directory) return std::strerror(EISDIR);
  // Beside what a link leads to, not in place of the link; and a device or a pipe is written to, never replaced.
  std::string target = path;
  if (kind == std::filesystem::file_type::regular) {
    const auto real = std::filesystem::canonical(path, error);
    if (!error) target = real.string();
  }
  const bool replaces =
      kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::not_found;
  const std::string beside = replaces ? target + ".part" : target;
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return std::strerror(errno);
  std::string why;
  for (std::size_t done = 0; done < text.size() && why.empty();) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      why = std::strerror(errno);
    } else {
      done += static_cast<std::size_t>(wrote);
    }
  }
  if (why.empty() && ::fsync(file) != 0 && errno != EINVAL && errno != EROFS) why = std::strerror(errno);
  if (::close(file) != 0 && why.empty()) why = std::strerror(errno);
  if (!replaces) return why;
  if (why.empty() && std::rename(beside.c_str(), target.c_str()) != 0) why = std::strerror(errno);
  if (!why.empty()) ::unlink(beside.c_str());
  return why;
}

void complain(std::ostream& err, const std::string& code, const std::string& message,
              const std::string& place, const std::string& hint) {
  err << "error: " << scenario::shown(message, 2'000) << "   [" << code << "]\n  --> "
      << scenario::shown(place) << "\n";
  if (!hint.empty()) err << "  hint: " << hint << "\n";
}

std::optional<std::int64_t> duration_option(const std::string& option, const std::string& text,
                                            std::ostream& err, bool may_be_zero) {
  const auto parsed = scenario::parse_quantity(text, scenario::Dimension::duration);
  if (const auto* ns = std::get_if<std::int64_t>(&parsed)) {
    if (*ns > 0 || may_be_zero) return *ns;
    complain(err, "usage/duration", scenario::in_quotes(text) + " is no time to do anything in", option,
             "more than \"0 s\"");
    return std::nullopt;
  }
  const auto& wrong = std::get<scenario::QuantityError>(parsed);
  complain(err, "usage/duration", scenario::in_quotes(text) + " " + wrong.message, option,
           wrong.hint.empty() ? "such as \"30 s\"" : wrong.hint);
  return std::nullopt;
}

}  // namespace brokersim::cli
