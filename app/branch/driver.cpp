#include "app/branch/driver.h"

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <utility>

#include "app/branch/children.h"
#include "app/branch/frames.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace brokersim::branch {
namespace {

constexpr int kLookMs = 100;
/// Looks for which a worker that was told to stop may still finish what it does.
constexpr int kPatience = 20;

/// The worker's process and this side of its socket. The process is gone when this is.
class WorkerProcess {
 public:
  explicit WorkerProcess(const std::vector<std::string>& command) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      error_ = std::strerror(errno);
      return;
    }
    socket_ = ends[0];
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);  // talk, if any, is no data
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGCHLD);  // ignored here, children there could not be waited for
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int failed =
        ::posix_spawn(&process_, arguments[0], &actions, &attributes, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    ::close(ends[1]);
    if (failed != 0) {
      process_ = -1;
      error_ = std::strerror(failed);
    }
  }
  ~WorkerProcess() {
    if (process_ > 0) static_cast<void>(end());
    if (socket_ >= 0) ::close(socket_);
  }
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] int socket() const { return socket_; }
  void stop() const { ::shutdown(socket_, SHUT_WR); }
  void kill() const { ::kill(process_, SIGKILL); }
  /// Kills it if it runs, reaps it, and says how it ended.
  std::string end() {
    kill();
    int status = 0;
    pid_t reaped = 0;
    while ((reaped = ::waitpid(process_, &status, 0)) < 0 && errno == EINTR) continue;
    process_ = -1;
    return reaped < 0 ? "ended" : ending_text(status);
  }

 private:
  pid_t process_ = -1;
  int socket_ = -1;
  std::string error_;
};

class Driver {
 public:
  Driver(const Request& request, const Plan& plan, const std::function<void(const Outcome&)>& outcome,
         const std::function<bool()>& stop)
      : request_(request), plan_(plan), outcome_(outcome), stop_(stop) {}

  DriveEnd run(const std::vector<std::string>& command) {
    WorkerProcess worker(command);
    if (!worker.error().empty()) {
      end_.error = "the worker process could not be started: " + worker.error();
      return end_;
    }
    if (send_frame(worker.socket(), FrameKind::request, encode(request_))) listen(worker);
    if (!done_ && end_.error.empty()) end_.error = "the worker process " + worker.end();
    for (auto& [number, outcome] : waiting_) hand_on(outcome);
    if (end_.interrupted) end_.error.clear();
    if (end_.error.empty() && !end_.interrupted && end_.told < plan_.tasks())
      end_.error = "the worker process told less than everything";
    return end_;
  }

 private:
  void listen(WorkerProcess& worker) {
    FrameReader reader;
    int looks_left = kPatience;
    while (!done_) {
      pollfd event{worker.socket(), POLLIN, 0};
      const int ready = ::poll(&event, 1, kLookMs);
      if (!end_.interrupted && stop_()) {
        end_.interrupted = true;
        worker.stop();
      }
      if (ready <= 0) {
        if (end_.interrupted && --looks_left == 0) worker.kill();
        continue;
      }
      if (receive(worker.socket(), reader) == Received::ended) return;
      while (const auto frame = reader.next()) take(*frame);
      if (reader.broken()) {
        end_.error = "the worker process sent what is no message";
        return;
      }
    }
  }

  void take(const Frame& frame) {
    std::string_view payload = frame.payload;
    switch (frame.kind) {
      case FrameKind::done: done_ = true; return;
      case FrameKind::refused: end_.error = frame.payload; return;
      case FrameKind::request: return;
      case FrameKind::outcome:
      case FrameKind::died: break;
    }
    const auto number = take_u64(payload);
    const auto cpu_ns = take_u64(payload);
    if (!number || !cpu_ns || *number >= plan_.tasks()) return;
    std::optional<Outcome> outcome = frame.kind == FrameKind::died
                                         ? outcome_of_dead(request_, plan_, *number, std::string(payload))
                                         : decode_outcome(payload);
    if (!outcome) outcome = outcome_of_dead(request_, plan_, *number, "sent no outcome");
    outcome->number = *number;
    outcome->task = plan_.task(*number);
    outcome->cpu_seconds = static_cast<double>(*cpu_ns) / 1e9;
    waiting_.emplace(*number, std::move(*outcome));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      hand_on(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

  void hand_on(const Outcome& outcome) {
    ++end_.told;
    outcome_(outcome);
  }

  const Request& request_;
  const Plan& plan_;
  const std::function<void(const Outcome&)>& outcome_;
  const std::function<bool()>& stop_;
  DriveEnd end_;
  std::map<std::uint64_t, Outcome> waiting_;  // came before one with a smaller number
  std::uint64_t next_ = 0;
  bool done_ = false;
};

}  // namespace

DriveEnd drive(const std::vector<std::string>& worker_command, const Request& request, const Plan& plan,
               const std::function<void(const Outcome&)>& outcome, const std::function<bool()>& stop) {
  return Driver(request, plan, outcome, stop).run(worker_command);
}

}  // namespace brokersim::branch
