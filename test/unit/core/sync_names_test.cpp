#include "core/sync_names.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using Form = SyncNames::Form;

TEST(ParseSyncNames, TakesEachFormThatPostgresqlTakes) {
  const struct {
    const char* value;
    Form form;
    std::uint32_t needed;
    std::size_t names;
  } cases[] = {
      {"", Form::kList, 1, 0},
      {"  ", Form::kList, 1, 0},
      {"*", Form::kList, 1, 1},
      {"a", Form::kList, 1, 1},
      {"a, b,c", Form::kList, 1, 3},
      {"1, 2", Form::kList, 1, 2},
      {"2 (a, b)", Form::kNumber, 2, 2},
      {"2(a,b)", Form::kNumber, 2, 2},
      {"first 2 (a, b, c)", Form::kFirst, 2, 3},
      {"ANY 1 (*)", Form::kAny, 1, 1},
      {"Any\t1\n(\"any\", \"a b\")", Form::kAny, 1, 2},
  };
  for (const auto& it : cases) {
    const auto parsed = ParseSyncNames(it.value);
    ASSERT_TRUE(parsed) << it.value;
    EXPECT_EQ(parsed->form, it.form) << it.value;
    EXPECT_EQ(parsed->needed, it.needed) << it.value;
    EXPECT_EQ(parsed->names.size(), it.names) << it.value;
  }
}

TEST(ParseSyncNames, TakesNothingThatPostgresqlRefuses) {
  for (const char* const value :
       {",", "a,", "a b", "(a)", "0 (a)", "ANY (a)", "ANY 1", "FIRST 1 a", "2 (a", "2 a)",
        "ANY 1 ()", "any", "\"a", "a-b", "99999999999 (a)", "ANY 1 (a) b"}) {
    EXPECT_FALSE(ParseSyncNames(value)) << value;
  }
}

TEST(ParseSyncNames, ReadsQuotedNames) {
  const auto parsed = ParseSyncNames("\"a\"\"b\", \"\", \"FIRST\"");

  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->names[0].text, "a\"b");
  EXPECT_EQ(parsed->names[1].text, "");
  EXPECT_EQ(parsed->names[2].text, "FIRST");
  EXPECT_EQ(parsed->names[2].written, "\"FIRST\"");
}

TEST(SyncNames, NameAStandbyInWhateverCaseButNotByAStar) {
  EXPECT_TRUE(ParseSyncNames("a, B")->Names("b"));
  EXPECT_TRUE(ParseSyncNames("\"b\"")->Names("b"));
  EXPECT_FALSE(ParseSyncNames("*")->Names("b"));
  EXPECT_FALSE(ParseSyncNames("bb, b1")->Names("b"));
  EXPECT_FALSE(ParseSyncNames("")->Names("b"));
}

TEST(SyncNamesWithout, StayAsTheyAreIfTheyNameOnlyOthers) {
  for (const char* const value : {"", "*", "a", "ANY  2 (a,c)", "FIRST 1 (*)", "5 (a, c)"}) {
    EXPECT_EQ(SyncNamesWithout(value, "b"), value);
  }
}

TEST(SyncNamesWithout, AreEmptyIfTheyNameNobodyElse) {
  for (const char* const value : {"b", "b, B", "ANY 1 (b)", "FIRST 2 (b)", "\"b\""}) {
    EXPECT_EQ(SyncNamesWithout(value, "b"), "") << value;
  }
}

TEST(SyncNamesWithout, KeepTheFormAndTheOthers) {
  EXPECT_EQ(SyncNamesWithout("a, b, c", "b"), "a, c");
  EXPECT_EQ(SyncNamesWithout("1 (b, c)", "b"), "1 (c)");
  EXPECT_EQ(SyncNamesWithout("FIRST 1 (a, b)", "b"), "FIRST 1 (a)");
  EXPECT_EQ(SyncNamesWithout("any 1 (b, \"C d\")", "b"), "ANY 1 (\"C d\")");
}

TEST(SyncNamesWithout, AskForNoMoreThanAreLeft) {
  EXPECT_EQ(SyncNamesWithout("ANY 2 (a, b)", "b"), "ANY 1 (a)");
  EXPECT_EQ(SyncNamesWithout("FIRST 3 (a, b, c)", "b"), "FIRST 2 (a, c)");
  EXPECT_EQ(SyncNamesWithout("FIRST 2 (b, *)", "b"), "FIRST 2 (*)");
}

TEST(SyncNamesWithout, AreNotKnownIfTheyCannotBeParsed) {
  EXPECT_EQ(SyncNamesWithout("ANY (b)", "b"), std::nullopt);
}

TEST(SyncNamesInstead, PutsOneNameInThePlaceOfTheOther) {
  EXPECT_EQ(SyncNamesInstead("b", "b", "a"), "a");
  EXPECT_EQ(SyncNamesInstead("FIRST 2 (\"b\", c, d)", "b", "a"), "FIRST 2 (a, c, d)");
  EXPECT_EQ(SyncNamesInstead("ANY 1 (b)", "b", "any"), "ANY 1 (\"any\")");
  EXPECT_EQ(SyncNamesInstead("b, c", "b", "7a"), "\"7a\", c");
}

TEST(SyncNamesInstead, NamesNobodyTwice) {
  EXPECT_EQ(SyncNamesInstead("ANY 1 (a, b)", "b", "a"), "ANY 1 (a)");
}

TEST(SyncNamesInstead, LeavesAloneWhatDoesNotNameTheNode) {
  EXPECT_EQ(SyncNamesInstead("", "b", "a"), "");
  EXPECT_EQ(SyncNamesInstead("ANY  1 (*)", "b", "a"), "ANY  1 (*)");
  EXPECT_EQ(SyncNamesInstead("ANY (", "b", "a"), std::nullopt);
}

TEST(SyncNamesInstead, OnlyTakesTheNodeAwayForOneWithoutAName) {
  EXPECT_EQ(SyncNamesInstead("ANY 1 (b, c)", "b", ""), "ANY 1 (c)");
}

}  // namespace
}  // namespace baton::core
