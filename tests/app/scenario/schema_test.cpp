// Goal: schema, reference page and shipped scenarios never drift from the field tables.
// Method: compare the files of the repository (the tests' working directory) with what the tables make.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/scenario/fault_patterns.h"
#include "app/scenario/field.h"
#include "app/scenario/planted_bugs.h"
#include "app/scenario/scenario.h"
#include "models/faults/kind.h"

namespace brokersim::scenario {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path << " cannot be read; tests run in the root of the repository";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("scenarios")) {
    if (entry.path().extension() == ".json" && entry.path().parent_path().filename() != "schema")
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Schema, IsTheOneInTheRepository) {
  EXPECT_TRUE(content("scenarios/schema/scenario.schema.json") == schema_json())
      << "run: brokersim schema > scenarios/schema/scenario.schema.json";
}

TEST(Schema, ThePageIsTheOneInTheRepository) {
  EXPECT_TRUE(content("docs/scenario-format.md") == format_markdown())
      << "run: brokersim schema --markdown > docs/scenario-format.md";
}

TEST(Schema, ThePageOfFaultsIsTheOneInTheRepository) {
  EXPECT_TRUE(content("docs/faults.md") == fault_page_markdown())
      << "run: brokersim schema --faults > docs/faults.md";
}

// Every kind of fault has a table and a name of its own, and the other way round.
TEST(Schema, EveryKindOfFaultHasATable) {
  std::set<std::string> tables;
  for (const Table* table : fault_variants().tables) {
    if (!is_pattern(table->tag)) tables.insert(table->tag);  // becomes faults of other kinds
  }
  std::set<std::string> kinds;
  for (const faults::Kind* kind : faults::all_kinds()) {
    kinds.insert(std::string(kind->name));
    EXPECT_EQ(&faults::kind_of(kind->kind), kind);
  }
  EXPECT_EQ(tables, kinds);
}

// Every $ref leads somewhere, and every field of every table is in some definition.
TEST(Schema, IsDraft07WithoutDanglingReferences) {
  const auto schema = nlohmann::json::parse(schema_json());
  EXPECT_EQ(schema.at("$schema"), "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema.at("additionalProperties"), false);
  std::size_t references = 0;
  std::vector<nlohmann::json> pending{schema};
  while (!pending.empty()) {
    const nlohmann::json value = std::move(pending.back());
    pending.pop_back();
    if (value.is_object() && value.contains("$ref")) {
      ++references;
      const std::string pointer = value.at("$ref").get<std::string>().substr(1);
      EXPECT_TRUE(schema.contains(nlohmann::json::json_pointer(pointer))) << pointer;
      EXPECT_EQ(value.size(), 1u) << "draft-07 ignores what stands beside a $ref";
    }
    if (value.is_structured()) {
      for (const auto& child : value) pending.push_back(child);
    }
  }
  EXPECT_GT(references, 50u);
  for (const Field& field : scenario_table().fields)
    EXPECT_TRUE(schema.at("properties").contains(field.name)) << field.name;
}

// No name of the file format may be a keyword of C++ or Python (DESIGN.md section 3).
TEST(Tables, NoFieldIsAKeyword) {
  const std::vector<std::string> keywords{
      "from_",  "class",    "default", "for",      "if",       "in",      "is",    "not",    "and",
      "or",     "new",      "delete",  "int",      "long",     "short",   "char",  "double", "float",
      "bool",   "auto",     "const",   "import",   "def",      "lambda",  "pass",  "return", "while",
      "with",   "try",      "global",  "operator", "template", "this",    "union", "using",  "void",
      "export", "register", "switch",  "case",     "break",    "continue"};
  std::vector<const Table*> tables{&scenario_table(), &network_table(), &host_table(),
                                   &hardware_table(), &disk_table(),    &fault_plan_table()};
  for (const Variants* v :
       {&system_variants(), &workload_variants(), &target_variants(), &expectation_variants()}) {
    tables.insert(tables.end(), v->tables.begin(), v->tables.end());
  }
  for (const Table* table : tables) {
    for (const Field& field : table->fields) {
      EXPECT_EQ(std::count(keywords.begin(), keywords.end(), field.name), 0)
          << table->name << "." << field.name;
      EXPECT_FALSE(field.doc.empty()) << table->name << "." << field.name;
    }
  }
}

TEST(Shipped, EveryScenarioLoadsAndSaysWhy) {
  ASSERT_GE(shipped().size(), 20u);
  for (const auto& file : shipped()) {
    const LoadResult result = load_file(file.string());
    EXPECT_TRUE(result.diagnostics.empty()) << render(result.diagnostics);
    if (!result.scenario) continue;
    EXPECT_GE(result.scenario->config.why.size(), 40u) << file;
    EXPECT_FALSE(result.scenario->config.title.empty()) << file;
    const auto document = nlohmann::json::parse(content(file));
    EXPECT_TRUE(document.contains("title")) << file;
    const std::filesystem::path schema = file.parent_path() / document.value("$schema", "");
    EXPECT_TRUE(std::filesystem::exists(schema) && schema.filename() == "scenario.schema.json") << file;
  }
}

TEST(Shipped, IncidentsAndPlantedBugsFixTheirAssignment) {
  for (const auto& file : shipped()) {
    const std::string folder = file.parent_path().filename();
    if (folder != "incidents" && folder != "planted") continue;
    const auto document = nlohmann::json::parse(content(file));
    for (const auto& [name, system] : document.at("systems").items()) {
      for (const auto& made : system.value("topics", nlohmann::json::array())) EXPECT_TRUE(made.contains("assignment")) << file;
    }
    EXPECT_FALSE(document.at("expect").empty()) << file;
  }
}

// Goal: a file in planted/ has something wrong switched on, a file named for a bug exactly that bug, and says by what it
// shows. Method: the documents. That the bug is caught is tests/regression/planted_test.cpp.
TEST(Shipped, EveryPlantedBugHasAScenarioThatExpectsAViolation) {
  std::size_t named = 0;
  for (const auto& file : shipped()) {
    if (file.parent_path().filename() != "planted") continue;
    const auto document = nlohmann::json::parse(content(file));
    const auto& rules = document.at("systems").at("kafka").at("rules");
    EXPECT_FALSE(rules.empty()) << file;
    std::string name = file.stem();
    std::replace(name.begin(), name.end(), '-', '_');
    const auto bugs = planted_bug_names();
    if (std::find(bugs.begin(), bugs.end(), name) != bugs.end()) {
      ++named;
      EXPECT_EQ(rules.at("planted"), nlohmann::json::array({name})) << file;
    } else {
      EXPECT_FALSE(rules.contains("planted")) << file << " is not named for the bug that it plants";
    }
    EXPECT_FALSE(document.at("expect").empty()) << file;
  }
  EXPECT_EQ(named, planted_bug_names().size());
}

}  // namespace
}  // namespace brokersim::scenario
