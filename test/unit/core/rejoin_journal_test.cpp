#include "core/rejoin_journal.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

RejoinJournal Whole() {
  RejoinJournal journal;
  journal.step = RejoinStep::kRewinding;
  journal.node_name = "a";
  journal.passfile = "/home/postgres/.pgpass";
  journal.system_identifier = "7301";
  journal.major = 15;
  journal.segment_bytes = 16777216;
  journal.mode = 0750;
  journal.signals = {"standby.signal"};
  journal.timeline = 1;
  journal.source_timeline = 2;
  journal.source_reign = "75f98984761dd07f";
  journal.fork = Lsn(0x3029128);
  journal.own = {"pg_baton", "postgresql.conf"};
  journal.tablespaces = {{"16384", "/srv/b/space", "/srv/a/space.pg_baton_new", "/srv/a/space"}};
  journal.why_copied = "pg_rewind cannot be used";
  return journal;
}

TEST(RejoinJournal, ComesBackAsItWasWritten) {
  EXPECT_EQ(JournalFromText(JournalToText(Whole())), Whole());
  EXPECT_EQ(JournalFromText(JournalToText(RejoinJournal())), RejoinJournal());
}

TEST(RejoinJournal, HasANameForEachStep) {
  for (const RejoinStep step : kRejoinSteps) {
    RejoinJournal journal = Whole();
    journal.step = step;

    const auto read = JournalFromText(JournalToText(journal));

    ASSERT_TRUE(read) << StepName(step);
    EXPECT_EQ(read->step, step);
  }
}

TEST(RejoinJournal, IsNothingElse) {
  std::string unknown_step = JournalToText(Whole());
  unknown_step.replace(unknown_step.find("rewinding"), 9, "something");
  const std::string cut = JournalToText(Whole()).substr(0, 100);

  for (const std::string& text : {std::string(), std::string("{}"), std::string("[1]"), cut,
                                  unknown_step, std::string("\0\0\0", 3)}) {
    EXPECT_FALSE(JournalFromText(text)) << text;
  }
}

}  // namespace
}  // namespace baton::core
