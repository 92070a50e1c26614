#include "app/branch/worker.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

#include "app/branch/children.h"
#include "app/branch/frames.h"
#include "app/branch/memory.h"
#include "app/branch/outcome.h"
#include "app/branch/request.h"
#include "app/results/execute.h"

namespace brokersim::branch {
namespace {

/// Steps on the way to an instant, to see between them whether anybody still waits.
constexpr std::int64_t kSteps = 64;

class Worker {
 public:
  Worker(int fd, Request request, Plan plan, const Clock& clock)
      : fd_(fd),
        request_(std::move(request)),
        plan_(std::move(plan)),
        clock_(clock),
        trunk_(plan_.scenario, plan_.seed, request_.overrides) {}

  void run() {
    for (std::size_t point = 0; point < plan_.at.size() && !stopped_; ++point) {
      if (!reach(point)) break;
      fork_all(point);
    }
    while (children_.alive() > 0 && !stopped_) tell(children_.wait(fd_));
    tell(children_.poll());
    children_.kill_all();
    static_cast<void>(send_frame(fd_, FrameKind::done, ""));
  }

 private:
  /// Brings the trunk to the instant. False: nobody waits any more, or a bug of ours ended it.
  bool reach(std::size_t point) {
    const sim::SimTime from = point == 0 ? sim::SimTime{} : plan_.at[point - 1];
    const sim::Duration way = plan_.at[point] - from;
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      tell(children_.poll());
      if (driver_is_gone()) return false;
      const std::string bug =
          trunk_.run_until(step == kSteps ? plan_.at[point] : from + sim::Duration{way.ns / kSteps * step});
      if (bug.empty()) continue;
      while (children_.alive() > 0 && !stopped_) tell(children_.wait(fd_));
      refuse("a bug of brokersim ended the run before " + std::to_string(plan_.at[point].seconds()) +
             " s, where it should have branched: " + bug);
      return false;
    }
    return true;
  }

  void fork_all(std::size_t point) {
    heap_ = heap_of_this_process();
    const std::uint64_t per_point = plan_.tasks() / plan_.at.size();
    const std::uint64_t end = (point + 1) * per_point;
    for (std::uint64_t number = point * per_point; number < end;) {
      while (children_.alive() >= static_cast<std::size_t>(request_.jobs) && !stopped_)
        tell(children_.wait(fd_));
      if (stopped_) return;
      const std::string why = children_.start(number, [this, number] { return continued(number); }, {fd_});
      if (why.empty()) {
        ++number;
        continue;
      }
      if (children_.alive() == 0) {
        refuse("no process could be started for a branch: " + why +
               "\n  hint: free memory or raise the limit of processes (ulimit -u)");
        return;
      }
      tell(children_.wait(fd_));  // one that ends gives back what is missing
    }
  }

  /// In the child: the rest of the run.
  std::string continued(std::uint64_t number) {
    const double begin = clock_();
    own_pages(heap_);
    const Task task = plan_.task(number);
    std::vector<faults::FaultConfig> faults = plan_.variants[task.variant].faults;
    const sim::Duration offset = plan_.at[task.point] - sim::SimTime{};
    for (faults::FaultConfig& fault : faults) fault.at = fault.at + offset;
    trunk_.branch(facts_of(request_, plan_, task), std::move(faults));
    results::RunResult result = trunk_.finish();
    result.facts.wall_seconds = clock_() - begin;
    return encode_outcome(result, request_);
  }

  void tell(std::vector<ChildEnd> ended) {
    for (const ChildEnd& end : ended) {
      const bool died = !end.died.empty();
      const std::string prefix = encode_u64(end.task) + encode_u64(static_cast<std::uint64_t>(end.cpu_ns));
      if (!send_frame(fd_, died ? FrameKind::died : FrameKind::outcome,
                      prefix + (died ? end.died : end.payload)))
        stopped_ = true;
    }
    static_cast<void>(driver_is_gone());
  }

  void refuse(const std::string& why) {
    static_cast<void>(send_frame(fd_, FrameKind::refused, why));
    stopped_ = true;
  }

  /// The driver has closed its side: it wants no more, or is no more.
  bool driver_is_gone() {
    pollfd event{fd_, POLLIN | POLLRDHUP, 0};
    if (::poll(&event, 1, 0) > 0) stopped_ = true;
    return stopped_;
  }

  int fd_;
  Request request_;
  Plan plan_;
  const Clock& clock_;
  results::Execution trunk_;
  Children children_;
  Heap heap_;  // of the trunk at the instant of branching
  bool stopped_ = false;
};

std::optional<Request> receive_request(int fd) {
  FrameReader reader;
  for (;;) {
    if (const auto frame = reader.next())
      return frame->kind == FrameKind::request ? decode(frame->payload) : std::nullopt;
    if (reader.broken() || receive(fd, reader) == Received::ended) return std::nullopt;
  }
}

}  // namespace

int serve(int fd, const Clock& clock) {
  // A key press that interrupts the terminal's processes is for the driver, which tells this one to stop.
  std::signal(SIGINT, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::optional<Request> request = receive_request(fd);
  if (!request) return 2;
  PlanResult made = make_plan(*request);
  if (!made.plan) {
    static_cast<void>(send_frame(fd, FrameKind::refused, scenario::render(made.diagnostics)));
    return 2;
  }
  Worker worker(fd, std::move(*request), std::move(*made.plan), clock);
  worker.run();
  return 0;
}

}  // namespace brokersim::branch
