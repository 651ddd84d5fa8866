#include "archive_module.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "archive_target.hpp"
#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "errand.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"

namespace baton::archive_module {
namespace {

// How long a write may go on once somebody waits for the archiver: a shutdown, or new settings.
constexpr auto kPatience = std::chrono::seconds(5);
// How often a wait looks whether somebody does.
constexpr auto kTurn = std::chrono::milliseconds(500);
// How many children write at the same time.
constexpr std::size_t kAtOnce = 4;

struct Job {
  std::string name;
  ArchiveTarget target;
  std::unique_ptr<Errand> errand;
};

// Those that were begun; gone with the process.
std::vector<Job> jobs;
// A file was given up while the server shuts down: no other one gets time.
bool gave_up_at_shutdown = false;

void Warn(const std::string& message, const std::string& detail, const std::string& hint) {
  pg::Call([text = message.c_str(), more = detail.c_str(), help = hint.c_str()] {
    ereport(WARNING,
            (errmsg_internal("%s", text), *more == '\0' ? 0 : errdetail_internal("%s", more),
             *help == '\0' ? 0 : errhint("%s", help)));
  });
}

// The archiver alone is still there, with the walsenders, when the server has shut down
// (PM_SHUTDOWN_2 in src/backend/postmaster/postmaster.c); SIGUSR2, which tells it so, sets a flag
// that only pgarch.c sees.
bool IsShutDown() {
  bool crc_ok = false;
  const DBState state = pg::Call([&crc_ok] {
    LWLockAcquire(ControlFileLock, LW_SHARED);
    ControlFileData* const control = get_controlfile(DataDir, &crc_ok);
    LWLockRelease(ControlFileLock);
    const DBState found = control->state;
    pfree(control);
    return found;
  });
  return crc_ok && (state == DB_SHUTDOWNED || state == DB_SHUTDOWNED_IN_RECOVERY);
}

// Returns whether the latch was set.
bool WaitForPipe(int descriptor, std::chrono::milliseconds limit) {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonArchive"); });
  return pg::Call([&] {
    const int happened = WaitLatchOrSocket(
        MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, descriptor,
        std::max<long>(limit.count(), 1), event);
    if ((happened & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    // Others wait until all processes have seen theirs.
    if (ProcSignalBarrierPending) ProcessProcSignalBarrier();
    return (happened & WL_LATCH_SET) != 0;
  });
}

// Waits until it has finished, or given it up.  Returns how long it had when it was given up.
std::optional<std::chrono::microseconds> Await(Errand& errand) {
  core::Instant end = pg::Now() + setting::ArchiveWriteTimeout();
  const core::Instant begun = pg::Now();
  bool hurries = false;
  bool woken = false;
  std::optional<std::chrono::microseconds> given_up;
  for (errand.Advance(); !errand.Finished(); errand.Advance()) {
    const core::Instant now = pg::Now();
    if (!hurries && now - begun >= kTurn) {
      hurries = ShutdownRequestPending || ConfigReloadPending || IsShutDown();
      if (hurries) end = std::min(end, now + kPatience);
    }
    if (now >= end) {
      errand.GiveUp();
      given_up = now - errand.begun_at();
      gave_up_at_shutdown = hurries && IsShutDown();
      break;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
    woken |= WaitForPipe(errand.descriptor(), std::min(left, kTurn));
  }
  // The archiver's own loop must not miss what was told meanwhile.
  if (woken) pg::Call([] { SetLatch(MyLatch); });
  return given_up;
}

constexpr const char* kLookAtStorage =
    "Look at the storage of the archive; the server keeps the file and tries again.";

void WarnOfFailure(const std::string& name, const std::string& message, const std::string& detail,
                   const std::string& hint) {
  Warn(fmt::format("could not archive \"{}\": {}", name, message), detail, hint);
}

// Where one process hangs, the next would.
bool ArchiveHangs(const std::string& name, const std::string& directory) {
  const auto since = Errand::HangingSince();
  if (!since) return false;
  WarnOfFailure(name, "the archive directory does not answer",
                fmt::format("A process that was killed while it wrote to \"{}\" has been hanging "
                            "for {}.",
                            directory, core::DurationText(pg::Now() - *since)),
                kLookAtStorage);
  return true;
}

bool IsReady(const std::string& name) {
  struct stat status {};
  return stat(fmt::format(XLOGDIR "/archive_status/{}.ready", name).c_str(), &status) == 0;
}

// The file itself, and the segments behind it that wait too.
std::vector<std::string> NextFiles(const std::string& name) {
  std::vector<std::string> files = {name};
  if (!core::IsSegmentName(name)) return files;
  const auto bytes = static_cast<std::uint64_t>(wal_segment_size);
  core::Lsn begin = core::BeginOf(name, bytes);
  while (files.size() < kAtOnce) {
    begin = core::Lsn(begin.bytes() + bytes);
    std::string next = core::SegmentName(core::TimelineOf(name), begin, bytes);
    if (!IsReady(next)) break;
    files.push_back(std::move(next));
  }
  return files;
}

// For tests: a child that goes no further, until it is killed.
Errand::Work Stuck() {
  return []() -> std::string {
    for (;;) pause();
  };
}

Job Begin(const std::string& name, const ArchiveTarget& target) {
  const Errand::Work work = setting::PauseAt() == "archive_child"
                                ? Stuck()
                                : ArchiveWork(target, name, XLOGDIR "/" + name);
  return {name, target, std::make_unique<Errand>("writing " + name, work)};
}

// Gives up what is not wanted any more, and begins what is missing; the first one is `files[0]`.
void BeginJobs(const std::vector<std::string>& files, const ArchiveTarget& target) {
  std::erase_if(jobs, [&](const Job& job) {
    return job.target != target || std::find(files.begin(), files.end(), job.name) == files.end();
  });
  for (const std::string& file : files) {
    const bool begun =
        std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) { return job.name == file; });
    if (!begun) jobs.push_back(Begin(file, target));
  }
}

Job TakeJob(const std::string& name) {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.name == name; });
  Job job = std::move(*found);
  jobs.erase(found);
  return job;
}

// For tests: waits as long as pg_baton.pause_at names this place.
void PauseAt(const char* place) {
  while (setting::PauseAt() == place) {
    pg::Call([] {
      WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 50, PG_WAIT_EXTENSION);
      ResetLatch(MyLatch);
      if (!ConfigReloadPending) return;
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    });
  }
}

bool Archive(const std::string& name) {
  const ArchiveTarget target = ArchiveTargetNow();
  if (ArchiveHangs(name, target.directory)) return false;
  if (gave_up_at_shutdown) {
    WarnOfFailure(name, "the server shuts down, and the archive directory is too slow", "",
                  "It is archived after the next start.");
    return false;
  }
  try {
    PauseAt("archive_begin");
    BeginJobs(NextFiles(name), target);
    const Job job = TakeJob(name);
    if (const auto given_up = Await(*job.errand)) {
      jobs.clear();
      WarnOfFailure(
          name,
          fmt::format("the archive directory took longer than {}", core::DurationText(*given_up)),
          fmt::format("The archive directory is \"{}\".", target.directory), kLookAtStorage);
      return false;
    }
    job.errand->Found();
    PauseAt("archive_written");
    return true;
  } catch (const core::Error& error) {
    WarnOfFailure(name, error.message(), error.detail(), error.hint());
    return false;
  }
}

}  // namespace

bool IsConfigured() {
  const std::string directory = setting::ArchiveDirectory();
  if (directory.empty()) {
    Warn("pg_baton.archive_directory is not set",
         "archive_library is \"pg_baton\", which archives there.",
         "Set it to a folder outside of the data directory, and reload.");
    return false;
  }
  static std::string approved;
  // Where it hangs, the attempt to archive says so, and is counted.
  if (approved == directory || Errand::HangingSince()) return true;
  try {
    Errand errand("looking at the archive", CheckWork(directory));
    if (Await(errand)) return true;
    errand.Found();
    approved = directory;
  } catch (const core::Error& error) {
    if (error.code() != core::ErrorCode::kRefused) return true;
    Warn(error.message(), error.detail(), error.hint());
    return false;
  }
  return true;
}

bool ArchiveFile(const char* name, const char*) { return Archive(name); }

void ShutDown() { jobs.clear(); }

}  // namespace baton::archive_module

extern "C" {

static bool IsArchiveConfigured() {
  return baton::pg::Entry([] { return baton::archive_module::IsConfigured(); });
}

static bool ArchiveOneFile(const char* name, const char* path) {
  return baton::pg::Entry([=] { return baton::archive_module::ArchiveFile(name, path); });
}

static void ShutArchiveDown() {
  baton::pg::Entry([] { baton::archive_module::ShutDown(); });
}

PG_BATON_ARCHIVE_MODULE(IsArchiveConfigured, ArchiveOneFile, ShutArchiveDown)
}
