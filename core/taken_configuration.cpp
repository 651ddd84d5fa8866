#include "core/taken_configuration.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "core/configuration_text.hpp"
#include "core/path_inside.hpp"

namespace baton::core {
namespace {

using Path = std::filesystem::path;
using Kind = ConfigurationFile::Kind;

Path Folder(const std::string& file) { return Path(file).parent_path(); }

class Planner {
 public:
  Planner(const SourceConfiguration& source, const ConfigurationPlace& place,
          const std::function<bool(const std::string&)>& is_here)
      : source_(source), place_(place), is_here_(is_here) {}

  TakenConfiguration Plan() {
    for (const char* const name : kSettingsOfAHost) changes_.settings[name] = ValueHere(name);
    // What others include is there before they are.
    for (auto file = source_.files.rbegin(); file != source_.files.rend(); ++file) Place(*file);
    std::stable_partition(plan_.files.begin(), plan_.files.end(),
                          [this](const PlacedFile& file) { return file.path != Settings(); });
    AddSettings();
    return std::move(plan_);
  }

 private:
  std::string Settings() const { return (Path(place_.folder) / "postgresql.conf").string(); }
  bool HasOwnFolder() const { return place_.folder != place_.data_directory; }

  // Empty: it is not set here.
  std::string ValueHere(const std::string& name) const {
    if (!HasOwnFolder()) return "";
    const auto found = place_.own.find(name);
    const std::string own = found == place_.own.end() ? "" : found->second;
    if (name == "external_pid_file") return own;
    if (name == "data_directory") {
      // A server that was not told otherwise takes the folder of its configuration.
      return own.empty() || own == place_.folder ? place_.data_directory : own;
    }
    if (own.starts_with('/')) return own;
    return (Path(place_.folder) / (name == "hba_file" ? "pg_hba.conf" : "pg_ident.conf")).string();
  }

  // Where the first file of that kind goes.
  std::string FirstHere(Kind kind) const {
    if (kind == Kind::kSettings) return Settings();
    const std::string value = changes_.settings.at(kind == Kind::kHba ? "hba_file" : "ident_file");
    if (!value.empty()) return value;
    const char* const name = kind == Kind::kHba ? "pg_hba.conf" : "pg_ident.conf";
    return (Path(place_.folder) / name).string();
  }

  // Of a path below the folder of the first file of that kind.
  std::string Here(Kind kind, const std::string& there) const {
    const std::string& first = source_.FileOf(kind);
    if (there == first) return FirstHere(kind);
    const Path below = Path(there).lexically_relative(Folder(first));
    return (Folder(FirstHere(kind)) / below).lexically_normal().string();
  }

  void Place(const ConfigurationFile& file) {
    const std::string path = Here(file.kind, file.path);
    if (file.kind != Kind::kSettings) {
      for (const Inclusion& inclusion : InclusionsInRules(file.text)) {
        FollowInRules(file, path, inclusion);
      }
      plan_.files.push_back({path, file.text});
      return;
    }
    LineChanges changes = changes_;
    for (const Inclusion& inclusion : InclusionsInSettings(file.text)) {
      Follow(file, path, inclusion, changes);
    }
    for (const char* const name : kSettingsOfAHost) {
      if (HasSetting(file.text, name)) unset_.erase(name);
    }
    plan_.files.push_back({path, WithChangedLines(file.text, changes)});
  }

  void Follow(const ConfigurationFile& file, const std::string& path, const Inclusion& inclusion,
              LineChanges& changes) {
    const std::string there = IncludedPath(file.path, inclusion.path);
    if (IsBelow(there, source_.config_file)) {
      const std::string here = Here(file.kind, there);
      if (inclusion.kind == Inclusion::Kind::kFolder) AddOnce(plan_.folders, here);
      if (inclusion.path.starts_with('/')) {
        changes.inclusions[inclusion.path] = Path(here).lexically_relative(Folder(path)).string();
      }
      return;
    }
    const std::string here = IncludedPath(path, inclusion.path);
    const bool is_here = is_here_(here);
    AddOnce(plan_.left_out, {there, here, is_here});
    if (!is_here) changes.inclusions[inclusion.path] = "";
  }

  // Their lines stay as they are: without one that rejects, others would be let in.
  void FollowInRules(const ConfigurationFile& file, const std::string& path,
                     const Inclusion& inclusion) {
    const std::string there = IncludedPath(file.path, inclusion.path);
    const std::string here = IncludedPath(path, inclusion.path);
    const bool is_taken =
        IsBelow(there, source_.FileOf(file.kind)) && Here(file.kind, there) == here;
    if (is_taken) {
      if (inclusion.kind == Inclusion::Kind::kFolder) AddOnce(plan_.folders, here);
      return;
    }
    if (is_here_(here)) return AddOnce(plan_.left_out, {there, here, true});
    if (inclusion.kind == Inclusion::Kind::kFileIfThere) return;
    plan_.problems.push_back(
        {fmt::format("\"{}\" of the source includes \"{}\", which is not on this host", file.path,
                     there),
         "It cannot be taken over, and without it the rules would not be the same.",
         fmt::format("Put it to \"{}\".", here)});
  }

  template <typename Value>
  static void AddOnce(std::vector<Value>& values, const Value& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }

  // At the end of postgresql.conf, where the source names none of its own.
  void AddSettings() {
    std::string lines;
    for (const std::string& name : unset_) {
      const std::string& value = changes_.settings.at(name);
      if (!value.empty()) lines += SettingLine(name, value) + "\n";
    }
    if (lines.empty() || plan_.files.empty() || plan_.files.back().path != Settings()) return;
    std::string& text = plan_.files.back().text;
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += "\n# pg_baton: places of this host\n" + lines;
  }

  const SourceConfiguration& source_;
  const ConfigurationPlace& place_;
  const std::function<bool(const std::string&)>& is_here_;
  LineChanges changes_;  // of the settings, which are the same in all files
  std::set<std::string> unset_{std::begin(kSettingsOfAHost), std::end(kSettingsOfAHost)};
  TakenConfiguration plan_;
};

}  // namespace

bool SourceConfiguration::IsKnown() const {
  return !data_directory.empty() && !config_file.empty() && !hba_file.empty() &&
         !ident_file.empty();
}

std::vector<std::string> SourceConfiguration::Outside() const {
  std::vector<std::string> outside;
  for (const std::string& file : {config_file, hba_file, ident_file}) {
    if (!IsInside(file, data_directory)) outside.push_back(file);
  }
  return outside;
}

const std::string& SourceConfiguration::FileOf(Kind kind) const {
  if (kind == Kind::kSettings) return config_file;
  return kind == Kind::kHba ? hba_file : ident_file;
}

std::string IncludedPath(const std::string& including_file, const std::string& path) {
  const Path whole = (Folder(including_file) / path).lexically_normal();
  return whole.has_filename() ? whole.string() : whole.parent_path().string();
}

bool IsBelow(const std::string& path, const std::string& first_file) {
  return IsInside(path, Folder(first_file));
}

TakenConfiguration PlanConfiguration(const SourceConfiguration& source,
                                     const ConfigurationPlace& place,
                                     const std::function<bool(const std::string&)>& is_here) {
  return Planner(source, place, is_here).Plan();
}

Problem LeftOutText(const LeftOut& left_out) {
  const std::string detail =
      left_out.is_here ? fmt::format(
                             "It lies outside of the folder of the source's configuration; the new "
                             "server will read \"{}\" of this host.",
                             left_out.here)
                       : "It lies outside of the folder of the source's configuration; the line "
                         "that includes it "
                         "becomes a comment.";
  return {fmt::format("included \"{}\" is not taken over", left_out.there), detail,
          left_out.is_here
              ? ""
              : fmt::format("Put it to \"{}\" before, if the new server is to have it.",
                            left_out.here)};
}

}  // namespace baton::core
