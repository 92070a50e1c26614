// What a document takes from files beside it, so that it can be written without them.
//
// Why: what a search finds or a tape keeps must still mean the same when it lies in another folder, and when the files
// beside the scenario have gone or changed. app/trial/self_contained.h writes such a document.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

struct Outside {
  /// A property of a .properties file that holds: it is known, and not given in `config`, too.
  struct Property {
    std::string owner;  ///< JSON pointer of the object with `properties`.
    std::string name;
    std::string value;
  };
  /// A file of arrivals.
  struct Rows {
    std::string trace;  ///< JSON pointer of the object with `file`.
    std::string path;   ///< As it can be opened from here.
  };
  std::vector<Property> properties;
  std::vector<Rows> rows;
  std::vector<std::string> owners;  ///< Pointers of all objects with `properties`.
  /// Of workloads without a name: their pointers, and the name that they have by their content. It must stay when the
  /// content is written in another way, or their draws would be others.
  std::map<std::string, std::string> names;

  [[nodiscard]] bool empty() const { return owners.empty() && rows.empty(); }
};

/// Nothing if it is no scenario. `name` as of load_text().
[[nodiscard]] std::optional<Outside> outside_of(std::string_view text, const std::string& name);

}  // namespace brokersim::scenario
