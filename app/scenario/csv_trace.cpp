#include "app/scenario/csv_trace.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "app/scenario/csv_cells.h"
#include "app/scenario/diagnostic.h"
#include "app/scenario/limits.h"
#include "sim/hash.h"

namespace brokersim::scenario {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;  // years begin in March
  const std::int64_t era = y / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

std::int64_t days_of_month(std::int64_t year, std::int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Takes `count` digits.
bool take_digits(std::string_view& text, std::size_t count, std::int64_t& out) {
  if (text.size() < count) return false;
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// digits [. digits] in units of `scale` ns, finer digits than nanoseconds cut off. Nothing if it is something else.
std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t scale) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
  std::int64_t whole = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    whole = whole * 10 + (text.front() - '0');
    if (whole > most / scale) return std::nullopt;
  }
  std::int64_t ns = whole * scale;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    std::int64_t unit = scale;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
      unit /= 10;
      ns += unit * (text.front() - '0');
    }
  }
  return ns;
}

constexpr std::int64_t kSecond = 1'000'000'000;

/// Of a time with a second 60: whether it is the last minute of a day (UTC), where a leap second goes.
bool may_leap(std::int64_t minute_ns) { return minute_ns / (60 * kSecond) % 1'440 == 1'439; }

/// ns since 1970-01-01T00:00:00Z; below 0 if an offset leads there. A leap second is the next day's first.
std::optional<std::int64_t> iso_time(std::string_view text) {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0;
  if (!take_digits(text, 4, year) || !take_char(text, "-") || !take_digits(text, 2, month) ||
      !take_char(text, "-") || !take_digits(text, 2, day))
    return std::nullopt;
  if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > days_of_month(year, month)) return std::nullopt;
  std::int64_t ns = days_from_civil(year, month, day) * 86'400 * kSecond;
  if (text.empty()) return ns;
  if (!take_char(text, "T ") || !take_digits(text, 2, hour) || !take_char(text, ":") ||
      !take_digits(text, 2, minute) || hour > 23 || minute > 59)
    return std::nullopt;
  ns += (hour * 60 + minute) * 60 * kSecond;
  std::int64_t seconds = 0;
  if (take_char(text, ":")) {
    const auto given = take_number(text, kSecond);
    if (!given || *given >= 61 * kSecond) return std::nullopt;
    seconds = *given;
  }
  const auto with_seconds = [&](std::int64_t utc) -> std::optional<std::int64_t> {
    if (seconds >= 60 * kSecond && !may_leap(utc)) return std::nullopt;
    return utc + seconds;
  };
  if (text.empty() || text == "Z") return with_seconds(ns);
  const bool west = text.front() == '-';
  if (!take_char(text, "+-") || !take_digits(text, 2, hour)) return std::nullopt;
  (void)take_char(text, ":");
  if (!take_digits(text, 2, minute) || !text.empty() || hour > 23 || minute > 59) return std::nullopt;
  const std::int64_t offset = (hour * 60 + minute) * 60 * kSecond;
  return with_seconds(west ? ns + offset : ns - offset);
}

std::optional<std::int64_t> time_of(std::string_view text, TimeUnit unit) {
  if (unit == TimeUnit::iso8601) return iso_time(text);
  const std::int64_t scale = unit == TimeUnit::s    ? 1'000'000'000
                             : unit == TimeUnit::ms ? 1'000'000
                             : unit == TimeUnit::us ? 1'000
                                                    : 1;
  const auto ns = take_number(text, scale);
  return text.empty() ? ns : std::nullopt;
}

std::optional<std::int64_t> count_of(std::string_view text) {
  std::int64_t n = 0;
  if (text.empty() || text.size() > 18) return std::nullopt;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

/// A row as it is read.
struct TraceRow {
  std::int64_t time = 0;  // ns, as in the file
  std::int64_t count = 1;
  history::ListedRecord record;
};

class TraceReader {
 public:
  TraceReader(std::string_view text, const TraceForm& form, TraceError& error)
      : lines_(text, form.delimiter), form_(form), error_(error) {}

  /// Every row, and the texts of keys in order of their first coming.
  bool read(std::vector<TraceRow>& rows, std::vector<std::string>& keys) {
    if (!header()) return false;
    std::map<std::string, std::uint32_t, std::less<>> known;
    while (lines_.next()) {
      TraceRow row;
      if (!time(row, rows)) return false;
      if (key_ && !key(row, keys, known)) return false;
      if (size_ && !size(row)) return false;
      if (count_ && !count(row)) return false;
      records_ += row.count;
      if (static_cast<std::int64_t>(std::max(rows.size(), keys.size())) > limits::trace_rows)
        return wrong(CsvCell{}, "there are more than " + std::to_string(limits::trace_rows) + " rows",
                     "cut the file");
      if (records_ > limits::trace_records)
        return wrong(CsvCell{}, "there are more than " + std::to_string(limits::trace_records) + " records",
                     "cut the file, or lower its counts");
      rows.push_back(row);
    }
    if (!lines_.fault().message.empty()) {
      error_ = {lines_.line(), lines_.fault().column, lines_.fault().message, lines_.fault().hint};
      return false;
    }
    if (rows.empty())
      return wrong(CsvCell{}, "the file has no rows", "a line of names, then one line per row");
    return true;
  }

 private:
  bool wrong(const CsvCell& cell, std::string message, std::string hint = {}) {
    error_ = {std::max(lines_.line(), 1), std::max(cell.column, 1), std::move(message), std::move(hint)};
    return false;
  }

  bool header() {
    if (!lines_.next()) {
      if (lines_.fault().message.empty())
        return wrong(CsvCell{}, "the file is empty", "it begins with a line of names");
      error_ = {lines_.line(), lines_.fault().column, lines_.fault().message, lines_.fault().hint};
      return false;
    }
    return find(form_.time_column, time_) && find(form_.key_column, key_) && find(form_.size_column, size_) &&
           find(form_.count_column, count_);
  }

  bool find(const std::string& name, std::optional<std::size_t>& place) {
    if (name.empty()) return true;
    std::string names;
    for (std::size_t i = 0; i < lines_.cells().size(); ++i) {
      const std::string value = lines_.cells()[i].value();
      if (value == name) {
        if (place) return wrong(lines_.cells()[i], "two columns are named " + in_quotes(name));
        place = i;
      }
      if (names.size() < 200) names += (names.empty() ? "" : ", ") + shown(value, 40);
    }
    if (place) return true;
    return wrong(CsvCell{}, "no column is named " + in_quotes(name), "the first line names: " + names);
  }

  /// The cell of a column, which `what` says, in this row.
  const CsvCell* cell(std::optional<std::size_t> place, const std::string& name) {
    if (*place < lines_.cells().size()) return &lines_.cells()[*place];
    wrong(lines_.cells().back(),
          "the row has " + counted(lines_.cells().size(), "cell") + ", none of them " + in_quotes(name),
          "a cell in quotes keeps its commas");
    return nullptr;
  }

  bool time(TraceRow& row, const std::vector<TraceRow>& before) {
    const CsvCell* at = cell(time_, form_.time_column);
    if (at == nullptr) return false;
    const auto ns = time_of(at->text, form_.unit);
    if (!ns) {
      const bool negative = at->text.starts_with('-');
      return wrong(*at, in_quotes(at->text) + (negative ? " is before time 0" : " is not a time"),
                   form_.unit == TimeUnit::iso8601
                       ? "such as 2026-11-22T20:15:00.250Z; time_unit is iso8601"
                       : "a number from 0 on, without unit; time_unit says which");
    }
    if (*ns < 0)
      return wrong(*at, in_quotes(at->text) + " is before time 0",
                   "with its offset it is before 1970-01-01T00:00:00Z");
    row.time = *ns;
    if (!before.empty() && row.time < before.back().time)
      return wrong(*at, in_quotes(at->text) + " is before the row above it", "sort the file by time");
    return true;
  }

  bool key(TraceRow& row, std::vector<std::string>& keys,
           std::map<std::string, std::uint32_t, std::less<>>& known) {
    const CsvCell* at = cell(key_, form_.key_column);
    if (at == nullptr) return false;
    if (at->text.empty() || at->text.size() > limits::trace_key_bytes)
      return wrong(*at, at->text.empty() ? "the key is empty" : "the key has more than 1024 bytes");
    std::string value = at->value();
    const auto found = known.find(value);
    if (found != known.end()) {
      row.record.key = found->second;
      return true;
    }
    row.record.key = static_cast<std::uint32_t>(keys.size());
    known.emplace(value, row.record.key);
    keys.push_back(std::move(value));
    return true;
  }

  bool size(TraceRow& row) {
    const CsvCell* at = cell(size_, form_.size_column);
    if (at == nullptr) return false;
    const auto bytes = count_of(at->text);
    if (!bytes || *bytes < form_.size_min || *bytes > form_.size_max)
      return wrong(
          *at, in_quotes(at->text) + " is not a size in bytes",
          "a whole number from " + std::to_string(form_.size_min) + " to " + std::to_string(form_.size_max));
    row.record.size = static_cast<std::int32_t>(*bytes);
    return true;
  }

  bool count(TraceRow& row) {
    const CsvCell* at = cell(count_, form_.count_column);
    if (at == nullptr) return false;
    const auto n = count_of(at->text);
    if (!n) return wrong(*at, in_quotes(at->text) + " is not a count", "a whole number, 0 or more");
    row.count = std::min(*n, limits::trace_records + 1);
    return true;
  }

  CsvLines lines_;
  const TraceForm& form_;
  TraceError& error_;
  std::optional<std::size_t> time_, key_, size_, count_;
  std::int64_t records_ = 0;
};

/// Rows as records at their times in the run.
class TraceLayout {
 public:
  TraceLayout(const std::vector<TraceRow>& rows, const TraceForm& form, world::Trace& out)
      : rows_(rows), form_(form), out_(out), zero_(form.from_zero ? 0 : rows.front().time) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].count > 0) sending_.push_back(i);
    }
  }

  /// Before lay().
  [[nodiscard]] TraceRemarks remarks() const {
    const bool spreads = std::any_of(sending_.begin(), sending_.end(),
                                     [this](std::size_t i) { return rows_[i].count > 1 && gap(i) > 0; });
    return {sending_.empty(), form_.loop && !sending_.empty() && length() <= 0,
            form_.spread && !sending_.empty() && !spreads};
  }

  /// False if there are too many. Every step lays a record: rounds without one would go on for hours.
  bool lay() {
    if (sending_.empty()) return true;
    const std::int64_t round = length();
    constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 4;  // no row is later in the file
    for (std::int64_t shift = 0; shift < far && at(shift) < form_.end; shift += round) {
      if (!lay_round(shift)) return true;
      if (static_cast<std::int64_t>(out_.times.size()) > limits::trace_records) return false;
      if (!form_.loop || round <= 0) return true;
    }
    return true;
  }

 private:
  /// The time between row i and the next; the last row's is that of the row before.
  [[nodiscard]] std::int64_t gap(std::size_t i) const {
    if (i + 1 < rows_.size()) return rows_[i + 1].time - rows_[i].time;
    for (std::size_t j = i; j > 0; --j) {
      if (rows_[j].time > rows_[j - 1].time) return rows_[j].time - rows_[j - 1].time;
    }
    return 0;
  }

  [[nodiscard]] std::int64_t length() const { return rows_.back().time + gap(rows_.size() - 1) - zero_; }

  [[nodiscard]] sim::SimTime at(std::int64_t file_ns) const {
    constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 2;
    if (form_.speed == 1) return {form_.start.ns + std::min(file_ns, never)};
    const double ns = static_cast<double>(file_ns) / form_.speed;
    return {form_.start.ns + (ns < 4e18 ? static_cast<std::int64_t>(ns) : never)};
  }

  /// False at the end of the workload.
  bool lay_round(std::int64_t shift) {
    for (const std::size_t i : sending_) {
      const TraceRow& row = rows_[i];
      const std::int64_t between = form_.spread && row.count > 1 ? gap(i) : 0;
      for (std::int64_t k = 0; k < row.count; ++k) {
        const auto within = static_cast<std::int64_t>(static_cast<__int128>(between) * k / row.count);
        const sim::SimTime time = at(row.time - zero_ + within + shift);
        if (time >= form_.end) return false;
        out_.times.push_back(time);
        if (!form_.key_column.empty() || !form_.size_column.empty()) out_.rows.push_back(row.record);
        if (static_cast<std::int64_t>(out_.times.size()) > limits::trace_records) return true;
      }
    }
    return true;
  }

  const std::vector<TraceRow>& rows_;
  const TraceForm& form_;
  world::Trace& out_;
  std::int64_t zero_;
  std::vector<std::size_t> sending_;  // rows with a record
};

}  // namespace

std::optional<world::Trace> parse_trace(std::string_view text, const TraceForm& form, TraceError& error,
                                        TraceRemarks* remarks) {
  world::Trace trace;
  std::vector<TraceRow> rows;
  if (!TraceReader(text, form, error).read(rows, trace.keys)) return std::nullopt;
  trace.sizes = !form.size_column.empty();
  trace.content = sim::hash_name(text);
  TraceLayout layout(rows, form, trace);
  if (remarks != nullptr) *remarks = layout.remarks();
  if (!layout.lay()) {
    error = {1, 1,
             "with its loops, the file has more than " + std::to_string(limits::trace_records) +
                 " records before the workload stops",
             "set the workload's stop earlier, or leave loop out"};
    return std::nullopt;
  }
  return trace;
}

}  // namespace brokersim::scenario
