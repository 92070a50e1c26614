// Goal: whatever is thrown at the real program ends with exit code 2, a message that names the problem, in
// under a second and 200 MB. Method: hostile files, the program itself, its resource usage from the kernel.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

// Instrumented builds are slower and larger by design; what is measured is the program that users run.
#if defined(__SANITIZE_ADDRESS__) || defined(BROKERSIM_SANITIZED)
constexpr bool judge_cost = false;
#elif defined(__has_feature)
constexpr bool judge_cost = !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer);
#else
constexpr bool judge_cost = true;
#endif
constexpr double seconds_max = 1.0;
constexpr long megabytes_max = 200;
constexpr ::uid_t nobody = 65'534;

struct Outcome {
  int code = -1;
  std::string err;
  double cpu_seconds = 0;
  long megabytes = 0;
};

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/brokersim-bad-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    fs::permissions(folder_, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                 fs::perms::others_read | fs::perms::others_exec);
    // The test stands in BUILD/tests, the program in BUILD; copied, so that an unprivileged user can run it.
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "brokersim";
    if (!fs::exists(program)) GTEST_SKIP() << program << " is not built";
    fs::copy_file(program, folder_ / "brokersim");
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  fs::path file(const std::string& content) {
    const fs::path path = folder_ / "x.json";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  /// `brokersim check PATH`, as the user nobody if we are root.
  Outcome check(const fs::path& path) {
    const fs::path err = folder_ / "err";
    std::fflush(nullptr);  // Else the child writes our buffered lines again.
    const ::pid_t child = ::fork();
    if (child == 0) {
      if (std::freopen(err.c_str(), "w", stderr) == nullptr ||
          std::freopen("/dev/null", "w", stdout) == nullptr)
        ::_exit(99);
      if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(98);
      const std::string program = folder_ / "brokersim";
      ::execl(program.c_str(), program.c_str(), "check", path.c_str(), static_cast<char*>(nullptr));
      ::_exit(97);
    }
    int status = 0;
    struct ::rusage usage {};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    Outcome outcome;
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const auto seconds = [](const ::timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    outcome.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    outcome.megabytes = usage.ru_maxrss / 1'024;
    std::ifstream stream(err);
    std::stringstream text;
    text << stream.rdbuf();
    outcome.err = text.str();
    return outcome;
  }

  void refuses(const fs::path& path, const std::string& words) {
    const Outcome outcome = check(path);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err.substr(0, 2'000);
    EXPECT_NE(outcome.err.find("nothing was run.\n"), std::string::npos);
    EXPECT_LT(outcome.err.size(), 50'000u) << "a message is read by a person";
    if (!judge_cost) return;
    EXPECT_LT(outcome.cpu_seconds, seconds_max);
    EXPECT_LT(outcome.megabytes, megabytes_max);
  }
  void refuses_text(const std::string& content, const std::string& words) { refuses(file(content), words); }

  fs::path folder_;
};

constexpr std::size_t largest = 16u << 20;

std::string repeated(const std::string& head, const std::string& unit, const std::string& tail,
                     std::size_t bytes = largest) {
  std::string text = head;
  text.reserve(bytes);
  while (text.size() + unit.size() + tail.size() <= bytes) text += unit;
  return text + tail;
}

const std::string sound_start =
    R"({"duration": "60 s", "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],)";
std::string with_topic(const std::string& topic) {
  return sound_start + R"("systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "topics": [)" + topic +
         "]}}}";
}

TEST_F(BadInput, ASoundFileIsAccepted) {
  const Outcome outcome = check(file(with_topic(R"({"name": "orders", "replication_factor": 3})")));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(BadInput, BrokenJson) {
  refuses_text("{\n  \"title\": \"x\",\n  \"duration\" \"10 s\"\n}", "x.json:3:14");
  refuses_text("{", "this is not JSON");
  refuses_text("hello", "this is not JSON");
}
TEST_F(BadInput, DuplicateKey) { refuses_text(R"({"seed": 1, "seed": 2})", "\"seed\" is given twice"); }
TEST_F(BadInput, UnknownKeyWithASuggestion) {
  refuses_text(with_topic(R"({"name": "orders", "replication_facter": 3})"),
               "did you mean \"replication_factor\"?");
}
TEST_F(BadInput, WrongUnit) {
  refuses_text(R"({"duration": "15 KiB"})", "which is a size, but this is a duration");
}
TEST_F(BadInput, UnknownHost) {
  refuses_text(
      R"({"duration": "1 s", "hosts": [{"name": "b"}], "systems": {"k": {"kind": "kafka", "brokers_on": "brokers"}}})",
      "there is no host or group of hosts named \"brokers\"");
}
TEST_F(BadInput, ReplicationAboveBrokers) {
  refuses_text(with_topic(R"({"name": "orders", "replication_factor": 5})"),
               "replication_factor is 5, but the cluster has 3 brokers");
}
TEST_F(BadInput, ZeroNegativeAndHugeNumbers) {
  refuses_text(R"({"duration": "0 s"})", "must be from 1 ms to 30 d");
  refuses_text(R"({"duration": "-5 s"})", "must be from 1 ms to 30 d");
  refuses_text(R"({"duration": "1e18 d"})", "which is too large");
  refuses_text(R"({"seed": 1e999})", "the number \"1e999\" is too large");
  refuses_text(with_topic(R"({"name": "orders", "partitions": 0})"), "partitions is 0");
  refuses_text(with_topic(R"({"name": "orders", "partitions": -1})"), "partitions is -1");
  refuses_text(with_topic(R"({"name": "orders", "partitions": 99999999999999999999})"),
               "must be from 1 to 400000");
}
TEST_F(BadInput, AMillionBrokers) {
  refuses_text(
      R"({"duration": "1 s", "hosts": [{"name": "b", "count": 1000000}], "systems": {"k": {"kind": "kafka", "brokers_on": "b"}}})",
      "count is 1000000, but must be from 1 to 1000");
}
TEST_F(BadInput, NestingTenThousandDeep) {
  refuses_text(std::string(10'000, '[') + std::string(10'000, ']'), "nested more than 64 deep");
  refuses_text(repeated("", "{\"a\":", "1"), "nested more than 64 deep");
}
TEST_F(BadInput, SixteenMebibytesOfOneKind) {
  refuses_text(repeated("", "[", ""), "nested more than 64 deep");
  refuses_text(repeated("[1", ",1", "]"), "more than 100000 values");
  refuses_text(repeated("{\"hosts\":[{}", ",{}", "]}"), "more than 100000 values");
  refuses_text(repeated("{\"title\":\"", "x", "\"}"), "a text is longer than 64 KiB");
  refuses_text(repeated("{\"title\":\"", "\\\"", ""), "a text is longer than 64 KiB");
  refuses_text(repeated("{\"seed\":", "9", "}"), "a number or word is longer");
  refuses_text(repeated("", " ", ""), "the file is empty");
  refuses_text(repeated("", "\n", "{}"), "the scenario has no \"duration\"");
}
TEST_F(BadInput, AsManyProblemsAsValues) {
  std::string keys = "{\"k\":0";
  for (int i = 0; i < 95'000; ++i) keys += ",\"k" + std::to_string(i) + "\":1";
  refuses_text(keys + "}", "and 950 more");
  std::string targets;
  for (int i = 0; i < 9'000; ++i)
    targets += R"(,{"at": "1 s", "kind": "kill_process", "target": {"zone": "nowhere"}})";
  refuses_text(sound_start + R"("systems": {"k": {"kind": "kafka", "brokers_on": "b"}}, "faults": [)" +
                   targets.substr(1) + "]}",
               "there is no zone named \"nowhere\"");
}
TEST_F(BadInput, AGigabyteIsRefusedByItsSize) {
  const fs::path path = file("{}");
  fs::resize_file(path, 1u << 30);  // Sparse: takes no room.
  refuses(path, "the file has 1024 MiB, but at most 16 MiB are read");
  fs::resize_file(path, largest + 1);
  refuses(path, "the file has 17 MiB, but at most 16 MiB are read");
}
TEST_F(BadInput, InvalidUtf8) {
  refuses_text("{\"title\": \"\xFF\"}", "this byte is not valid UTF-8");
  refuses_text("{\"title\": \"\xED\xA0\x80\"}", "this byte is not valid UTF-8");
}
TEST_F(BadInput, NulBytesEmptyFileAndByteOrderMark) {
  refuses_text(std::string("{}\0{}", 5), "the file holds a NUL byte");
  refuses_text("", "the file is empty");
  refuses_text("\xEF\xBB\xBF{\"titel\": \"x\"}", "did you mean \"title\"?");
}
TEST_F(BadInput, ADirectory) { refuses(folder_, "this is a directory, not a scenario file"); }
TEST_F(BadInput, AMissingFile) { refuses(folder_ / "missing.json", "there is no such file"); }
TEST_F(BadInput, AFileWithoutReadPermission) {
  const fs::path path = file("{}");
  fs::permissions(path, fs::perms::none);
  refuses(path, "the file may not be read by this user");
}
TEST_F(BadInput, APipeAndADevice) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0644), 0);
  refuses(pipe, "this is not a regular file");
  refuses("/dev/zero", "this is not a regular file");
}

}  // namespace
}  // namespace brokersim::cli
