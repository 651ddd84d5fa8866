#include <cctype>
#include <fmt/format.h>

#include "core/clone_rules.hpp"

namespace baton::core {
namespace {

// False where what is there is in the way.
bool GoesAside(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.is_running) {
    verdicts.Refuse("directory",
                    {fmt::format("a server is running from directory \"{}\"", target.path), "",
                     "Stop it first."});
    return true;
  }
  if (target.move_aside_to.empty()) return false;
  if (target.can_be_moved) {
    verdicts.Ok("directory", fmt::format("\"{}\" will be moved aside to \"{}\"", target.path,
                                         target.move_aside_to));
  } else {
    verdicts.Refuse("directory",
                    {fmt::format("directory \"{}\" cannot be moved aside", target.path),
                     "It is a mount point, or the folder in which it stands cannot be written.",
                     "Move its content elsewhere."});
  }
  return true;
}

void CheckDirectory(const CloneTarget& target, CloneVerdicts& verdicts) {
  using Directory = CloneTarget::Directory;
  switch (target.directory) {
    case Directory::kAbsent:
    case Directory::kEmpty:
      if (!target.can_create) {
        verdicts.Refuse("directory",
                        {fmt::format("cannot write to directory \"{}\"", target.path),
                         "The data directory belongs to the user who runs the server.",
                         "Run pg_baton as that user, for example with runuser -u postgres."});
      } else {
        verdicts.Ok("directory",
                    fmt::format("\"{}\" is {}", target.path,
                                target.directory == Directory::kEmpty ? "empty" : "not there yet"));
      }
      return;
    case Directory::kLeftOver:
      verdicts.Ok("directory", fmt::format("\"{}\" has the rest of a clone that was broken off, "
                                           "which will be removed",
                                           target.path));
      return;
    case Directory::kUnfinished:
      if (GoesAside(target, verdicts)) return;
      verdicts.Refuse("directory",
                      {fmt::format("directory \"{}\" holds an unfinished copy", target.path),
                       "A clone or rejoin was cut short; no server can start from it.",
                       "Move it aside with --move-aside, or remove it."});
      return;
    case Directory::kNotEmpty:
      if (GoesAside(target, verdicts)) return;
      verdicts.Refuse("directory",
                      {fmt::format("directory \"{}\" exists but is not empty", target.path),
                       "A clone never overwrites anything.",
                       "Move it aside with --move-aside, or name another directory with -D; a "
                       "former primary comes back with pg_baton rejoin."});
      return;
    case Directory::kNotADirectory:
      verdicts.Refuse("directory",
                      {fmt::format("\"{}\" exists but is not a directory", target.path), "",
                       "Name another directory with -D."});
      return;
    case Directory::kForeign:
      verdicts.Refuse("directory",
                      {fmt::format("directory \"{}\" belongs to another user", target.path), "",
                       "Run pg_baton as its owner."});
  }
}

void CheckTablespaces(const CloneSource& source, const CloneTarget& target,
                      CloneVerdicts& verdicts) {
  for (const std::string& location : target.occupied_tablespaces) {
    verdicts.Refuse("tablespaces",
                    {fmt::format("tablespace directory \"{}\" is not empty here", location),
                     "The copy would put the source's tablespace into it.",
                     fmt::format("Map it elsewhere: -T {}=/another/directory", location)});
  }
  verdicts.OkUnlessSaid("tablespaces",
                        fmt::format("{} outside the data directory", source.tablespaces.size()));
}

}  // namespace

CloneFindings CheckClone(const CloneSource& source, const CloneTarget& target) {
  CloneVerdicts verdicts;
  CheckServers(source, target, verdicts);
  CheckDirectory(target, verdicts);
  if (!target.rejoin_journal.empty()) {
    verdicts.Refuse(
        "directory",
        {fmt::format("a rejoin of directory \"{}\" has a journal", target.path),
         fmt::format("It is in \"{}\", and would be gone on with.", target.rejoin_journal),
         "Let pg_baton rejoin come to its end, or move that folder aside."});
  }
  CheckTablespaces(source, target, verdicts);
  CheckConfiguration(target, verdicts);
  CheckLikeness(source, target, verdicts);
  CheckHost(source, target, verdicts);
  return verdicts.Take();
}

Problems Refused(const CloneFindings& findings) {
  Problems problems;
  for (const CloneFinding& finding : findings) {
    if (finding.status == CloneStatus::kRefused) problems.push_back(finding.text);
  }
  return problems;
}

std::string_view CloneStatusText(CloneStatus status) {
  switch (status) {
    case CloneStatus::kOk:
      return "ok";
    case CloneStatus::kWarning:
      return "warning";
    case CloneStatus::kRefused:
      return "refused";
    case CloneStatus::kUnknown:
      break;
  }
  return "unknown";
}

std::vector<std::string> NamesInList(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    const auto is_part_of_it = [](char c) {
      return std::isspace(static_cast<unsigned char>(c)) == 0 && c != '"';
    };
    while (!name.empty() && !is_part_of_it(name.front())) name.remove_prefix(1);
    while (!name.empty() && !is_part_of_it(name.back())) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

std::string ArchitectureOf(const std::string& version_text) {
  const auto on = version_text.find(" on ");
  if (on == std::string::npos) return "";
  const auto begin = on + 4;
  const auto end = version_text.find_first_of("-, ", begin);
  return version_text.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace baton::core
