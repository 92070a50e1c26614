// The published side of docs/validation-devices.md, as data.
#pragma once

#include <string>
#include <vector>

#include "tests/validation/report.h"

namespace brokersim::validation {

std::vector<Row> published_hdd();
std::vector<Row> published_ssd();
std::vector<Row> published_cloud();
std::vector<Row> published_page_cache();
std::vector<Row> published_network();
std::vector<Row> published_compute();
std::vector<Row> published_statistics();

/// All rows, in the order of the page.
std::vector<Row> published_rows();

/// Heading of the area of a row.
std::string area_title(const std::string& id);
/// Markdown that shows the area's pictures.
std::string area_pictures(const std::string& id);
/// Key and full reference of every source.
std::string sources_table();

}  // namespace brokersim::validation
