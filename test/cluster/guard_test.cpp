// The boundary between C++ and the backend, driven in a real server: see test/doors.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

constexpr int kDepth = 4;

class Doors : public testing::Test {
 protected:
  Doors() : node_(cluster_.InitPlain("a")), session_(node_.Connect()) {
    session_.Run(
        "CREATE FUNCTION doors(kind int, depth int, times bigint, sqlstate text, message text,"
        " detail text, hint text) RETURNS bigint LANGUAGE c STRICT"
        " AS 'pg_baton_doors', 'pg_baton_doors_run'");
  }

  // How many of the errors did not arrive as they were sent.
  std::string Wrong(int kind, long times, const std::string& expected) {
    return session_.Value(
        fmt::format("SELECT doors({}, {}, {}, {})", kind, kDepth, times, expected));
  }

  long ResidentKb() {
    std::ifstream status(fmt::format("/proc/{}/status", session_.Value("SELECT pg_backend_pid()")));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return -1;
  }

  Cluster cluster_;
  Node& node_;
  helper::Connection session_;
};

constexpr const char* kBackend = "'55P03', 'bottom 7', 'the detail', 'the hint'";
constexpr const char* kOwn = "'55006', 'bottom 7', 'the detail', 'the hint'";

TEST_F(Doors, AMillionErrorsOfEachKindArriveWholeAndLeaveNothingBehind) {
  ASSERT_EQ(Wrong(0, 10'000, kBackend), "0");
  ASSERT_EQ(Wrong(1, 10'000, kOwn), "0");
  const long before = ResidentKb();

  EXPECT_EQ(Wrong(0, 1'000'000, kBackend), "0");
  EXPECT_EQ(Wrong(1, 1'000'000, kOwn), "0");

  const long after = ResidentKb();
  fmt::print("resident memory before {} kB, after two million errors {} kB\n", before, after);
  EXPECT_LT(after - before, 1024);
}

TEST_F(Doors, OtherExceptionsBecomeErrors) {
  EXPECT_EQ(Wrong(2, 1000, "'53200', 'out of memory', '', ''"), "0");
  EXPECT_EQ(Wrong(3, 1000, "'XX000', 'unknown C++ exception', '', ''"), "0");
  EXPECT_EQ(Wrong(5, 1000, kOwn), "0") << "thrown inside a Call";
}

TEST_F(Doors, WithoutAnErrorNothingIsRaised) { EXPECT_EQ(Wrong(4, 1000, "'', '', '', ''"), "0"); }

TEST_F(Doors, ACountOfWrongOnesIsNotBlind) {
  EXPECT_EQ(Wrong(1, 10, "'55006', 'another message', 'the detail', 'the hint'"), "10");
}

TEST_F(Doors, AStatementTimeoutPassesThroughAndTheSessionGoesOn) {
  session_.Run("SET statement_timeout = '300ms'");

  std::string sqlstate;
  try {
    Wrong(0, 1'000'000'000, kBackend);
  } catch (const helper::SqlError& error) {
    sqlstate = error.sqlstate();
  }

  EXPECT_EQ(sqlstate, "57014");
  session_.Run("RESET statement_timeout");
  EXPECT_EQ(Wrong(0, 100, kBackend), "0");
}

}  // namespace
}  // namespace baton::test
