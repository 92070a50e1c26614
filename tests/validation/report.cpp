#include "tests/validation/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <ostream>
#include <utility>

#include "tests/validation/published.h"

namespace brokersim::validation {
namespace {

/// Four significant digits, without an exponent where people read numbers.
std::string text_of(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  char text[64];
  if (size != 0 && (size < 1e-3 || size >= 1e9)) {
    std::snprintf(text, sizeof text, "%.6g", value);
  } else if (size >= 1000) {
    std::snprintf(text, sizeof text, "%.0f", value);
  } else {
    std::snprintf(text, sizeof text, "%.4g", value);
  }
  return text;
}

std::string percent_text(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.2f %%", percent == 0 ? 0.0 : percent);
  return text;
}

const char* text_of(PointKind kind) {
  switch (kind) {
    case PointKind::identity: return "identity";
    case PointKind::calibration: return "calibration";
    case PointKind::compared: return "compared";
    case PointKind::law: return "law";
    case PointKind::prediction: return "prediction";
  }
  return "";
}

struct Totals {
  int points = 0;
  int predicted = 0;
  int passed = 0;
  double error_sum = 0;
  int errors = 0;
};

Totals count(const std::vector<Row>& rows, PointKind kind) {
  Totals totals;
  for (const Row& row : rows) {
    for (const Point& point : row.points) {
      if (point.kind != kind) continue;
      ++totals.points;
      if (!point.predicted) continue;
      ++totals.predicted;
      if (row.mean_percent_at_most > 0 ? row.passes() : point.passes()) ++totals.passed;
      if (point.is_range || point.is_limit || point.published == 0) continue;
      totals.error_sum += std::abs(point.error_percent());
      ++totals.errors;
    }
  }
  return totals;
}

void write_totals(std::ostream& out, const std::vector<Row>& rows) {
  out << "| kind | points | predicted | within tolerance | mean absolute error |\n|---|---|---|---|---|\n";
  for (const PointKind kind : {PointKind::prediction, PointKind::law, PointKind::calibration,
                               PointKind::compared, PointKind::identity}) {
    const Totals t = count(rows, kind);
    char mean[32] = "-";
    if (t.errors > 0) std::snprintf(mean, sizeof mean, "%.2f %%", t.error_sum / t.errors);
    out << "| " << text_of(kind) << " | " << t.points << " | " << t.predicted << " | " << t.passed << " | "
        << mean << " |\n";
  }
}

/// How many rows hold, and which do not.
void write_rows_held(std::ostream& out, const std::vector<Row>& rows) {
  std::size_t held = 0;
  std::string others;
  for (const Row& row : rows) {
    if (row.passes()) {
      ++held;
      continue;
    }
    const bool part =
        !row.complete() && std::all_of(row.points.begin(), row.points.end(),
                                       [](const Point& p) { return !p.predicted || p.passes(); });
    others += (others.empty() ? "" : ", ") + row.id + (part ? " (points not run)" : "");
  }
  out << "\n" << held << " of " << rows.size() << " rows hold at every point";
  if (!others.empty()) out << "; not " << others << ", where the row says why";
  out << ".\n";
}

std::string error_text(const Point& point) {
  if (point.is_limit) return "-";
  return point.is_range && point.passes() ? "in range" : percent_text(point.error_percent());
}

const char* verdict(const Row& row, const Point& point) {
  if (!point.predicted) return "not run";
  if (row.mean_percent_at_most > 0)
    return row.passes() ? "ok (mean)" : (row.complete() ? "**OUTSIDE**" : "not run");
  return point.passes() ? "ok" : "**OUTSIDE**";
}

}  // namespace

double Point::error_percent() const {
  if (is_range) {
    if (value >= low && value <= high) return 0;
    const double edge = value < low ? low : high;
    return (value - edge) / edge * 100;
  }
  return published == 0 ? 0 : (value - published) / published * 100;
}

Point near(std::string label, double published, std::string unit, double percent, PointKind kind) {
  const double room = std::abs(published) * percent / 100;
  return {std::move(label), published, published - room, published + room, std::move(unit), kind};
}

Point at_most(std::string label, double published, std::string unit, double limit, PointKind kind) {
  return {std::move(label), published, 0, limit, std::move(unit), kind, /*is_limit=*/true};
}

Point between(std::string label, double low, double high, std::string unit, PointKind kind) {
  return {std::move(label), (low + high) / 2, low, high, std::move(unit), kind, false, /*is_range=*/true};
}

bool Row::complete() const {
  return std::all_of(points.begin(), points.end(), [](const Point& point) { return point.predicted; });
}

double Row::mean_error_percent() const {
  double sum = 0;
  for (const Point& point : points) sum += std::abs(point.error_percent());
  return points.empty() ? 0 : sum / static_cast<double>(points.size());
}

bool Row::passes() const {
  if (!complete()) return false;
  if (mean_percent_at_most > 0) return mean_error_percent() <= mean_percent_at_most;
  return std::all_of(points.begin(), points.end(), [](const Point& point) { return point.passes(); });
}

Report::Report(std::vector<Row> rows, bool fast, std::string curves)
    : rows_(std::move(rows)), fast_(fast), curves_(std::move(curves)) {}

Row& Report::row(std::string_view id) {
  for (Row& row : rows_) {
    if (row.id == id) return row;
  }
  std::cerr << "validation: there is no row " << id << " in published_*.cpp\n";
  std::exit(2);
}

void Report::predict(std::string_view id, std::string_view label, double value) {
  for (Point& point : row(id).points) {
    if (point.label != label) continue;
    point.value = value;
    point.predicted = true;
    return;
  }
  std::cerr << "validation: row " << id << " has no point \"" << label << "\"\n";
  std::exit(2);
}

void Report::note(std::string_view id, std::string text) {
  std::string& note = row(id).note;
  if (!note.empty()) note += " ";
  note += text;
}

void Report::curve(std::string_view name, std::string_view title, const std::string& options,
                   const std::vector<std::string>& columns,
                   const std::vector<std::vector<double>>& rows) const {
  if (curves_.empty()) return;
  std::ofstream out(curves_ + "/" + std::string(name) + ".csv");
  if (!out) {
    std::cerr << "validate_devices: cannot write into " << curves_ << "\n";
    std::exit(2);
  }
  out << "# " << title << "\n# " << options << "\n";
  for (std::size_t i = 0; i < columns.size(); ++i) out << (i == 0 ? "\"" : ",\"") << columns[i] << '"';
  out << "\n";
  for (const std::vector<double>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      char text[40];
      std::snprintf(text, sizeof text, "%.9g", row[i]);
      out << (i == 0 ? "" : ",") << text;
    }
    out << "\n";
  }
}

void Report::write_page(std::ostream& out) const {
  out << "# Devices: published beside predicted\n\n"
         "Generated by `make validation`; do not edit. Every number on the left was published by others or "
         "follows from "
         "a stated law;\nevery number in \"predicted\" comes out of the models of this tree, run on virtual "
         "time.\n\n"
         "- **identity**: the model holds constants of the same source, or the same closed form; the row "
         "proves only the "
         "arithmetic.\n"
         "- **calibration**: a parameter was chosen to meet this number.\n"
         "- **compared**: a value that stands elsewhere on this page, or follows from calibrated ones alone, "
         "beside one figure more.\n"
         "- **law**: the published side is a formula, or a simulation with the same constants, not a "
         "measured "
         "device; the model does not hold the formula and must follow it.\n"
         "- **prediction**: of what somebody measured on a real device or system. Claims of accuracy count "
         "these only.\n\n";
  write_totals(out, rows_);
  write_rows_held(out, rows_);
  std::string area;
  for (const Row& row : rows_) {
    const std::string its = area_title(row.id);
    if (its != area) {
      area = its;
      out << "\n## " << area << "\n" << area_pictures(row.id);
    }
    out << "\n**" << row.id << "** · " << row.model << " · " << row.input << ". Tolerance: " << row.tolerance
        << ". Source: " << row.source << ".";
    if (row.mean_percent_at_most > 0 && row.complete()) {
      char text[80];
      std::snprintf(text, sizeof text, " Mean absolute error %.1f %%.", row.mean_error_percent());
      out << text;
    }
    if (!row.note.empty()) out << " " << row.note;
    if (!row.known_miss.empty()) out << " **Known miss:** " << row.known_miss;
    out << "\n\n| point | published | predicted | error | kind | verdict |\n|---|---|---|---|---|---|\n";
    for (const Point& point : row.points) {
      out << "| " << point.label << " | ";
      if (point.is_range) {
        out << text_of(point.low) << " to " << text_of(point.high);
      } else {
        out << text_of(point.published);
      }
      out << " " << point.unit << " | " << (point.predicted ? text_of(point.value) : "-") << " | "
          << (point.predicted ? error_text(point) : "-") << " | " << text_of(point.kind) << " | "
          << verdict(row, point) << " |\n";
    }
  }
  out << "\n## Sources\n\n" << sources_table();
}

void Report::write_summary(std::ostream& out) const {
  int passed = 0;
  for (const Row& row : rows_) {
    if (row.passes()) {
      ++passed;
      continue;
    }
    if (!row.complete()) {
      const bool none =
          std::none_of(row.points.begin(), row.points.end(), [](const Point& p) { return p.predicted; });
      out << row.id << ": " << (none ? "not run" : "run in part") << "\n";
    }
    for (const Point& point : row.points) {
      if (!point.predicted || (row.mean_percent_at_most <= 0 && point.passes())) continue;
      if (row.mean_percent_at_most > 0 && !row.complete()) continue;
      out << row.id << ": " << point.label << " published " << text_of(point.published) << " " << point.unit
          << ", predicted " << text_of(point.value) << " (" << percent_text(point.error_percent())
          << "), tolerance " << row.tolerance << "\n";
    }
  }
  write_totals(out, rows_);
  out << passed << " of " << rows_.size() << " rows hold\n";
}

bool Report::ok(bool allow_known) const {
  return std::all_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    const auto excused = [&](const Point& point) {
      return allow_known && std::find(row.known_points.begin(), row.known_points.end(), point.label) !=
                                row.known_points.end();
    };
    if (row.mean_percent_at_most > 0) return row.complete() ? row.passes() : fast_;
    return std::all_of(row.points.begin(), row.points.end(), [&](const Point& point) {
      return excused(point) || (point.predicted ? point.passes() : fast_);
    });
  });
}

}  // namespace brokersim::validation
