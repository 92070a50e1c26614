// How files are written and options read.
#include "app/cli/talk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Goal: a result never takes the place of something that is no file (a hostile reader lost /dev/full to --out).
// Method: a new file, an old one, a link, devices, a folder; nothing else is left behind.
TEST(WriteWhole, ReplacesFilesAndNothingElse) {
  const fs::path folder = fs::temp_directory_path() / ("brokersim-write-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const fs::path file = folder / "file";
  const fs::path link = folder / "link";
  EXPECT_EQ(write_whole(file.string(), "one"), "");
  EXPECT_EQ(content_of(file), "one");
  fs::create_symlink(file, link);
  EXPECT_EQ(write_whole(link.string(), "two"), "");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(content_of(file), "two");
  EXPECT_EQ(write_whole("/dev/null", "three"), "");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_NE(write_whole("/dev/full", "four"), "");
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_NE(write_whole(folder.string(), "five"), "");
  EXPECT_TRUE(fs::is_directory(folder));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator{}), 2);
  fs::remove_all(folder);
}

TEST(DurationOption, NothingIsNoTime) {
  std::ostringstream err;
  EXPECT_EQ(duration_option("--budget", "1.5 s", err), 1'500'000'000);
  EXPECT_EQ(duration_option("--trace-from", "0 s", err, /*may_be_zero=*/true), 0);
  EXPECT_EQ(err.str(), "");
  EXPECT_FALSE(duration_option("--budget", "0 s", err).has_value());
  EXPECT_NE(err.str().find("more than \"0 s\""), std::string::npos) << err.str();
}

}  // namespace
}  // namespace brokersim::cli
