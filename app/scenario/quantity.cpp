#include "app/scenario/quantity.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "app/scenario/diagnostic.h"

namespace brokersim::scenario {
namespace {

using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::int64_t numerator;        // Base units per unit,
  std::int64_t denominator = 1;  // over this.
};

constexpr std::int64_t kilo = 1'000;
constexpr std::int64_t mega = 1'000'000;
constexpr std::int64_t giga = 1'000'000'000;
constexpr std::int64_t tera = 1'000'000'000'000;
constexpr std::int64_t day_ns = 86'400 * giga;

// Largest first, the form that is printed before its other spellings.
constexpr std::array duration_units{Unit{"d", day_ns},       Unit{"h", 3'600 * giga}, Unit{"min", 60 * giga},
                                    Unit{"s", giga},         Unit{"ms", mega},        Unit{"us", kilo},
                                    Unit{"\xC2\xB5s", kilo}, Unit{"\xCE\xBCs", kilo}, Unit{"ns", 1}};
constexpr std::array size_units{
    Unit{"TiB", 1ll << 40}, Unit{"TB", tera}, Unit{"GiB", 1ll << 30}, Unit{"GB", giga},
    Unit{"MiB", 1ll << 20}, Unit{"MB", mega}, Unit{"KiB", 1ll << 10}, Unit{"KB", kilo},
    Unit{"kB", kilo},       Unit{"B", 1}};
constexpr std::array bandwidth_units{
    Unit{"TiB/s", 1ll << 40}, Unit{"TB/s", tera},    Unit{"GiB/s", 1ll << 30}, Unit{"GB/s", giga},
    Unit{"MiB/s", 1ll << 20}, Unit{"MB/s", mega},    Unit{"KiB/s", 1ll << 10}, Unit{"KB/s", kilo},
    Unit{"kB/s", kilo},       Unit{"B/s", 1},        Unit{"Tb/s", tera, 8},    Unit{"Gb/s", giga, 8},
    Unit{"Mb/s", mega, 8},    Unit{"kb/s", kilo, 8}, Unit{"b/s", 1, 8}};
constexpr std::array rate_units{Unit{"/s", kilo}, Unit{"/min", kilo, 60}, Unit{"/h", kilo, 3'600}};

std::span<const Unit> units_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::duration: return duration_units;
    case Dimension::size: return size_units;
    case Dimension::bandwidth: return bandwidth_units;
    case Dimension::rate: return rate_units;
  }
  return {};
}

std::optional<Dimension> dimension_of_unit(std::string_view name) {
  for (const Dimension d : {Dimension::duration, Dimension::size, Dimension::bandwidth, Dimension::rate}) {
    for (const Unit& unit : units_of(d)) {
      if (unit.name == name) return d;
    }
  }
  return std::nullopt;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

/// digits [. digits] [e [sign] digits], as mantissa * 10^exponent.
struct Decimal {
  bool negative = false;
  Wide mantissa = 0;
  int exponent = 0;
};

enum class DecimalError : std::uint8_t { none, not_a_number, too_large, too_fine };

int take_exponent(std::string_view& text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return 0;
  std::string_view rest = text.substr(1);
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  if (rest.empty() || !digit(rest[0])) return 0;
  int power = 0;
  for (; !rest.empty() && digit(rest[0]); rest.remove_prefix(1))
    power = std::min(power * 10 + (rest[0] - '0'), 10'000);
  text = rest;
  return negative ? -power : power;
}

DecimalError take_decimal(std::string_view& text, Decimal& out) {
  constexpr Wide mantissa_max = static_cast<Wide>(1) << 90;  // 27 digits; nobody means more.
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || !digit(text[0])) return DecimalError::not_a_number;
  bool fraction = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text[0] == '.' && !fraction) {
      if (text.size() < 2 || !digit(text[1])) return DecimalError::not_a_number;
      fraction = true;
      continue;
    }
    if (!digit(text[0])) break;
    if (out.mantissa > mantissa_max) {
      if (!fraction) return DecimalError::too_large;
      if (text[0] != '0') return DecimalError::too_fine;
      continue;
    }
    out.mantissa = out.mantissa * 10 + static_cast<unsigned>(text[0] - '0');
    if (fraction) --out.exponent;
  }
  out.exponent += take_exponent(text);
  for (; out.exponent < 0 && out.mantissa != 0 && out.mantissa % 10 == 0; ++out.exponent) out.mantissa /= 10;
  return DecimalError::none;
}

QuantityError no_fit(std::string_view what) {
  return {"number-range", "is too large" + std::string(what), ""};
}

/// mantissa * 10^exponent * numerator / denominator as an exact integer.
std::variant<std::int64_t, QuantityError> scaled(Decimal value, std::int64_t numerator,
                                                 std::int64_t denominator, std::string_view base) {
  if (value.mantissa == 0) return std::int64_t{0};
  Wide n = value.mantissa;
  constexpr Wide limit = static_cast<Wide>(1) << 100;
  const auto multiply = [&](Wide factor) {
    if (n > limit / factor) return false;
    n *= factor;
    return true;
  };
  // Powers of ten that the unit has cancel negative exponents, so 0.000001 s stays exact.
  if (!multiply(static_cast<Wide>(numerator))) return no_fit("");
  for (; value.exponent > 0; --value.exponent) {
    if (!multiply(10)) return no_fit("");
  }
  Wide divisor = static_cast<Wide>(denominator);
  for (; value.exponent < 0; ++value.exponent) {
    if (n % 10 == 0) {
      n /= 10;
    } else if (divisor > limit / 10) {
      return QuantityError{"number-range", "is finer than " + std::string(base), ""};
    } else {
      divisor *= 10;
    }
  }
  if (n % divisor != 0)
    return QuantityError{"number-range", "is not a whole number of " + std::string(base), ""};
  n /= divisor;
  if (n > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return no_fit("");
  const auto result = static_cast<std::int64_t>(n);
  return value.negative ? -result : result;
}

std::string_view base_unit(Dimension dimension) {
  switch (dimension) {
    case Dimension::duration: return "nanoseconds";
    case Dimension::size: return "bytes";
    case Dimension::bandwidth: return "bytes per second";
    case Dimension::rate: return "thousandths per second";
  }
  return "";
}

std::string list_of_units(Dimension dimension) {
  std::string out;
  for (const Unit& unit : units_of(dimension)) {
    if (static_cast<unsigned char>(unit.name[0]) >= 0x80 || unit.name.substr(0, 2) == "kB") continue;
    out += (out.empty() ? "" : ", ") + std::string(unit.name);
  }
  return out;
}

}  // namespace

std::string_view to_string(Dimension dimension) {
  switch (dimension) {
    case Dimension::duration: return "a duration";
    case Dimension::size: return "a size";
    case Dimension::bandwidth: return "a bandwidth";
    case Dimension::rate: return "a rate";
  }
  return "";
}

std::string_view example(Dimension dimension) {
  switch (dimension) {
    case Dimension::duration: return "15 ms";
    case Dimension::size: return "1 KiB";
    case Dimension::bandwidth: return "10 Gb/s";
    case Dimension::rate: return "20000 /s";
  }
  return "";
}

std::variant<std::int64_t, QuantityError> parse_quantity(std::string_view text, Dimension dimension) {
  Decimal value;
  const std::string such =
      std::string(to_string(dimension)) + " such as \"" + std::string(example(dimension)) + "\"";
  switch (take_decimal(text, value)) {
    case DecimalError::none: break;
    case DecimalError::too_large: return no_fit("");
    case DecimalError::too_fine: return QuantityError{"number-range", "has too many digits", ""};
    case DecimalError::not_a_number: return QuantityError{"wrong-type", "is not " + such, ""};
  }
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  if (text.empty()) {
    return QuantityError{"wrong-unit", "has no unit",
                         "write " + such + " (units: " + list_of_units(dimension) + ")"};
  }
  for (const Unit& unit : units_of(dimension)) {
    if (unit.name == text) return scaled(value, unit.numerator, unit.denominator, base_unit(dimension));
  }
  if (const auto other = dimension_of_unit(text)) {
    return QuantityError{"wrong-unit", "is " + std::string(to_string(*other)) + ", but this is " + such,
                         "units: " + list_of_units(dimension)};
  }
  return QuantityError{"wrong-unit", "has the unknown unit " + in_quotes(text),
                       "units: " + list_of_units(dimension)};
}

std::variant<std::int64_t, QuantityError> parse_integer(std::string_view text) {
  Decimal value;
  switch (take_decimal(text, value)) {
    case DecimalError::none: break;
    case DecimalError::too_large: return no_fit(" for a 64-bit number");
    case DecimalError::too_fine:
    case DecimalError::not_a_number: return QuantityError{"wrong-type", "is not a whole number", ""};
  }
  if (!text.empty()) return QuantityError{"wrong-type", "is not a whole number", ""};
  auto result = scaled(value, 1, 1, "ones");
  if (auto* error = std::get_if<QuantityError>(&result)) {
    if (error->message == "is too large") error->message += " for a 64-bit number";
    if (error->message != "is too large for a 64-bit number")
      *error = {"wrong-type", "is not a whole number", ""};
  }
  return result;
}

std::variant<std::int64_t, QuantityError> parse_millionths(std::string_view text) {
  Decimal value;
  switch (take_decimal(text, value)) {
    case DecimalError::none: break;
    case DecimalError::too_large: return no_fit("");
    case DecimalError::too_fine: return QuantityError{"number-range", "has too many digits", ""};
    case DecimalError::not_a_number: return QuantityError{"wrong-type", "is not a number", ""};
  }
  if (!text.empty()) return QuantityError{"wrong-type", "is not a number", ""};
  auto result = scaled(value, mega, 1, "millionths");
  // One that is too fine is wrong as it is written, not out of range.
  if (auto* error = std::get_if<QuantityError>(&result); error != nullptr && error->message != "is too large")
    error->code = "wrong-type";
  return result;
}

std::string format_millionths(std::int64_t count) {
  const bool negative = count < 0;
  const std::int64_t n = negative ? -count : count;
  std::string out = (negative ? "-" : "") + std::to_string(n / mega);
  if (const std::int64_t rest = n % mega; rest != 0) {
    std::string digits = std::to_string(mega + rest).substr(1);
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  return out;
}

std::string format_quantity(std::int64_t count, Dimension dimension) {
  if (count == std::numeric_limits<std::int64_t>::max()) return "no limit";
  if (dimension == Dimension::rate) {
    std::string out = std::to_string(count / kilo);
    if (const std::int64_t rest = count % kilo; rest != 0) {
      std::string digits = std::to_string(kilo + rest).substr(1);
      while (digits.back() == '0') digits.pop_back();
      out += "." + digits;
    }
    return out + " /s";
  }
  if (count == 0)
    return dimension == Dimension::duration ? "0 s" : dimension == Dimension::size ? "0 B" : "0 B/s";
  for (const Unit& unit : units_of(dimension)) {
    if (unit.denominator == 1 && count % unit.numerator == 0) {
      return std::to_string(count / unit.numerator) + " " + std::string(unit.name);
    }
  }
  return std::to_string(count);
}

std::string quantity_pattern(Dimension dimension) {
  std::string alternatives;
  for (const Unit& unit : units_of(dimension))
    alternatives += (alternatives.empty() ? "" : "|") + std::string(unit.name);
  return "^[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)? *(" + alternatives + ")$";
}

}  // namespace brokersim::scenario
