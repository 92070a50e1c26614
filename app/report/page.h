// The page of the report: app/report/page/report.{html,css,js}, built into the program (cmake/ReportPage.cmake).
#pragma once

#include <string>

namespace brokersim::report {

/// With the places @TITLE@, @STYLE@, @HEAD@, @RESULT@, @TIMELINE@ and @SCRIPT@, in this order, each once.
[[nodiscard]] std::string page_template();
[[nodiscard]] std::string page_style();
[[nodiscard]] std::string page_script();

}  // namespace brokersim::report
