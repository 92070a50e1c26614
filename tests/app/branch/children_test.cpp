// Goal: whatever becomes of a child costs nobody else anything, and nobody is left behind.
// Method: children that answer, crash, are killed, end early, answer half; then no process and no descriptor is left.
#include "app/branch/children.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>

#include "sim/check.h"

namespace brokersim::branch {
namespace {

std::ptrdiff_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

bool no_child_left() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

std::map<std::uint64_t, ChildEnd> wait_for_all(Children& children) {
  std::map<std::uint64_t, ChildEnd> ends;
  while (children.alive() > 0) {
    for (ChildEnd& end : children.wait(-1)) ends[end.task] = std::move(end);
  }
  return ends;
}

TEST(Children, EachSendsItsOwnAnswer) {
  const auto before = descriptors();
  {
    Children children;
    for (std::uint64_t task = 0; task < 20; ++task) {
      ASSERT_EQ(children.start(task, [task] { return std::string(task * 50'000, 'a'); }), "")
          << "up to 950 kB, more than a socket holds";
    }
    EXPECT_EQ(children.alive(), 20u);
    const auto ends = wait_for_all(children);
    ASSERT_EQ(ends.size(), 20u);
    for (const auto& [task, end] : ends) {
      EXPECT_EQ(end.payload.size(), task * 50'000);
      EXPECT_EQ(end.died, "");
    }
  }
  EXPECT_TRUE(no_child_left());
  EXPECT_EQ(descriptors(), before);
}

TEST(Children, DeathsAreToldAndCostTheOthersNothing) {
  const auto before = descriptors();
  Children children;
  ASSERT_EQ(children.start(1, [] { return std::string("well"); }), "");
  ASSERT_EQ(children.start(2,
                           [] {
                             ::raise(SIGKILL);
                             return std::string("never");
                           }),
            "");
  ASSERT_EQ(children.start(3, []() -> std::string { ::_exit(70); }), "");
  ASSERT_EQ(children.start(4, [] { return std::string("well, too"); }), "");
  const auto ends = wait_for_all(children);
  EXPECT_EQ(ends.at(1).payload, "well");
  EXPECT_EQ(ends.at(2).died, "was killed by signal 9 (Killed); did the machine run out of memory?");
  EXPECT_EQ(ends.at(3).died, "ended with exit code 70");
  EXPECT_EQ(ends.at(4).payload, "well, too");
  EXPECT_TRUE(no_child_left());
  EXPECT_EQ(descriptors(), before);
}

// Method: the child writes the head of a message to every socket it has, and dies.
TEST(Children, HalfAnAnswerIsNone) {
  Children children;
  ASSERT_EQ(children.start(7,
                           []() -> std::string {
                             const std::string half = encode_u64(1'000) + "Ohalf of it";
                             for (int fd = 3; fd < 256; ++fd)
                               static_cast<void>(::send(fd, half.data(), half.size(), MSG_NOSIGNAL));
                             ::raise(SIGSEGV);
                             return "never";
                           }),
            "");
  const auto ends = wait_for_all(children);
  EXPECT_EQ(ends.at(7).payload, "");
  EXPECT_NE(ends.at(7).died.find("signal 11"), std::string::npos) << ends.at(7).died;
}

TEST(Children, AnEmptyAnswerIsAnAnswer) {
  Children children;
  ASSERT_EQ(children.start(1, [] { return std::string(); }), "");
  EXPECT_EQ(wait_for_all(children).at(1).died, "");
}

TEST(Children, ThoseThatRunAreEndedWithTheirOwner) {
  const auto before = descriptors();
  {
    Children children;
    for (std::uint64_t task = 0; task < 3; ++task) {
      ASSERT_EQ(children.start(task,
                               []() -> std::string {
                                 for (;;) ::pause();
                               }),
                "");
    }
  }
  EXPECT_TRUE(no_child_left());
  EXPECT_EQ(descriptors(), before);
}

TEST(Children, WaitEndsForTheWatchedDescriptorToo) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  Children children;
  ASSERT_EQ(children.start(1,
                           []() -> std::string {
                             for (;;) ::pause();
                           },
                           {ends[1]}),
            "");
  ::close(ends[1]);
  EXPECT_TRUE(children.wait(ends[0]).empty()) << "the other side has closed, and the child holds no copy";
  children.kill_all();
  EXPECT_EQ(children.alive(), 0u);
  EXPECT_TRUE(no_child_left());
  ::close(ends[0]);
}

// Method: all descriptors are taken but one, which looking at /proc needs; a pair of sockets needs two.
TEST(Children, WithoutRoomForAnotherItIsSaidWhy) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> taken;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken.push_back(fd);
  ASSERT_FALSE(taken.empty());
  ::close(taken.back());
  taken.pop_back();
  Children children;
  EXPECT_EQ(children.start(1, [] { return std::string("x"); }), "Too many open files");
  EXPECT_EQ(children.alive(), 0u);
  for (const int fd : taken) ::close(fd);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Children, ProcessorTimeIsThatOfTheChild) {
  Children children;
  ASSERT_EQ(children.start(1,
                           [] {
                             volatile std::uint64_t sum = 0;
                             for (std::uint64_t i = 0; i < 20'000'000; ++i) sum = sum + i;
                             return std::string("worked");
                           }),
            "");
  EXPECT_GT(wait_for_all(children).at(1).cpu_ns, 1'000'000);
}

}  // namespace
}  // namespace brokersim::branch
