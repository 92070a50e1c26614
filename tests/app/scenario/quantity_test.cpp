// Goal: a quantity is read exactly or refused. Method: known values, both sides of every limit, round trips.
#include "app/scenario/quantity.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace brokersim::scenario {
namespace {

std::int64_t value(std::string_view text, Dimension dimension) {
  const auto parsed = parse_quantity(text, dimension);
  if (const auto* error = std::get_if<QuantityError>(&parsed)) {
    ADD_FAILURE() << text << " " << error->message;
    return std::numeric_limits<std::int64_t>::min();
  }
  return std::get<std::int64_t>(parsed);
}

std::string problem(std::string_view text, Dimension dimension) {
  const auto parsed = parse_quantity(text, dimension);
  const auto* error = std::get_if<QuantityError>(&parsed);
  return error == nullptr ? "none" : error->code + ": " + error->message;
}

TEST(Quantity, DurationsAreNanoseconds) {
  EXPECT_EQ(value("15 ms", Dimension::duration), 15'000'000);
  EXPECT_EQ(value("15ms", Dimension::duration), 15'000'000);
  EXPECT_EQ(value("0.000000001 s", Dimension::duration), 1);
  EXPECT_EQ(value("1.500 us", Dimension::duration), 1'500);
  EXPECT_EQ(value("1.5 \xC2\xB5s", Dimension::duration), 1'500) << "the micro sign";
  EXPECT_EQ(value("2 min", Dimension::duration), 120'000'000'000);
  EXPECT_EQ(value("30 d", Dimension::duration), 2'592'000'000'000'000);
  EXPECT_EQ(value("-45 s", Dimension::duration), -45'000'000'000);
  EXPECT_EQ(value("1e3 ms", Dimension::duration), 1'000'000'000);
}

TEST(Quantity, SizesKnowPowersOfTwoAndOfTen) {
  EXPECT_EQ(value("1 KiB", Dimension::size), 1'024);
  EXPECT_EQ(value("1 KB", Dimension::size), 1'000);
  EXPECT_EQ(value("1 kB", Dimension::size), 1'000);
  EXPECT_EQ(value("1.5 GiB", Dimension::size), 1'610'612'736);
  EXPECT_EQ(value("7 B", Dimension::size), 7);
}

TEST(Quantity, BandwidthsCountBytesAndBits) {
  EXPECT_EQ(value("333.4 MB/s", Dimension::bandwidth), 333'400'000);
  EXPECT_EQ(value("10 Gb/s", Dimension::bandwidth), 1'250'000'000);
  EXPECT_EQ(value("8.4 Gb/s", Dimension::bandwidth), 1'050'000'000);
  EXPECT_EQ(value("1 MiB/s", Dimension::bandwidth), 1'048'576);
}

TEST(Quantity, RatesCountThousandthsPerSecond) {
  EXPECT_EQ(value("20000 /s", Dimension::rate), 20'000'000);
  EXPECT_EQ(value("20000/s", Dimension::rate), 20'000'000);
  EXPECT_EQ(value("0.5 /s", Dimension::rate), 500);
  EXPECT_EQ(value("90 /min", Dimension::rate), 1'500);
}

// No value passes through a double: 2^53 + 1 nanoseconds would not survive one.
TEST(Quantity, NothingIsRounded) {
  EXPECT_EQ(value("9007199254740993 ns", Dimension::duration), 9'007'199'254'740'993);
  EXPECT_EQ(value("9007199.254740993 s", Dimension::duration), 9'007'199'254'740'993);
  EXPECT_EQ(problem("1.5 ns", Dimension::duration), "number-range: is not a whole number of nanoseconds");
  EXPECT_EQ(problem("0.1 B", Dimension::size), "number-range: is not a whole number of bytes");
  EXPECT_EQ(problem("1 b/s", Dimension::bandwidth),
            "number-range: is not a whole number of bytes per second");
  EXPECT_EQ(problem("1 /min", Dimension::rate),
            "number-range: is not a whole number of thousandths per second");
}

TEST(Quantity, ALimitOf64BitsHoldsOnBothSides) {
  EXPECT_EQ(value("9223372036854775807 ns", Dimension::duration), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(problem("9223372036854775808 ns", Dimension::duration), "number-range: is too large");
  EXPECT_EQ(problem("1e400 s", Dimension::duration), "number-range: is too large");
  EXPECT_EQ(problem(std::string(500, '9') + " s", Dimension::duration), "number-range: is too large");
  EXPECT_EQ(value("1." + std::string(500, '0') + " s", Dimension::duration), 1'000'000'000);
  EXPECT_EQ(value("0e10000 s", Dimension::duration), 0);
}

TEST(Quantity, AWrongUnitIsNamed) {
  EXPECT_EQ(problem("15 KiB", Dimension::duration),
            "wrong-unit: is a size, but this is a duration such as \"15 ms\"");
  EXPECT_EQ(problem("15", Dimension::duration), "wrong-unit: has no unit");
  EXPECT_EQ(problem("15 sec", Dimension::duration), "wrong-unit: has the unknown unit \"sec\"");
  EXPECT_EQ(problem("1 kb", Dimension::size), "wrong-unit: has the unknown unit \"kb\"");
  for (const char* text : {"", " ", "ms", "one ms", ".5 s", "5. s", "--5 s", "0x10 s", "1,5 s"}) {
    EXPECT_NE(problem(text, Dimension::duration), "none") << text;
  }
}

TEST(Quantity, FormattedItReadsBack) {
  for (const std::int64_t n :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{999}, std::int64_t{1'024}, std::int64_t{15'000'000},
        std::int64_t{86'400'000'000'000}, std::int64_t{9'007'199'254'740'993}}) {
    for (const Dimension d : {Dimension::duration, Dimension::size, Dimension::bandwidth, Dimension::rate}) {
      EXPECT_EQ(value(format_quantity(n, d), d), n) << format_quantity(n, d);
    }
  }
  EXPECT_EQ(format_quantity(30'000'000'000, Dimension::duration), "30 s");
  EXPECT_EQ(format_quantity(1 << 20, Dimension::size), "1 MiB");
}

TEST(Integer, JsonFormsAreExact) {
  const auto integer = [](std::string_view text) {
    const auto parsed = parse_integer(text);
    return std::holds_alternative<std::int64_t>(parsed) ? std::to_string(std::get<std::int64_t>(parsed))
                                                        : std::get<QuantityError>(parsed).code;
  };
  EXPECT_EQ(integer("42"), "42");
  EXPECT_EQ(integer("-1"), "-1");
  EXPECT_EQ(integer("5.0"), "5");
  EXPECT_EQ(integer("1e6"), "1000000");
  EXPECT_EQ(integer("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(integer("9223372036854775808"), "number-range");
  EXPECT_EQ(integer("1.5"), "wrong-type");
  EXPECT_EQ(integer("8 ms"), "wrong-type");
  EXPECT_EQ(integer(""), "wrong-type");
}

}  // namespace
}  // namespace brokersim::scenario
