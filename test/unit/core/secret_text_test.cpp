#include "core/secret_text.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(SecretText, LeavesOutThePasswordOfAConnectionString) {
  EXPECT_EQ(WithoutSecrets("host=a password=geheim port=5432"), "host=a password=*** port=5432");
  EXPECT_EQ(WithoutSecrets("password = geheim"), "password = ***");
  EXPECT_EQ(WithoutSecrets("password='ge \\'heim' port=1"), "password=*** port=1");
  EXPECT_EQ(WithoutSecrets("password=ge\\ heim port=1"), "password=*** port=1");
  EXPECT_EQ(WithoutSecrets("password=ge'heim port=1"), "password=*** port=1");
  EXPECT_EQ(WithoutSecrets("sslpassword=geheim"), "sslpassword=***");
  EXPECT_EQ(WithoutSecrets("password='' port=1"), "password=*** port=1");
}

TEST(SecretText, LeavesOutThePasswordOfAnAddress) {
  EXPECT_EQ(WithoutSecrets("postgresql://bob:geheim@10.0.0.1/x"),
            "postgresql://bob:***@10.0.0.1/x");
  EXPECT_EQ(WithoutSecrets("postgres://bob:ge@heim@[::1]:5432"), "postgres://bob:***@[::1]:5432");
  EXPECT_EQ(WithoutSecrets("postgresql://a/x?user=bob&password=geheim&port=1"),
            "postgresql://a/x?user=bob&password=***&port=1");
  EXPECT_EQ(WithoutSecrets("http://127.0.0.1:9188/metrics"), "http://127.0.0.1:9188/metrics");
  EXPECT_EQ(WithoutSecrets("postgresql://bob@10.0.0.1:5432"), "postgresql://bob@10.0.0.1:5432");
}

TEST(SecretText, LeavesOutThePasswordOfAStatementAndOfTheEnvironment) {
  EXPECT_EQ(WithoutSecrets("ALTER ROLE x PASSWORD 'ge''heim' LOGIN"),
            "ALTER ROLE x PASSWORD *** LOGIN");
  EXPECT_EQ(WithoutSecrets("CREATE ROLE x ENCRYPTED PASSWORD E'ge\\'heim'"),
            "CREATE ROLE x ENCRYPTED PASSWORD E***");
  EXPECT_EQ(WithoutSecrets("PGPASSWORD=geheim pg_ctl start"), "PGPASSWORD=*** pg_ctl start");
  EXPECT_EQ(WithoutSecrets("PGPASSWORD='ge heim' pg_ctl start"), "PGPASSWORD=*** pg_ctl start");
}

TEST(SecretText, LeavesOutAllThatFollowsWhereQuotesHideTheEnd) {
  EXPECT_EQ(WithoutSecrets("ALTER SYSTEM SET x = 'password=''ge heim'''"),
            "ALTER SYSTEM SET x = 'password=***");
  EXPECT_EQ(WithoutSecrets("psql 'password='\\''ge heim'\\'''"), "psql 'password=***");
}

TEST(SecretText, LeavesAllElse) {
  for (const char* const text :
       {"", "password", "password authentication failed", "--no-password -W",
        "passfile=/x/passfile", "SELECT 'a' = 'b'", "a://b", "/srv/passwords"}) {
    EXPECT_EQ(WithoutSecrets(text), text);
  }
}

}  // namespace
}  // namespace baton::core
