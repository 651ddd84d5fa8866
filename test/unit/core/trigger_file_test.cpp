#include "core/trigger_file.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TriggerFacts OnStandby(const std::string& content) { return {true, false, true, content}; }

TEST(TriggerFile, AnEmptyOneAsks) {
  for (const char* const content : {"", "\n", " \t\r\n"}) {
    const TriggerVerdict verdict = JudgeTrigger(OnStandby(content));

    EXPECT_TRUE(verdict.asks) << content;
    EXPECT_FALSE(verdict.force) << content;
    EXPECT_EQ(verdict.reason, "");
  }
}

TEST(TriggerFile, TheWordForceForces) {
  for (const char* const content : {"force", "force\n", "  force\r\n"}) {
    const TriggerVerdict verdict = JudgeTrigger(OnStandby(content));

    EXPECT_TRUE(verdict.asks) << content;
    EXPECT_TRUE(verdict.force) << content;
  }
}

TEST(TriggerFile, AnythingElseIsRefused) {
  for (const char* const content : {"forced", "force now", "FORCE", "no", "force\nforce"}) {
    const TriggerVerdict verdict = JudgeTrigger(OnStandby(content));

    EXPECT_FALSE(verdict.asks) << content;
    EXPECT_EQ(verdict.reason, "It is neither empty nor says \"force\".");
    EXPECT_EQ(verdict.hint, "Touch it to ask for a promotion, or write \"force\" into it.");
  }
  EXPECT_EQ(JudgeTrigger({true, false, false, ""}).reason, "It is no regular file.");
}

TEST(TriggerFile, OneThatWasThereBeforeIsNeverObeyed) {
  const TriggerVerdict verdict = JudgeTrigger({true, true, true, "force"});

  EXPECT_FALSE(verdict.asks);
  EXPECT_EQ(verdict.reason, "It was there before the server started, or before it was looked for.");
  EXPECT_EQ(verdict.hint, "Touch it again to ask for a promotion.");
}

TEST(TriggerFile, APrimaryHasNothingToPromote) {
  EXPECT_FALSE(JudgeTrigger({false, false, true, ""}).asks);
  EXPECT_EQ(JudgeTrigger({false, true, true, ""}).reason, "This server is a primary.");
}

}  // namespace
}  // namespace baton::core
