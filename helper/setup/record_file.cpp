#include "helper/setup/record_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

using nlohmann::json;

json ToJson(const core::SetupRecord& record) {
  json settings = json::array();
  for (const core::MadeSetting& setting : record.settings) {
    settings.push_back({{"name", setting.name},
                        {"before", setting.before ? json(*setting.before) : json()},
                        {"after", setting.after}});
  }
  return {
      {"node_name", record.node_name},           {"system_identifier", record.system_identifier},
      {"made_role", record.made_role},           {"role_before", record.role_before},
      {"stored_in", record.stored_in},           {"functions", record.functions},
      {"memberships", record.memberships},       {"hba_file", record.hba_file},
      {"hba_lines", record.hba_lines},           {"settings", settings},
      {"made_extension", record.made_extension}, {"made_operators", record.made_operators},
      {"registered", record.registered},         {"tls", record.tls}};
}

core::SetupRecord FromJson(const json& object) {
  core::SetupRecord record;
  object.at("node_name").get_to(record.node_name);
  object.at("system_identifier").get_to(record.system_identifier);
  object.at("made_role").get_to(record.made_role);
  object.at("role_before").get_to(record.role_before);
  object.at("stored_in").get_to(record.stored_in);
  object.at("functions").get_to(record.functions);
  object.at("memberships").get_to(record.memberships);
  object.at("hba_file").get_to(record.hba_file);
  object.at("hba_lines").get_to(record.hba_lines);
  for (const json& setting : object.at("settings")) {
    const json& before = setting.at("before");
    record.settings.push_back(
        {setting.at("name"),
         before.is_null() ? std::nullopt : std::optional<std::string>(before.get<std::string>()),
         setting.at("after")});
  }
  object.at("made_extension").get_to(record.made_extension);
  object.at("made_operators").get_to(record.made_operators);
  object.at("registered").get_to(record.registered);
  record.tls = object.value("tls", record.tls);
  return record;
}

}  // namespace

fs::path RecordFile(const fs::path& data_directory) {
  return data_directory / "pg_baton" / "setup.json";
}

std::optional<core::SetupRecord> ReadRecord(const fs::path& data_directory) {
  const auto text = ReadFileIfThere(RecordFile(data_directory));
  if (!text) return std::nullopt;
  try {
    return FromJson(json::parse(*text));
  } catch (const json::exception& error) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("cannot understand \"{}\"", RecordFile(data_directory).string()),
                      error.what(),
                      "It says what setup-primary changed.  Move it away to "
                      "begin a new one.");
  }
}

void WriteRecord(const fs::path& data_directory, const core::SetupRecord& record) {
  const fs::path folder = RecordFile(data_directory).parent_path();
  if (fs::create_directory(folder)) {
    SetMode(folder, LookAtDirectory(data_directory).mode);
    Flush(data_directory);
  }
  ReplaceFile(RecordFile(data_directory), ToJson(record).dump(1) + "\n");
}

void RemoveRecord(const fs::path& data_directory) {
  std::error_code error;
  fs::remove(RecordFile(data_directory), error);
  Flush(RecordFile(data_directory).parent_path());
}

}  // namespace baton::helper
