#include "core/password_verifier.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

// As RFC 5803 has it, for "secret one", the salt being the bytes 0 to 15.
constexpr const char* kVerifier =
    "SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$"
    "p70mhvwvloC1uhHNOJfTwBLpyR/Dsya++xkkqu27Sqg=:/03Xp73ehdBJ2BYPxA3cb8Q7aI3TKjeQ5+V8t8LElS0=";

TEST(KindOfVerifier, TellsTheThreeApart) {
  EXPECT_EQ(KindOfVerifier(""), VerifierKind::kNone);
  EXPECT_EQ(KindOfVerifier("md5a3556571e93b0d20722ba62be61e8c2d"), VerifierKind::kMd5);
  EXPECT_EQ(KindOfVerifier(kVerifier), VerifierKind::kScram);
}

TEST(FitsScram, TellsTheRightPasswordFromAWrongOne) {
  EXPECT_EQ(FitsScram(kVerifier, "secret one"), true);
  EXPECT_EQ(FitsScram(kVerifier, "secret two"), false);
  EXPECT_EQ(FitsScram(kVerifier, ""), false);
}

TEST(FitsScram, DoesNotGuess) {
  EXPECT_EQ(FitsScram("md5a3556571e93b0d20722ba62be61e8c2d", "secret"), std::nullopt);
  EXPECT_EQ(FitsScram(kVerifier, "geheim\xc3\xbc"), std::nullopt);
  for (const char* const broken :
       {"", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096", "SCRAM-SHA-256$x:AAAA$AAAA:AAAA",
        "SCRAM-SHA-256$0:AAAA$AAAA:AAAA", "SCRAM-SHA-256$4096:!$AAAA:AAAA"}) {
    EXPECT_EQ(FitsScram(broken, "secret"), std::nullopt) << broken;
  }
}

}  // namespace
}  // namespace baton::core
