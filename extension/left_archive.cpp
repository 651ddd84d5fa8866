#include "left_archive.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "core/restore_command.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/worker.hpp"
#include "shared_state.hpp"
#include "shell_command.hpp"

namespace baton {
namespace {

constexpr const char* kStatusFolder = XLOGDIR "/archive_status";
constexpr std::string_view kReady = ".ready";
constexpr auto kLimit = std::chrono::seconds(60);
constexpr auto kTryAgainAfter = std::chrono::seconds(5);

// Names of the files that wait, in the order of PostgreSQL's archiver: histories first, then the
// oldest (src/backend/postmaster/pgarch.c).
std::vector<std::string> Waiting() {
  std::vector<std::string> names;
  DIR* const folder = pg::Call([] { return AllocateDir(kStatusFolder); });
  for (;;) {
    const dirent* const entry =
        pg::Call([folder] { return ReadDirExtended(folder, kStatusFolder, LOG); });
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name.ends_with(kReady)) names.emplace_back(name.substr(0, name.size() - kReady.size()));
  }
  pg::Call([folder] { FreeDir(folder); });
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const bool a_is_history = a.ends_with(".history");
    const bool b_is_history = b.ends_with(".history");
    return a_is_history != b_is_history ? a_is_history : a < b;
  });
  return names;
}

std::string Command() { return XLogArchiveCommand == nullptr ? "" : XLogArchiveCommand; }

void MarkArchived(const std::string& name) {
  const std::string ready = fmt::format("{}/{}{}", kStatusFolder, name, kReady);
  const std::string done = fmt::format("{}/{}.done", kStatusFolder, name);
  pg::Call([from = ready.c_str(), to = done.c_str()] { durable_rename(from, to, WARNING); });
}

}  // namespace

bool ArchivesByCommand() { return XLogArchiveMode == ARCHIVE_MODE_ON && !Command().empty(); }

core::Lsn OldestUnarchived() {
  for (const std::string& name : Waiting()) {
    const char* const file = name.c_str();
    if (!IsXLogFileName(file)) continue;
    TimeLineID timeline = 0;
    XLogSegNo segment = 0;
    XLogFromFileName(file, &timeline, &segment, wal_segment_size);
    return core::Lsn(segment * static_cast<std::uint64_t>(wal_segment_size));
  }
  return {};
}

bool ArchiveLeft() {
  static core::Instant not_before{};
  if (!ArchivesByCommand()) return true;
  const std::vector<std::string> names = Waiting();
  if (names.empty()) return true;
  if (pg::Now() < not_before) return false;
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonArchive"); });
  const std::string& name = names.front();
  const std::string path = fmt::format("{}/{}", XLOGDIR, name);
  ShellCommand command(core::ExpandRestoreCommand(Command(), name, path), {}, kLimit);
  while (!command.Finished()) {
    command.Wait(std::chrono::milliseconds(100));
    pg::WaitForLatch(std::chrono::milliseconds(0), event);
  }
  const bool archived =
      command.result().end == ShellCommand::End::kExited && command.result().exit_code == 0;
  if (archived) {
    MarkArchived(name);
    shared::AddEvent("archive", fmt::format("archived {}, which waited at the demotion", name));
    return names.size() == 1;
  }
  not_before = pg::Now() + kTryAgainAfter;
  const std::string errors = command.errors();
  pg::Call([file = name.c_str(), text = errors.c_str()] {
    ereport(WARNING,
            (errmsg("could not archive \"%s\", which waited at the demotion", file),
             *text == '\0' ? 0 : errdetail_internal("%s", text), errhint("It is tried again.")));
  });
  return false;
}

}  // namespace baton
