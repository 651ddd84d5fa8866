#include "core/setup_record.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/settings_advice.hpp"

namespace baton::core {

void AddOnce(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

void SetupRecord::AddSetting(MadeSetting setting) {
  for (MadeSetting& made : settings) {
    if (made.name != setting.name) continue;
    // What stands there is not what was left, so somebody has had a hand in it.
    if (setting.before != made.after) made.before = setting.before;
    made.after = std::move(setting.after);
    return;
  }
  settings.push_back(std::move(setting));
}

SettingsUndo PlanSettingsUndo(
    const std::vector<MadeSetting>& made,
    const std::function<std::optional<std::string>(const std::string& name)>& now) {
  SettingsUndo undo;
  for (const MadeSetting& setting : made) {
    const auto value = now(setting.name);
    if (value == setting.before) {
      if (value != setting.after) undo.put_back.push_back(setting);
    } else if (!value) {
      continue;
    } else if (value == setting.after) {
      undo.changes.push_back({setting.name, setting.before});
    } else if (setting.name == "shared_preload_libraries") {
      const std::string rest = WithoutLibrary(*value, "pg_baton");
      undo.changes.push_back(
          {setting.name, rest.empty() ? std::nullopt : std::optional<std::string>(rest)});
    } else {
      undo.left_alone.push_back(
          {fmt::format("{} has been changed since, and is left alone", setting.name),
           fmt::format("It is \"{}\"; setup-primary had set \"{}\".", *value, setting.after), ""});
    }
  }
  return undo;
}

}  // namespace baton::core
