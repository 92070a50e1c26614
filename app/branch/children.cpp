#include "app/branch/children.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "sim/check.h"

namespace brokersim::branch {
namespace {

std::int64_t nanoseconds(const timeval& t) {
  return (static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec) * 1'000;
}

/// Only the thread that forks lives on in the child: locks that another one held would stay locked for ever.
void check_single_thread() {
  std::error_code error;
  const std::filesystem::directory_iterator threads("/proc/self/task", error);
  if (error) return;  // no /proc: taken on trust
  SIM_CHECK(std::distance(begin(threads), end(threads)) == 1, "a process with several threads is not forked");
}

}  // namespace

std::string ending_text(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")" +
           (signal == SIGKILL ? "; did the machine run out of memory?" : "");
  }
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

Children::~Children() { kill_all(); }

std::string Children::start(std::uint64_t task, const std::function<std::string()>& work,
                            const std::vector<int>& not_for_child) {
  check_single_thread();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::strerror(errno);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) {
    const int why = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return std::strerror(why);
  }
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before the line above
    for (const int fd : not_for_child) ::close(fd);
    for (const Child& sibling : children_) ::close(sibling.socket);
    ::close(ends[0]);
    ::_exit(send_frame(ends[1], FrameKind::outcome, work()) ? 0 : 1);
  }
  ::close(ends[1]);
  children_.push_back({task, process, ends[0], {}});
  return "";
}

std::vector<ChildEnd> Children::wait(int watched, int timeout_ms) { return collect(watched, timeout_ms); }

std::vector<ChildEnd> Children::collect(int watched, int timeout_ms) {
  std::vector<pollfd> events;
  events.push_back({watched, POLLIN | POLLRDHUP, 0});  // a negative descriptor is passed over
  for (const Child& child : children_) events.push_back({child.socket, POLLIN, 0});
  std::vector<ChildEnd> ended;
  if (::poll(events.data(), events.size(), timeout_ms) <= 0) return ended;
  std::vector<Child> left;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    Child& child = children_[i];
    const bool over = events[i + 1].revents != 0 && (receive(child.socket, child.reader) == Received::ended);
    if (over) {
      ended.push_back(reap(child));
    } else {
      left.push_back(std::move(child));
    }
  }
  children_ = std::move(left);
  return ended;
}

/// After the end of its stream. One that lives on although it has closed it is ended; one that is ending already keeps
/// its own status.
ChildEnd Children::reap(Child& child) {
  ::close(child.socket);
  ::kill(child.process, SIGKILL);
  ChildEnd end;
  end.task = child.task;
  std::optional<Frame> frame = child.reader.next();
  const bool whole = frame && frame->kind == FrameKind::outcome && !child.reader.amid_frame();
  int status = 0;
  rusage usage{};
  while (::wait4(child.process, &status, 0, &usage) < 0 && errno == EINTR) continue;
  end.cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
  if (whole) {
    end.payload = std::move(frame->payload);
  } else {
    end.died = ending_text(status);
  }
  return end;
}

void Children::kill_all() {
  for (Child& child : children_) static_cast<void>(reap(child));
  children_.clear();
}

}  // namespace brokersim::branch
