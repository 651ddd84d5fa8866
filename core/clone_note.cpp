#include "core/clone_note.hpp"

#include <nlohmann/json.hpp>

#include "core/archive_name.hpp"

namespace baton::core {
namespace {

using nlohmann::json;
using Kind = CloneFolder::Kind;

constexpr int kVersion = 1;

constexpr std::pair<Kind, std::string_view> kKinds[] = {
    {Kind::kData, "data"}, {Kind::kTablespace, "tablespace"}, {Kind::kWal, "wal"}};

std::string_view KindName(Kind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

}  // namespace

std::string CloneNoteToText(const CloneNote& note) {
  json file = {{"version", kVersion},
               {"step", note.step == CloneStep::kReady ? "ready" : "copying"},
               {"node_name", note.node_name},
               {"inode", note.inode},
               {"folders", json::array()}};
  for (const CloneFolder& folder : note.folders) {
    file["folders"].push_back({{"kind", KindName(folder.kind)},
                               {"path", folder.path},
                               {"made", folder.made},
                               {"mode", folder.mode}});
  }
  return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<CloneNote> CloneNoteFromText(std::string_view text) {
  const json file = json::parse(text, nullptr, false);
  if (!file.is_object()) return std::nullopt;
  CloneNote note;
  try {
    const auto step = file.at("step").get<std::string>();
    if (file.at("version") != kVersion || (step != "ready" && step != "copying")) {
      return std::nullopt;
    }
    note.step = step == "ready" ? CloneStep::kReady : CloneStep::kCopying;
    file.at("node_name").get_to(note.node_name);
    file.at("inode").get_to(note.inode);
    for (const json& entry : file.at("folders")) {
      CloneFolder folder;
      const auto kind = entry.at("kind").get<std::string>();
      for (const auto& [known, name] : kKinds) {
        if (name == kind) folder.kind = known;
      }
      if (KindName(folder.kind) != kind) return std::nullopt;
      entry.at("path").get_to(folder.path);
      if (!folder.path.starts_with('/')) return std::nullopt;
      entry.at("made").get_to(folder.made);
      entry.at("mode").get_to(folder.mode);
      note.folders.push_back(folder);
    }
  } catch (const json::exception&) {
    return std::nullopt;
  }
  const bool has_data = !note.folders.empty() && note.folders.front().kind == Kind::kData;
  return has_data ? std::optional<CloneNote>(std::move(note)) : std::nullopt;
}

bool IsOfCopy(Kind kind, std::string_view name) {
  switch (kind) {
    case Kind::kData:
      return true;
    case Kind::kTablespace:
      // One folder a version: TABLESPACE_VERSION_DIRECTORY in src/include/common/relpath.h.
      return name.starts_with("PG_");
    case Kind::kWal:
      break;
  }
  // pg_receivewal's code, which pg_basebackup uses, adds ".partial" and ".tmp".
  for (const std::string_view suffix : {".partial", ".tmp"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name == "archive_status" || name == "summaries" || ParseArchivedName(name).has_value();
}

}  // namespace baton::core
