#include "helper/clone/target_reading.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>
#include <gnu/libc-version.h>
#include <sys/stat.h>

#include "core/path_inside.hpp"
#include "helper/clone/clone_notes.hpp"
#include "helper/clone/source_reading.hpp"
#include "helper/clone/unfinished_copy.hpp"
#include "helper/command/node_access.hpp"
#include "helper/rejoin/journal_file.hpp"
#include "helper/rejoin/replacement.hpp"
#include "helper/server/own_settings.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/port.hpp"
#include "helper/system/scratch.hpp"

namespace baton::helper {
namespace {

using core::CloneTarget;

std::optional<std::int64_t> NumberFrom(const std::string& text) {
  const bool is_number = !text.empty() && text.size() < 18 &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::optional<std::int64_t>(std::stoll(text)) : std::nullopt;
}

// The compiled-in sizes of the programs; they are asked with a configuration that says nothing.
std::optional<core::PageLayout> LayoutOf(const Programs& programs) {
  const ScratchFolder folder;
  ReplaceFile(folder.path() / "postgresql.conf", "");
  const OwnSettings settings(programs, {"-D", folder.path().string()});
  const auto block = NumberFrom(settings.ValueIfSet("block_size"));
  const auto wal_block = NumberFrom(settings.ValueIfSet("wal_block_size"));
  const auto segment = NumberFrom(settings.ValueIfSet("segment_size"));
  if (!block || !wal_block || !segment) return std::nullopt;
  return core::PageLayout{*block, *wal_block, *segment};
}

class TargetReading {
 public:
  explicit TargetReading(ClonePlace& place) : place_(place), target_(place.target) {}

  void Read() {
    target_.node_name = place_.request.node_name;
    target_.path = place_.directory.string();
    target_.will_start = !place_.request.server.no_start;
    target_.advertise = place_.request.advertise;
    target_.is_elsewhere = !IsOwnAddress(target_.advertise).value_or(true);
    target_.max_rate = place_.request.max_rate;
    target_.libc_version = gnu_get_libc_version();
    ReadDirectory();
    ReadWaldir();
    ReadVolumes();
    place_.programs = FindPrograms(place_.request.server.bindir, place_.source_facts.major);
    target_.bindir = place_.programs.bindir;
    target_.major = place_.programs.major;
    target_.version = place_.programs.version;
    target_.architecture = place_.programs.architecture;
    if (target_.bindir.empty()) return;
    target_.layout = LayoutOf(place_.programs);
    ReadSettings();
    ReadLibraries();
    ReadTls();
  }

 private:
  void ReadDirectory() {
    using Directory = CloneTarget::Directory;
    const DirectoryFacts facts = LookAtDirectory(place_.directory);
    place_.left_over = CloneNotes(place_.directory).Read();
    if (place_.left_over && !IsLeftOver(*place_.left_over)) place_.left_over.reset();
    if (!facts.exists) {
      target_.directory = Directory::kAbsent;
      target_.can_create = IsWritable(ExistingPart(place_.directory));
    } else if (!facts.is_directory) {
      target_.directory = Directory::kNotADirectory;
    } else if (!facts.is_own) {
      target_.directory = Directory::kForeign;
    } else if (place_.left_over) {
      target_.directory = Directory::kLeftOver;
    } else if (facts.is_empty) {
      target_.directory = Directory::kEmpty;
    } else {
      target_.directory =
          facts.mode == kUnstartableMode ? Directory::kUnfinished : Directory::kNotEmpty;
    }
    if (place_.request.move_aside && facts.exists) {
      target_.move_aside_to = NameAside(place_.directory);
      target_.can_be_moved = CanBeRenamed(place_.directory);
    }
    target_.is_running = RunningPostmaster(place_.directory).has_value();
    const RejoinFolder rejoin(place_.directory, "");
    if (fs::exists(rejoin.journal())) target_.rejoin_journal = rejoin.path();
    for (const PlacedTablespace& tablespace : place_.tablespaces) {
      const DirectoryFacts there = LookAtDirectory(tablespace.here);
      if (there.exists && !there.is_empty && !IsLeftOverThere(tablespace.here)) {
        target_.occupied_tablespaces.push_back(tablespace.here);
      }
    }
  }

  void ReadWaldir() {
    target_.waldir = place_.request.waldir;
    if (target_.waldir.empty()) return;
    const fs::path wal = fs::weakly_canonical(target_.waldir);
    const fs::path data = fs::weakly_canonical(place_.directory);
    target_.waldir_is_inside = core::IsInside(wal, data) || core::IsInside(data, wal);
    const DirectoryFacts there = LookAtDirectory(wal);
    const bool is_empty = !there.exists || there.is_empty || IsLeftOverThere(target_.waldir);
    target_.waldir_is_usable = target_.waldir.starts_with('/') && is_empty &&
                               (!there.exists || there.is_own) && IsWritable(ExistingPart(wal));
  }

  // The earlier clone has put it there, and it will be removed.
  bool IsLeftOverThere(const std::string& path) const {
    if (!place_.left_over) return false;
    const auto& folders = place_.left_over->folders;
    return std::any_of(folders.begin(), folders.end(),
                       [&](const core::CloneFolder& folder) { return folder.path == path; });
  }

  // With the time, so that no two have the same.
  static std::string NameAside(const fs::path& directory) {
    return fmt::format("{}.before_clone_{:%Y%m%dT%H%M%SZ}", directory.string(),
                       fmt::gmtime(std::time(nullptr)));
  }

  void ReadVolumes() {
    std::map<dev_t, std::size_t> known;
    const auto add = [&](const fs::path& path, std::int64_t bytes, bool takes_wal) {
      struct stat status {};
      const bool is_there = stat(ExistingPart(path).c_str(), &status) == 0;
      const auto [at, is_new] = known.emplace(is_there ? status.st_dev : 0, target_.volumes.size());
      if (is_new) target_.volumes.push_back({path.string(), 0, false, FreeBytes(path)});
      core::CloneVolume& volume = target_.volumes[at->second];
      volume.data_bytes += bytes;
      volume.takes_wal = volume.takes_wal || takes_wal;
    };
    const fs::path waldir = place_.request.waldir;
    add(place_.directory, place_.data_bytes, waldir.empty());
    if (!waldir.empty()) add(waldir, 0, true);
    for (const PlacedTablespace& tablespace : place_.tablespaces) {
      add(tablespace.here, tablespace.bytes, false);
    }
  }

  // As the new server will have it: what --set says, what comes with the copy, or what stands in
  // this host's own configuration.
  std::optional<std::string> Expected(const std::string& name) {
    const auto given = place_.ParsedSettings();
    if (const auto found = given.find(name); found != given.end()) return found->second;
    const auto there = place_.source_settings.find(name);
    if (there != place_.source_settings.end() && there->second.comes_with_copy) {
      return there->second.value;
    }
    if (place_.Configuration().empty()) return std::nullopt;
    const OwnSettings own(place_.programs, {"-D", place_.Configuration().string()});
    return own.ValueIfSet(name);
  }

  void ReadSettings() {
    for (const char* const name : kRequiredSettings) {
      const auto there = NumberFrom(place_.required_settings[name]);
      if (there) {
        target_.settings.push_back({name, *there, NumberFrom(Expected(name).value_or(""))});
      }
    }
    target_.port = static_cast<int>(NumberFrom(Expected("port").value_or("")).value_or(0));
    target_.port_is_free = IsPortFree(target_.port);
  }

  void ReadLibraries() {
    if (const auto preloads = Expected("shared_preload_libraries")) {
      target_.preloads = core::NamesInList(*preloads);
    }
    target_.library_folder = LibraryFolder(place_.programs);
    if (target_.library_folder.empty() || !place_.source_facts.preloads) return;
    for (const std::string& library : *place_.source_facts.preloads) {
      if (!IsHere(library)) target_.missing_libraries.push_back(library);
    }
  }

  // Files without a folder lie in the data directory, and come with the copy.
  void ReadTls() {
    const auto mode = place_.given.find("sslmode");
    target_.needs_tls = mode != place_.given.end() && RequiresTls(mode->second);
    target_.has_tls = Expected("ssl").value_or("off") == "on";
    for (const char* const setting : {"ssl_cert_file", "ssl_key_file"}) {
      const std::string file = Expected(setting).value_or("");
      std::error_code error;
      const bool is_gone = !fs::exists(file, error) && !error;
      if (file.starts_with('/') && is_gone) {
        target_.missing_tls_files.push_back(file);
      }
    }
  }

  // As the server looks for it (expand_dynamic_library_name in dfmgr.c).
  bool IsHere(const std::string& library) {
    const auto with_folder = [this](std::string path) {
      constexpr std::string_view kMacro = "$libdir";
      if (path.starts_with(kMacro)) path.replace(0, kMacro.size(), target_.library_folder);
      return fs::path(path);
    };
    const auto is_there = [](const fs::path& path) {
      std::error_code error;
      return fs::exists(path, error) || fs::exists(path.string() + ".so", error);
    };
    if (library.find('/') != std::string::npos) return is_there(with_folder(library));
    const auto setting = place_.source_settings.find("dynamic_library_path");
    std::string folders =
        setting == place_.source_settings.end() ? "$libdir" : setting->second.value;
    std::replace(folders.begin(), folders.end(), ':', ',');
    for (const std::string& folder : core::NamesInList(folders)) {
      if (is_there(with_folder(folder) / library)) return true;
    }
    return false;
  }

  ClonePlace& place_;
  CloneTarget& target_;
};

}  // namespace

void ReadCloneTarget(ClonePlace& place) { TargetReading(place).Read(); }

}  // namespace baton::helper
