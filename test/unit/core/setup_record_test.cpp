#include "core/setup_record.hpp"

#include <gmock/gmock.h>
#include <map>

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SettingsUndo Plan(const std::vector<MadeSetting>& made,
                  const std::map<std::string, std::string>& now) {
  return PlanSettingsUndo(made, [&now](const std::string& name) -> std::optional<std::string> {
    const auto found = now.find(name);
    if (found == now.end()) return std::nullopt;
    return found->second;
  });
}

TEST(PlanSettingsUndo, PutsBackWhatStillIsAsItWasLeft) {
  const SettingsUndo undo = Plan({{"max_wal_senders", std::nullopt, "10"}, {"wal_level", "a", "b"}},
                                 {{"max_wal_senders", "10"}, {"wal_level", "b"}});

  EXPECT_THAT(undo.changes, ElementsAre(SettingUndo{"max_wal_senders", std::nullopt},
                                        SettingUndo{"wal_level", "a"}));
  EXPECT_THAT(undo.left_alone, IsEmpty());
}

TEST(PlanSettingsUndo, LeavesWhatSomebodyHasChangedSince) {
  const SettingsUndo undo =
      Plan({{"max_wal_senders", std::nullopt, "10"}}, {{"max_wal_senders", "50"}});

  EXPECT_THAT(undo.changes, IsEmpty());
  EXPECT_THAT(undo.left_alone,
              ElementsAre(Problem{"max_wal_senders has been changed since, and is left alone",
                                  "It is \"50\"; setup-primary had set \"10\".", ""}));
}

TEST(PlanSettingsUndo, HasNothingToDoWhereItIsAsBefore) {
  EXPECT_THAT(Plan({{"a", std::nullopt, "1"}, {"b", "1", "2"}}, {{"b", "1"}}).changes, IsEmpty());
}

TEST(PlanSettingsUndo, NamesWhatIsAsBeforeAgain) {
  const SettingsUndo undo = Plan({{"a", std::nullopt, "1"},
                                  {"b", "1", "2"},
                                  {"c", "1", "2"},
                                  {"d", "1", "1"},
                                  {"e", "1", "2"}},
                                 {{"b", "1"}, {"c", "2"}, {"d", "1"}});

  EXPECT_THAT(undo.put_back,
              ElementsAre(MadeSetting{"a", std::nullopt, "1"}, MadeSetting{"b", "1", "2"}));
  EXPECT_THAT(undo.changes, ElementsAre(SettingUndo{"c", "1"}));
  EXPECT_THAT(undo.left_alone, IsEmpty());
}

TEST(PlanSettingsUndo, TakesTheLibraryOutOfALongerList) {
  const std::vector<MadeSetting> made = {{"shared_preload_libraries", "x", "x,pg_baton"}};

  EXPECT_THAT(Plan(made, {{"shared_preload_libraries", "x,pg_baton,y"}}).changes,
              ElementsAre(SettingUndo{"shared_preload_libraries", "x,y"}));
  EXPECT_THAT(Plan(made, {{"shared_preload_libraries", "pg_baton"}}).changes,
              ElementsAre(SettingUndo{"shared_preload_libraries", std::nullopt}));
}

TEST(SetupRecord, KeepsWhatASettingWasBeforeTheFirstChange) {
  SetupRecord record;
  record.AddSetting({"a", std::nullopt, "1"});
  record.AddSetting({"a", "1", "2"});

  EXPECT_THAT(record.settings, ElementsAre(MadeSetting{"a", std::nullopt, "2"}));

  record.AddSetting({"a", "7", "3"});
  EXPECT_THAT(record.settings, ElementsAre(MadeSetting{"a", "7", "3"}));
}

}  // namespace
}  // namespace baton::core
