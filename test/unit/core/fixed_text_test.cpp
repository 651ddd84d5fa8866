#include "core/fixed_text.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(FixedText, IsEmptyUntilItIsSet) {
  const FixedText<8> text;

  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.view(), "");
}

TEST(FixedText, TakesEveryKindOfText) {
  EXPECT_EQ(FixedText<8>("abc").view(), "abc");
  EXPECT_EQ(FixedText<8>(std::string("abc")).str(), "abc");
  EXPECT_STREQ(FixedText<8>(std::string_view("abcdef").substr(0, 3)).c_str(), "abc");
}

TEST(FixedText, TakesAViewOfNothing) { EXPECT_TRUE(FixedText<8>(std::string_view()).empty()); }

TEST(FixedText, HoldsOneByteLessThanItsSize) {
  EXPECT_EQ(FixedText<8>("1234567").view(), "1234567");
  EXPECT_EQ(FixedText<8>("12345678").view(), "1234567");
}

TEST(FixedText, CutsBetweenCharacters) {
  EXPECT_EQ(FixedText<8>("12345\u00fc").view(), "12345\u00fc");
  EXPECT_EQ(FixedText<8>("123456\u00fc").view(), "123456");
  EXPECT_EQ(FixedText<8>("1234\U0001F418").view(), "1234");
  EXPECT_EQ(FixedText<8>("\u20ac\u20ac\u20ac").view(), "\u20ac\u20ac");
}

TEST(FixedText, KeepsNothingOfALongerTextBefore) {
  FixedText<16> text = "a longer text";

  text = "short";

  EXPECT_EQ(text.view(), "short");
}

TEST(FixedText, MayBeAssignedAPartOfItself) {
  FixedText<16> text = "prefix:name";

  text = text.view().substr(7);

  EXPECT_EQ(text.view(), "name");
}

TEST(FixedText, MayLiveInSharedMemory) {
  EXPECT_TRUE(std::is_trivially_copyable_v<FixedText<64>>);
  EXPECT_EQ(sizeof(FixedText<64>), 64u);
}

}  // namespace
}  // namespace baton::core
