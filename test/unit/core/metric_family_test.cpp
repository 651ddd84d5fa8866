#include "core/metric_family.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace baton::core {
namespace {

using std::chrono::milliseconds;

MetricFamily Family() { return MetricFamily("pg_baton_x", "What x is."); }

TEST(MetricFamily, SaysWhatItIsAndThenItsSamples) {
  MetricFamily family = Family();
  family.Add({{"node", "a"}, {"role", "primary"}}, 1);
  family.Add({{"node", "b"}, {"role", "standby"}}, 0);

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x What x is.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x{node=\"a\",role=\"primary\"} 1\n"
            "pg_baton_x{node=\"b\",role=\"standby\"} 0\n");
}

TEST(MetricFamily, HasNoBracesWithoutLabels) {
  MetricFamily family = Family();
  family.Add({}, 5);

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x What x is.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x 5\n");
}

TEST(MetricFamily, SaysNothingAtAllWithoutASample) {
  MetricFamily family = Family();
  family.Add({}, std::nullopt);
  family.Add({}, std::nan(""));
  family.AddBytes({}, std::nullopt);
  family.AddSeconds({}, std::nullopt);

  EXPECT_EQ(family.Text(), "");
}

TEST(MetricFamily, EscapesQuotesBackslashesAndLineFeedsInALabel) {
  MetricFamily family("pg_baton_x", "What x is.");
  family.Add({{"standby", "a\"b\\c\nd"}}, 1);

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x What x is.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x{standby=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(MetricFamily, EscapesBackslashesAndLineFeedsInItsHelpButNoQuotes) {
  MetricFamily family("pg_baton_x", "It \"is\"\na\\b.");
  family.Add({}, 1);

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x It \"is\"\\na\\\\b.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x 1\n");
}

TEST(MetricFamily, KeepsTheLargerOfTwoSamplesWithTheSameLabels) {
  MetricFamily family = Family();
  family.Add({{"standby", "walreceiver"}}, 2);
  family.Add({{"standby", "walreceiver"}}, 3);
  family.Add({{"standby", "walreceiver"}}, 1);

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x What x is.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x{standby=\"walreceiver\"} 3\n");
}

TEST(MetricFamily, PrintsNumbersWithoutLosingDigits) {
  MetricFamily family = Family();
  family.AddBytes({{"n", "bytes"}}, std::int64_t{1} << 40);
  family.AddSeconds({{"n", "seconds"}}, milliseconds(1500));
  family.Add({{"n", "time"}}, 1'790'000'000.123456);
  family.Add({{"n", "large"}}, 1e20);
  family.Add({{"n", "never"}}, std::numeric_limits<double>::infinity());
  family.Add({{"n", "less than all"}}, -std::numeric_limits<double>::infinity());

  EXPECT_EQ(family.Text(),
            "# HELP pg_baton_x What x is.\n"
            "# TYPE pg_baton_x gauge\n"
            "pg_baton_x{n=\"bytes\"} 1099511627776\n"
            "pg_baton_x{n=\"seconds\"} 1.5\n"
            "pg_baton_x{n=\"time\"} 1790000000.123456\n"
            "pg_baton_x{n=\"large\"} 1e+20\n"
            "pg_baton_x{n=\"never\"} +Inf\n"
            "pg_baton_x{n=\"less than all\"} -Inf\n");
}

}  // namespace
}  // namespace baton::core
