#include "helper/server/conninfo.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

TEST(ParseConninfo, ReadsKeywordsAndValues) {
  EXPECT_EQ(ParseConninfo("host=10.0.0.1 port = 5433 application_name='it\\'s'"),
            (Parameters{{"host", "10.0.0.1"}, {"port", "5433"}, {"application_name", "it's"}}));
}

TEST(ParseConninfo, ReadsAnAddress) {
  EXPECT_EQ(
      ParseConninfo("postgresql://me@db1:5433/postgres"),
      (Parameters{{"host", "db1"}, {"port", "5433"}, {"dbname", "postgres"}, {"user", "me"}}));
}

TEST(ParseConninfo, AddsNoDefaults) { EXPECT_EQ(ParseConninfo(""), Parameters{}); }

TEST(ParseConninfo, RefusesWhatLibpqCannotRead) {
  const core::Error error = ErrorOf([] { ParseConninfo("nonsense"); });

  EXPECT_EQ(error.code(), core::ErrorCode::kUsage);
  EXPECT_EQ(error.message(), "invalid connection string");
  EXPECT_EQ(error.detail(), "missing \"=\" after \"nonsense\" in connection info string");
  EXPECT_EQ(error.hint(), "Write it as \"host=10.0.0.1 port=5432\".");
}

TEST(ConninfoText, WritesKeywordsInOrder) {
  EXPECT_EQ(ConninfoText({{"port", "5432"}, {"host", "10.0.0.1"}}), "host=10.0.0.1 port=5432");
  EXPECT_EQ(ConninfoText({}), "");
}

TEST(ConninfoText, QuotesWhereItHasTo) {
  EXPECT_EQ(ConninfoText({{"host", "/a b"}}), "host='/a b'");
  EXPECT_EQ(ConninfoText({{"user", "o'neill"}}), "user='o\\'neill'");
  EXPECT_EQ(ConninfoText({{"user", "a\\b"}}), "user='a\\\\b'");
  EXPECT_EQ(ConninfoText({{"options", ""}}), "options=''");
}

TEST(ConninfoText, WritesWhatParseReads) {
  for (const char* const value :
       {"plain", "", " ", "'", "\\", "a b'c\\d", "a=b", "a\tb", "a\nb", "a\rb", "\u00fc"}) {
    const Parameters parameters = {{"application_name", value}, {"host", "10.0.0.1"}};

    EXPECT_EQ(ParseConninfo(ConninfoText(parameters)), parameters) << '"' << value << '"';
  }
}

TEST(WithAddressOf, KeepsTheWayInAndChangesWhereTo) {
  EXPECT_EQ(
      WithAddressOf(
          {{"host", "10.0.0.1,10.0.0.2"},
           {"hostaddr", "10.0.0.1,10.0.0.2"},
           {"port", "5433,5434"},
           {"user", "me"},
           {"dbname", "postgres"},
           {"sslmode", "require"},
           {"target_session_attrs", "read-write"}},
          {{"host", "10.0.0.3"}, {"port", "5435"}, {"user", "baton_node"}, {"dbname", "other"}}),
      (Parameters{{"host", "10.0.0.3"},
                  {"port", "5435"},
                  {"user", "me"},
                  {"dbname", "postgres"},
                  {"sslmode", "require"},
                  {"target_session_attrs", "any"}}));
}

TEST(WithAddressOf, SaysTheDefaultPortSinceTheEnvironmentMayHaveAnother) {
  EXPECT_EQ(
      WithAddressOf({{"port", "5433"}}, {{"hostaddr", "10.0.0.3"}}),
      (Parameters{{"hostaddr", "10.0.0.3"}, {"port", "5432"}, {"target_session_attrs", "any"}}));
}

TEST(ConninfoText, RefusesAPassword) {
  const core::Error error = ErrorOf([] { ConninfoText({{"host", "a"}, {"password", "secret"}}); });

  EXPECT_EQ(error.code(), core::ErrorCode::kUsage);
  EXPECT_EQ(error.message(), "a password does not belong into this place");
  EXPECT_EQ(error.detail(), "");
  EXPECT_EQ(error.hint(), "Put it into the password file.");
}

}  // namespace
}  // namespace baton::helper
