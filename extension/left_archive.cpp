#include "left_archive.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "archive_target.hpp"
#include "core/restore_command.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/worker.hpp"
#include "settings.hpp"
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

std::uint32_t WaitEvent() {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonLeft"); });
  return event;
}

// nullopt if it is archived; else what is known of why it is not.
std::optional<std::string> FailureOfCommand(const std::string& name) {
  const std::string path = fmt::format("{}/{}", XLOGDIR, name);
  ShellCommand command(core::ExpandArchiveCommand(Command(), name, path), {}, kLimit);
  while (!command.Finished()) {
    command.Wait(std::chrono::milliseconds(100));
    pg::WaitForLatch(std::chrono::milliseconds(0), WaitEvent());
  }
  if (command.result().end == ShellCommand::End::kExited && command.result().exit_code == 0) {
    return std::nullopt;
  }
  return command.errors();
}

// The same by our own library, as the archiver does it.
std::optional<std::string> FailureOfLibrary(const std::string& name) {
  if (Errand::HangingSince()) return "The archive directory does not answer.";
  try {
    Errand errand("archiving " + name,
                  ArchiveWork(ArchiveTargetNow(), name, fmt::format("{}/{}", XLOGDIR, name)));
    const core::Instant end = errand.begun_at() + setting::ArchiveWriteTimeout();
    for (errand.Advance(); !errand.Finished(); errand.Advance()) {
      if (pg::Now() >= end) return "The archive directory is too slow.";
      std::vector<pg::SocketWait> pipe(1);
      pipe[0].socket = errand.descriptor();
      pg::WaitForSockets(pipe, std::chrono::milliseconds(500), WaitEvent());
    }
    errand.Found();
    return std::nullopt;
  } catch (const core::Error& error) {
    return error.message() + (error.detail().empty() ? "" : ": " + error.detail());
  }
}

void MarkArchived(const std::string& name) {
  const std::string ready = fmt::format("{}/{}{}", kStatusFolder, name, kReady);
  const std::string done = fmt::format("{}/{}.done", kStatusFolder, name);
  pg::Call([from = ready.c_str(), to = done.c_str()] { durable_rename(from, to, WARNING); });
}

}  // namespace

bool ArchivesWhatIsLeft() {
  if (XLogArchiveMode != ARCHIVE_MODE_ON) return false;
  if (ArchivesByOwnLibrary()) return !setting::ArchiveDirectory().empty();
  return !Command().empty();
}

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
  if (!ArchivesWhatIsLeft()) return true;
  const std::vector<std::string> names = Waiting();
  if (names.empty()) return true;
  if (pg::Now() < not_before) return false;
  const std::string& name = names.front();
  const std::optional<std::string> failure =
      ArchivesByOwnLibrary() ? FailureOfLibrary(name) : FailureOfCommand(name);
  if (!failure) {
    MarkArchived(name);
    shared::AddEvent("archive", fmt::format("archived {}, which waited at the demotion", name));
    return names.size() == 1;
  }
  not_before = pg::Now() + kTryAgainAfter;
  pg::Call([file = name.c_str(), text = failure->c_str()] {
    ereport(WARNING,
            (errmsg("could not archive \"%s\", which waited at the demotion", file),
             *text == '\0' ? 0 : errdetail_internal("%s", text), errhint("It is tried again.")));
  });
  return false;
}

}  // namespace baton
