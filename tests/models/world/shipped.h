// The scenarios that the repository ships, as worlds: what the tests of whole runs share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "models/world/world.h"

namespace brokersim::world::testing_support {

/// The files of scenarios/FOLDER for each folder, by name. Tests run in the repository's root.
inline std::vector<std::string> shipped(const std::vector<std::string>& folders) {
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator("scenarios/" + folder)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path().generic_string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The scenario in `file`, changed as by --set. On the heap, because a world keeps a reference to it.
inline std::unique_ptr<scenario::Scenario> load(const std::string& file,
                                                const std::vector<std::string>& overrides = {}) {
  scenario::LoadResult loaded = scenario::load_file(file, overrides);
  for (const auto& problem : loaded.diagnostics)
    EXPECT_EQ(problem.severity, scenario::Severity::warning) << file << ": " << problem.message;
  if (!loaded.scenario) throw std::runtime_error("cannot load " + file);
  return std::make_unique<scenario::Scenario>(std::move(*loaded.scenario));
}

}  // namespace brokersim::world::testing_support
