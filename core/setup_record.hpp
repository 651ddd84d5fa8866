// What setup-primary changed on a server, so that it can be put back, and what of it still is as it
// was left.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.hpp"

namespace baton::core {

struct MadeSetting {
  std::string name;
  std::optional<std::string> before;  // in postgresql.auto.conf; nullopt: it was not there
  std::string after;

  bool operator==(const MadeSetting&) const = default;
};

struct SetupRecord {
  std::string node_name;
  std::string system_identifier;
  bool made_role = false;
  std::string
      role_before;        // attributes for ALTER ROLE, of those that were changed; empty: none was
  std::string stored_in;  // the password file that got the password; empty: none did
  std::vector<std::string> functions;    // whose execution was granted
  std::vector<std::string> memberships;  // of the role, that were granted
  std::string hba_file;
  std::vector<std::string> hba_lines;
  std::vector<MadeSetting> settings;
  bool made_extension = false;
  bool made_operators = false;  // the role baton_operator, with the extension
  bool registered = false;      // this node
  // What its connection string says of TLS, for the registry, which is there after a restart only.
  std::map<std::string, std::string> tls;

  // Of a setting that was made before, what it was before that stays.
  void AddSetting(MadeSetting setting);

  bool operator==(const SetupRecord&) const = default;
};

void AddOnce(std::vector<std::string>& list, const std::string& item);

// How a setting in postgresql.auto.conf is put back.
struct SettingUndo {
  std::string name;
  std::optional<std::string> value;  // nullopt: taken out

  bool operator==(const SettingUndo&) const = default;
};
struct SettingsUndo {
  std::vector<SettingUndo> changes;
  std::vector<MadeSetting> put_back;  // already, by an undo that was cut short
  Problems left_alone;                // that somebody has changed since
};
// `now` is its value in postgresql.auto.conf; nullopt: it is not there, so nothing has to be
// changed. Of shared_preload_libraries that were changed since, pg_baton alone is taken out.
SettingsUndo PlanSettingsUndo(
    const std::vector<MadeSetting>& made,
    const std::function<std::optional<std::string>(const std::string& name)>& now);

}  // namespace baton::core
