// Numbers with a unit, as people write them: "15 ms", "1 KiB", "20000 /s", "10 Gb/s".
//
// Why: a number without a unit is the most common wrong number, and a rounded one the second. A quantity
// becomes an exact count of its base unit, or an error; no floating point is involved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace brokersim::scenario {

/// What is counted, and in which base unit the result is.
enum class Dimension : std::uint8_t {
  duration,   ///< nanoseconds: ns us ms s min h d
  size,       ///< bytes: B kB KB MB GB TB KiB MiB GiB TiB
  bandwidth,  ///< bytes per second: B/s .. TiB/s, b/s kb/s Mb/s Gb/s (bits)
  rate,       ///< events per 1000 seconds: /s /min /h
};

struct QuantityError {
  std::string code;     ///< "wrong-unit", "wrong-type" or "number-range".
  std::string message;  ///< Follows a value in a sentence: "has no unit".
  std::string hint;
};

/// The count of base units in `text`, exactly; may be negative.
[[nodiscard]] std::variant<std::int64_t, QuantityError> parse_quantity(std::string_view text,
                                                                       Dimension dimension);

/// "a duration", "a size", "a bandwidth", "a rate".
[[nodiscard]] std::string_view to_string(Dimension dimension);

/// An example to show in hints: "15 ms".
[[nodiscard]] std::string_view example(Dimension dimension);

/// `count` base units in the largest unit that divides them: "30 s", "1 MiB", "1050 MB/s". Read back
/// by parse_quantity() it gives `count` again.
[[nodiscard]] std::string format_quantity(std::int64_t count, Dimension dimension);

/// A whole number written as JSON does (also 1e6 and 5.0), exactly. Error if it has a fraction or does
/// not fit in 64 bits.
[[nodiscard]] std::variant<std::int64_t, QuantityError> parse_integer(std::string_view text);

/// A number written as JSON does, in millionths, exactly; error if it has a finer part or does not fit.
[[nodiscard]] std::variant<std::int64_t, QuantityError> parse_millionths(std::string_view text);
/// "1.1" for 1,100,000; the shortest form.
[[nodiscard]] std::string format_millionths(std::int64_t count);

/// Regular expression (ECMA 262, for the JSON Schema) of what parse_quantity() accepts, but for range.
[[nodiscard]] std::string quantity_pattern(Dimension dimension);

}  // namespace brokersim::scenario
