// Published figures beside what the models predict: the rows of docs/validation-devices.md.
//
// A row is one published measurement, data sheet, standard or closed form with one or more points. The published side is
// data (published_*.cpp); an area file runs its model and says `report.predict("HDD-5", "QD16", 164.2)`.
//
// Kinds of point. identity: follows from constants that were read in the same source, so it only proves that the model
// does its arithmetic (a closed form beside its own published value, too). calibration: a parameter was chosen to meet
// it. compared: a value that stands elsewhere on the page, or follows from calibrated ones alone, set beside one figure
// more. law: the published side is a formula or somebody's simulation with the same constants, not a measured device; the
// model, which does not hold the formula, must follow it. prediction: of something measured; only these count as accuracy.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::validation {

enum class PointKind { identity, calibration, compared, law, prediction };

/// One published number and the interval in which a prediction passes.
struct Point {
  std::string label;  ///< Unique within its row: "QD16".
  double published = 0;
  double low = 0;   ///< Smallest value that passes.
  double high = 0;  ///< Largest value that passes.
  std::string unit;
  PointKind kind = PointKind::prediction;
  bool is_limit = false;  ///< A bound on an error, so that "error" has no meaning.
  bool is_range = false;  ///< Published as [low, high]; `published` is its middle and no error is quoted.

  bool predicted = false;
  double value = 0;

  [[nodiscard]] bool passes() const { return predicted && value >= low && value <= high; }
  /// Relative difference in percent; 0 for a range that holds the value.
  [[nodiscard]] double error_percent() const;
};

/// `published` within `percent` either way.
Point near(std::string label, double published, std::string unit, double percent,
           PointKind kind = PointKind::prediction);
/// At most `limit`; `published` is what the source reached.
Point at_most(std::string label, double published, std::string unit, double limit,
              PointKind kind = PointKind::prediction);
/// Published as a range.
Point between(std::string label, double low, double high, std::string unit,
              PointKind kind = PointKind::prediction);

struct Row {
  std::string id;
  std::string model;      ///< A few words.
  std::string input;      ///< What is set up.
  std::string tolerance;  ///< In words.
  std::string source;     ///< Keys of the table of sources.
  std::vector<Point> points;
  /// If positive, points need not pass singly: their mean absolute error may be that many percent at most.
  double mean_percent_at_most = 0;
  std::string note;  ///< What a reader must know to judge the row.
  /// Points that are outside their tolerance, or not run, for a reason that is known and not mended. They still count
  /// as outside; every other point of the row must hold.
  std::vector<std::string> known_points;
  std::string known_miss;  ///< That reason.

  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool passes() const;
  [[nodiscard]] double mean_error_percent() const;
};

class Report {
 public:
  /// `fast`: areas leave out what takes seconds. `curves`: folder for CSV files, "" for none.
  Report(std::vector<Row> rows, bool fast, std::string curves);

  /// Sets the prediction of one point. Both names must exist: a wrong one ends the program.
  void predict(std::string_view id, std::string_view label, double value);
  /// Adds to the note of a row what was learnt by running it.
  void note(std::string_view id, std::string text);

  [[nodiscard]] bool fast() const { return fast_; }
  /// True if pictures are wanted; computing their points may be slow.
  [[nodiscard]] bool wants_curves() const { return !curves_.empty(); }

  /// Writes `name`.csv for tools/validation_pictures.py. The first column is x; a series whose name ends in
  /// "(published)" or "(closed form)" is drawn as markers. NaN leaves a hole. `options`: any of "logx", "logy", "steps", in one string.
  void curve(std::string_view name, std::string_view title, const std::string& options,
             const std::vector<std::string>& columns, const std::vector<std::vector<double>>& rows) const;

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  /// The Markdown page.
  void write_page(std::ostream& out) const;
  /// One line per row that fails or misses a point, then totals.
  void write_summary(std::ostream& out) const;
  /// False if a point is outside its tolerance, or was not run although this is a full run (not fast()). With
  /// `allow_known`, points that their row names as known misses do not count.
  [[nodiscard]] bool ok(bool allow_known) const;

 private:
  Row& row(std::string_view id);

  std::vector<Row> rows_;
  bool fast_;
  std::string curves_;
};

}  // namespace brokersim::validation
