// The pages of reports: app/report/page/*, built into the program (cmake/ReportPage.cmake).
#pragma once

#include <string>

namespace brokersim::report {

/// With the places @TITLE@, @STYLE@, @HEAD@, @RESULT@, @TIMELINE@ and @SCRIPT@, in this order, each once.
[[nodiscard]] std::string page_template();
/// The frame of other pages, with the places @TITLE@, @STYLE@, @DATA@ and @SCRIPT@.
[[nodiscard]] std::string page_plain();
[[nodiscard]] std::string page_style();
/// What the other scripts need before them.
[[nodiscard]] std::string page_base();
[[nodiscard]] std::string page_script();
[[nodiscard]] std::string page_sweep();
[[nodiscard]] std::string page_explore();

/// Safe inside <script>: nothing in it can end the element or open a comment.
[[nodiscard]] std::string embedded(const std::string& json);
/// Text as HTML.
[[nodiscard]] std::string escaped(const std::string& text);
/// Puts `value` in place of `mark`, which stands there once.
void put(std::string& page, const std::string& mark, const std::string& value);

}  // namespace brokersim::report
