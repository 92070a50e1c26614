// Writes docs/validation-devices.md and the points of its pictures. `make validation` calls it.
//
//   validate_devices [--fast] [--allow-known] [--page FILE] [--curves FOLDER] [--broker BROKERSIM]
//
// Exit code 0: every point is within its tolerance; 1: one is not, or was not run although --fast was not given (KFK-1
// needs --broker); 2: wrong use. With --allow-known the points whose miss is explained on the page do not count.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/validation/areas.h"
#include "tests/validation/published.h"

int main(int argc, char** argv) {
  using namespace brokersim::validation;
  bool fast = false;
  bool allow_known = false;
  std::string page;
  std::string curves;
  std::string broker;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--fast") {
      fast = true;
    } else if (word == "--allow-known") {
      allow_known = true;
    } else if (word == "--page" && i + 1 < argc) {
      page = argv[++i];
    } else if (word == "--curves" && i + 1 < argc) {
      curves = argv[++i];
    } else if (word == "--broker" && i + 1 < argc) {
      broker = argv[++i];
    } else {
      std::cerr << "usage: validate_devices [--fast] [--allow-known] [--page FILE] [--curves FOLDER] "
                   "[--broker BROKERSIM]\n";
      return 2;
    }
  }
  Report report(published_rows(), fast, curves);
  validate_hdd(report);
  validate_demerit(report);
  validate_streams(report);
  validate_ssd(report);
  validate_cloud(report);
  validate_page_cache(report);
  validate_network(report);
  validate_compute(report);
  validate_statistics(report);
  validate_broker_effects(report, broker);
  if (!page.empty()) {
    std::ofstream out(page);
    report.write_page(out);
    if (!out.flush()) {
      std::cerr << "validate_devices: cannot write " << page << "\n";
      return 2;
    }
  }
  report.write_summary(std::cout);
  return report.ok(allow_known) ? 0 : 1;
}
