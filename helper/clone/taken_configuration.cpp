#include "helper/clone/taken_configuration.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/configuration_text.hpp"
#include "core/path_inside.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/server/own_settings.hpp"

namespace baton::helper {
namespace {

using core::ConfigurationFile;
using core::Inclusion;
using Kind = ConfigurationFile::Kind;

// Where the source's files can be read; paths are those of the source.
class Files {
 public:
  virtual ~Files() = default;
  virtual std::optional<std::string> Read(const std::string& path) = 0;
  // Names in a folder; none if it is not there.
  virtual std::vector<std::string> List(const std::string& folder) = 0;
};

class FilesOfSource : public Files {
 public:
  explicit FilesOfSource(Connection& source) : source_(source) {}

  std::optional<std::string> Read(const std::string& path) override {
    // As bytes, since comments may be in any encoding.
    const Result result =
        source_.Query("SELECT pg_catalog.pg_read_binary_file($1, 0, 16777216, true)", {path});
    if (result.IsNull(0, 0)) return std::nullopt;
    std::size_t length = 0;
    const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(PQgetvalue(result.get(), 0, 0)),
                        &length),
        &PQfreemem);
    return std::string(reinterpret_cast<const char*>(bytes.get()), length);
  }

  std::vector<std::string> List(const std::string& folder) override {
    const Result result = source_.Query("SELECT pg_catalog.pg_ls_dir($1, true, false)", {folder});
    std::vector<std::string> names;
    for (int row = 0; row < result.rows(); ++row) names.push_back(result.Text(row, 0));
    return names;
  }

 private:
  Connection& source_;
};

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class FilesOfCopy : public Files {
 public:
  explicit FilesOfCopy(const ClonePlace& place) : place_(place) {}

  std::optional<std::string> Read(const std::string& path) override {
    return ReadFileIfThere(InCopy(path));
  }
  std::vector<std::string> List(const std::string& folder) override {
    return NamesIn(InCopy(folder));
  }

 private:
  fs::path InCopy(const fs::path& path) const {
    return place_.directory / path.lexically_relative(place_.source_configuration.data_directory);
  }

  const ClonePlace& place_;
};

class Collecting {
 public:
  Collecting(Files& files, core::SourceConfiguration& configuration)
      : files_(files), configuration_(configuration) {}

  void Collect() {
    configuration_.files.clear();
    for (const Kind kind : {Kind::kSettings, Kind::kHba, Kind::kIdent}) {
      const std::string& first = configuration_.FileOf(kind);
      if (Add(kind, first)) continue;
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("the source has no file \"{}\"", first),
                        "Its settings name it as part of its configuration.", "");
    }
  }

 private:
  // With what it includes; false if it is not there.
  bool Add(Kind kind, const std::string& path) {
    const auto& known = configuration_.files;
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const auto& file) { return file.path == path; });
    if (is_known) return true;
    const auto text = files_.Read(path);
    if (!text) return false;
    configuration_.files.push_back({kind, path, *text});
    for (const Inclusion& inclusion : kind == Kind::kSettings ? core::InclusionsInSettings(*text)
                                                              : core::InclusionsInRules(*text)) {
      const std::string included = core::IncludedPath(path, inclusion.path);
      if (!core::IsBelow(included, configuration_.FileOf(kind))) continue;
      if (inclusion.kind != Inclusion::Kind::kFolder) {
        Add(kind, included);
        continue;
      }
      std::vector<std::string> names = files_.List(included);
      std::sort(names.begin(), names.end());
      for (const std::string& name : names) {
        if (core::IsReadFromFolder(name)) Add(kind, (fs::path(included) / name).string());
      }
    }
    return true;
  }

  Files& files_;
  core::SourceConfiguration& configuration_;
};

core::ConfigurationPlace PlaceHere(const ClonePlace& place) {
  core::ConfigurationPlace here;
  here.data_directory = place.directory.string();
  here.folder = place.Configuration().empty() ? here.data_directory
                                              : PlainPath(place.Configuration()).string();
  const bool has_own = here.folder != here.data_directory && !place.programs.bindir.empty() &&
                       fs::exists(fs::path(here.folder) / "postgresql.conf");
  if (!has_own) return here;
  const OwnSettings own(place.programs, {"-D", here.folder});
  for (const char* const name : core::kSettingsOfAHost) here.own[name] = own.ValueIfSet(name);
  return here;
}

// Not what this user may not see.
bool IsHere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

core::TakenConfiguration Plan(const ClonePlace& place) {
  return core::PlanConfiguration(place.source_configuration, PlaceHere(place), IsHere);
}

// Of this host, in folders that are read as a whole.
std::vector<std::string> Staying(const core::TakenConfiguration& plan) {
  std::vector<std::string> staying;
  for (const std::string& folder : plan.folders) {
    for (const std::string& name : NamesIn(folder)) {
      const std::string path = (fs::path(folder) / name).string();
      const bool is_taken =
          std::any_of(plan.files.begin(), plan.files.end(),
                      [&](const core::PlacedFile& file) { return file.path == path; });
      if (core::IsReadFromFolder(name) && !is_taken) staying.push_back(path);
    }
  }
  return staying;
}

class Reading {
 public:
  explicit Reading(ClonePlace& place)
      : place_(place), source_(place.source_configuration), facts_(place.target.configuration) {}

  void Read() {
    facts_.copies = place_.TakesConfiguration();
    if (!place_.Configuration().empty()) {
      facts_.folder = PlainPath(place_.Configuration()).string();
      facts_.has_settings =
          place_.request.create_cluster || IsHere(place_.Configuration() / "postgresql.conf");
    }
    ReadPlaces();
    if (!facts_.copies) return;
    if (!facts_.outside) {
      facts_.unreadable = CannotRead("Where they are is shown to members of pg_monitor only.");
      return;
    }
    const fs::path folder = facts_.folder.empty() ? place_.directory : fs::path(facts_.folder);
    // What the data directory lacks is told where that is judged.
    facts_.is_writable = facts_.folder.empty() || IsWritable(ExistingPart(folder));
    // Those that come with the copy need no right to read them here.
    if (!facts_.outside->empty()) ReadFiles();
  }

 private:
  void ReadPlaces() {
    const Result result = place_.source.Query(
        "SELECT name, setting FROM pg_catalog.pg_settings"
        " WHERE name IN ('data_directory', 'config_file', 'hba_file', 'ident_file')");
    std::map<std::string, std::string> settings;
    for (int row = 0; row < result.rows(); ++row) {
      const fs::path path = result.Text(row, 1);
      if (path.is_absolute()) settings[result.Text(row, 0)] = PlainPath(path).string();
    }
    source_.data_directory = settings["data_directory"];
    source_.config_file = settings["config_file"];
    source_.hba_file = settings["hba_file"];
    source_.ident_file = settings["ident_file"];
    facts_.outside.reset();
    if (!source_.IsKnown()) return;
    facts_.outside.emplace();
    for (const std::string& file : source_.Outside()) {
      facts_.outside->push_back({file, IsHere(file)});
    }
    facts_.settings_outside = !core::IsInside(source_.config_file, source_.data_directory);
  }

  void ReadFiles() {
    try {
      FilesOfSource files(place_.source);
      Collecting(files, source_).Collect();
    } catch (const SqlError& error) {
      constexpr const char* kInsufficientPrivilege = "42501";
      if (error.sqlstate() != kInsufficientPrivilege) throw;
      facts_.unreadable = CannotRead(fmt::format(
          "They lie outside of its data directory; the server says: {}.", error.message()));
      return;
    }
    facts_.plan = Plan(place_);
    facts_.staying = Staying(*facts_.plan);
    for (const core::PlacedFile& file : facts_.plan->files) {
      const fs::path folder = fs::path(file.path).parent_path();
      const bool is_judged_elsewhere = core::IsInside(folder, place_.directory);
      if (!is_judged_elsewhere && !IsWritable(ExistingPart(folder))) facts_.is_writable = false;
    }
  }

  core::Problem CannotRead(const std::string& why) const {
    return {
        fmt::format("role \"{}\" cannot read the source's configuration files",
                    place_.source.user()),
        why,
        "Connect as a superuser, for example with -U postgres, or grant pg_read_server_files to "
        "baton_node."};
  }

  ClonePlace& place_;
  core::SourceConfiguration& source_;
  core::CloneConfiguration& facts_;
};

// Every folder on the way, on disk before anything relies on it.
void MakeFolder(const fs::path& folder) {
  if (fs::is_directory(folder)) return;
  MakeFolder(folder.parent_path());
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not make folder \"{}\": {}",
                                                            folder.string(), error.message()));
  }
  Flush(folder.parent_path());
}

}  // namespace

void ReadConfiguration(ClonePlace& place) { Reading(place).Read(); }

void TakeConfiguration(ClonePlace& place) {
  const bool comes_with_copy = place.source_configuration.files.empty();
  if (comes_with_copy) {
    FilesOfCopy files(place);
    Collecting(files, place.source_configuration).Collect();
  }
  // Anew, since the cluster may have been made meanwhile.
  const core::TakenConfiguration plan = Plan(place);
  core::RequireNone(plan.problems);
  if (comes_with_copy) {
    for (const core::LeftOut& left_out : plan.left_out) {
      const core::Problem text = LeftOutText(left_out);
      place.output.Warning(text.message, text.detail, text.hint);
    }
  }
  for (const std::string& folder : plan.folders) MakeFolder(folder);
  // Readable by the group, as Debian has them.
  constexpr mode_t kMode = 0640;
  for (const core::PlacedFile& file : plan.files) {
    MakeFolder(fs::path(file.path).parent_path());
    std::optional<std::string> before;
    if (fs::exists(file.path)) before = ReadFile(file.path);
    if (before == file.text) continue;
    const bool is_of_copy = core::IsInside(file.path, place.directory);
    if (before && !is_of_copy) KeepFirst(file.path, *before);
    ReplaceFile(file.path, file.text, kMode);
    place.output.Line(fmt::format("took over \"{}\" from the source{}", file.path,
                                  before && !is_of_copy ? ", and kept the old one beside it" : ""));
  }
}

}  // namespace baton::helper
