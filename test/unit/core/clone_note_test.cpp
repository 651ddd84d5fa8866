#include "core/clone_note.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using Kind = CloneFolder::Kind;

CloneNote Note() {
  return {CloneStep::kReady,
          "b",
          4711,
          {{Kind::kData, "/data/b", true, 0},
           {Kind::kTablespace, "/ts", false, 0700},
           {Kind::kWal, "/wal", true, 0}}};
}

TEST(CloneNote, IsReadAsItWasWritten) {
  EXPECT_EQ(CloneNoteFromText(CloneNoteToText(Note())), Note());
}

TEST(CloneNote, IsNoneWhereItIsDamagedOrOfAnotherVersion) {
  std::string other = CloneNoteToText(Note());
  other.replace(other.find("\"version\": 1"), 12, "\"version\": 2");
  CloneNote without_data = Note();
  without_data.folders.erase(without_data.folders.begin());
  CloneNote relative = Note();
  relative.folders[0].path = "data/b";

  for (const std::string& text :
       {std::string(), std::string("{}"), other, CloneNoteToText(Note()).substr(0, 60),
        CloneNoteToText(without_data), CloneNoteToText(relative)}) {
    EXPECT_EQ(CloneNoteFromText(text), std::nullopt) << text;
  }
}

TEST(IsOfCopy, TakesOnlyWhatPgBasebackupMakes) {
  EXPECT_TRUE(IsOfCopy(Kind::kTablespace, "PG_15_202209061"));
  EXPECT_FALSE(IsOfCopy(Kind::kTablespace, "notes.txt"));
  for (const char* const name :
       {"00000001000000000000000A", "00000001000000000000000A.partial", "00000002.history",
        "00000001000000000000000A.tmp", "archive_status", "summaries"}) {
    EXPECT_TRUE(IsOfCopy(Kind::kWal, name)) << name;
  }
  EXPECT_FALSE(IsOfCopy(Kind::kWal, "precious"));
}

}  // namespace
}  // namespace baton::core
