#include "helper/archive/backup_unpacking.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sstream>

#include "core/error.hpp"
#include "helper/archive/tar.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr const char* kTablespaces = "pg_tblspc";
constexpr const char* kMap = "tablespace_map";

// Copies these files and folders into a folder that is there.
void Copy(const std::vector<fs::path>& from, const fs::path& to) {
  if (from.empty()) return;
  std::vector<std::string> arguments = {"/bin/cp",
                                        "--recursive",
                                        "--no-dereference",
                                        "--preserve=mode,timestamps",
                                        "--reflink=auto",
                                        "--target-directory=" + to.string(),
                                        "--"};
  for (const fs::path& path : from) arguments.push_back(path.string());
  const ProcessResult result = RunProcess(arguments);
  CheckInterrupt();
  if (result.exit_code == 0) return;
  throw core::Error(core::ErrorCode::kFailed, "could not copy the base backup", result.output);
}

std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

void MakePrivateFolder(const fs::path& folder) {
  fs::create_directories(folder);
  SetMode(folder, 0700);
}

// Numbers of tablespaces: what is a link, as in plain backups, or is in the map, as in tar files.
std::set<std::string> TablespacesOf(const fs::path& data) {
  std::set<std::string> numbers;
  if (fs::is_directory(data / kTablespaces)) {
    for (const fs::path& entry : EntriesOf(data / kTablespaces)) {
      if (fs::is_symlink(entry)) numbers.insert(entry.filename().string());
    }
  }
  std::istringstream lines(ReadFileIfThere(data / kMap).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::string number = line.substr(0, line.find(' '));
    const bool is_number = number.find_first_not_of("0123456789") == std::string::npos;
    if (!number.empty() && is_number) numbers.insert(number);
  }
  return numbers;
}

void Link(const std::string& number, const RestoreScratch& scratch) {
  const fs::path link = scratch.data() / kTablespaces / number;
  fs::remove(link);
  MakePrivateFolder(scratch.tablespace(number));
  fs::create_directory_symlink(scratch.tablespace(number), link);
}

void CopyPlain(const BackupSource& source, const RestoreScratch& scratch) {
  std::vector<fs::path> wanted;
  for (const fs::path& entry : EntriesOf(source.path)) {
    // Links would lead outside, to logs or to the WAL of the server itself.
    if (!fs::is_symlink(entry) && entry.filename() != "pg_wal") wanted.push_back(entry);
  }
  Copy(wanted, scratch.data());
  for (const std::string& number : TablespacesOf(scratch.data())) {
    Link(number, scratch);
    Copy(EntriesOf(source.path / kTablespaces / number / ""), scratch.tablespace(number));
  }
}

void UnpackTar(const BackupSource& source, const RestoreScratch& scratch) {
  const std::vector<std::string> extract = {"--extract", "--no-same-owner",
                                            "--directory=" + scratch.data().string()};
  std::vector<std::string> base = extract;
  for (const char* const wal : {"--exclude=pg_wal/*", "--exclude=./pg_wal/*"}) base.push_back(wal);
  base.insert(base.begin() + 1, "--anchored");
  RunTar(source.TarFile("base"), source.packing, base);
  for (const std::string& number : TablespacesOf(scratch.data())) {
    Link(number, scratch);
    RunTar(source.TarFile(number), source.packing,
           {"--extract", "--no-same-owner", "--directory=" + scratch.tablespace(number).string()});
  }
  if (source.has_manifest) Copy({source.path / "backup_manifest"}, scratch.data());
}

// What a server would write through them is not this test's.
void RemoveLinks(const fs::path& folder) {
  std::vector<fs::path> links;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const bool is_tablespace = entry.path().parent_path() == folder / kTablespaces;
    if (entry.is_symlink() && !is_tablespace) links.push_back(entry.path());
  }
  for (const fs::path& link : links) fs::remove(link);
}

// The startup process makes the links anew from this file, wherever they lead (read_tablespace_map
// in xlogrecovery.c).
void RewriteMap(const RestoreScratch& scratch) {
  const fs::path map = scratch.data() / kMap;
  if (!fs::exists(map)) return;
  std::string rewritten;
  for (const std::string& number : TablespacesOf(scratch.data())) {
    rewritten += fmt::format("{} {}\n", number, scratch.tablespace(number).string());
  }
  ReplaceFile(map, rewritten);
}

}  // namespace

void UnpackBackup(const BackupSource& source, const RestoreScratch& scratch) {
  MakePrivateFolder(scratch.data());
  if (source.form == BackupSource::Form::kPlain) {
    CopyPlain(source, scratch);
  } else {
    UnpackTar(source, scratch);
  }
}

void VerifyBackup(const Programs& programs, const RestoreScratch& scratch) {
  const ProcessResult result = RunProcess({programs.Path("pg_verifybackup"), "--exit-on-error",
                                           "--no-parse-wal", "--quiet", scratch.data().string()});
  CheckInterrupt();
  if (result.exit_code == 0) return;
  throw core::Error(core::ErrorCode::kRefused, "the base backup is damaged", result.output,
                    "Take a new one; pg_verifybackup on the backup itself tells all of it.");
}

void Detach(const RestoreScratch& scratch) {
  const fs::path data = scratch.data();
  SetMode(data, 0700);
  RemoveLinks(data);
  RemoveLinks(scratch.tablespaces());
  fs::remove_all(data / "pg_wal");
  MakePrivateFolder(data / "pg_wal");
  for (const char* const file :
       {"standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts", "promote"}) {
    fs::remove(data / file);
  }
  RewriteMap(scratch);
}

}  // namespace baton::helper
