#include "core/node_name.hpp"

#include <gtest/gtest.h>
#include <string>

#include "test/unit/error_of.hpp"

namespace baton::core {
namespace {

TEST(NodeName, MayBeLowerCaseLettersDigitsAndUnderscores) {
  for (const char* const name : {"a", "db1", "1", "_", "node_2_berlin"}) {
    EXPECT_TRUE(IsNodeName(name)) << '"' << name << '"';
  }
}

TEST(NodeName, HasAtMostAsManyCharactersAsASlotName) {
  EXPECT_TRUE(IsNodeName(std::string(63, 'a')));
  EXPECT_FALSE(IsNodeName(std::string(64, 'a')));
}

TEST(NodeName, MayBeNothingElse) {
  for (const char* const name : {"", "A", "db-1", "db 1", "db.1", "\"a\"", "a'b", "größe", "a\n"}) {
    EXPECT_FALSE(IsNodeName(name)) << '"' << name << '"';
  }
}

TEST(RequireNodeName, IsContentWithANodeName) { EXPECT_NO_THROW(RequireNodeName("db1")); }

TEST(RequireNodeName, SaysWhatANodeNameIs) {
  const Error error = ErrorOf([] { RequireNodeName("DB-1"); });

  EXPECT_EQ(error.code(), ErrorCode::kInvalidName);
  EXPECT_EQ(error.message(), "invalid node name \"DB-1\"");
  EXPECT_EQ(error.detail(),
            "A node name has 1 to 63 characters: lower-case letters, digits and underscores.");
  EXPECT_EQ(error.hint(),
            "Choose a name such as \"a\" or \"db1\"; it also names the replication slot.");
}

}  // namespace
}  // namespace baton::core
