#include "helper/rejoin/rewinding.hpp"

#include <fmt/format.h>
#include <limits>
#include <thread>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "helper/progress.hpp"
#include "helper/rejoin/belongings.hpp"
#include "helper/rejoin/lost_work_folder.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using core::RejoinStep;

// A checkpoint's record, with the header of a page that may come in the middle of it, is shorter.
constexpr std::uint64_t kCheckpointBytes = 1024;
constexpr core::Lsn kNoEnd{std::numeric_limits<std::uint64_t>::max()};

// Segments with WAL between the two, and history files.  Those that were made ahead of their use,
// as many as max_wal_size allows, are named as if they had some.
std::vector<std::string> WalBetween(const fs::path& directory, core::Lsn begin, core::Lsn end,
                                    std::uint64_t segment_bytes) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    const bool is_segment =
        core::IsSegmentName(name) &&
        core::BeginOf(name, segment_bytes).bytes() + segment_bytes > begin.bytes() &&
        core::BeginOf(name, segment_bytes) < end;
    if (is_segment || name.ends_with(".history")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// One flush of a file system costs less than one of each file.
void FlushData(const fs::path& directory) {
  FlushFileSystem(directory);
  FlushFileSystem(directory / "pg_wal");
  for (const auto& [oid, location] : TablespaceLinks(directory)) FlushFileSystem(location);
}

}  // namespace

void Rewinding::Run(const Survey& survey) {
  // Up to version 15 pg_rewind compares the timelines of the two control files, and the source's
  // still has the old one until its first checkpoint after the promotion.
  place_.source().Run("CHECKPOINT");
  place_.MakeSlot();
  place_.Guard();
  can_go_back_ = true;
  try {
    BringWal(survey);
    Recover();
    CheckInterrupt();
    Save(survey);
    CheckInterrupt();
    place_.journal.own = OwnNames(place_.directory);
    place_.Enter(RejoinStep::kLocked);
    place_.Lock();
    place_.PauseHere();
    MoveAside();
    CheckInterrupt();
    Rewind();
  } catch (...) {
    if (!can_go_back_) throw;
    const WithoutInterrupts undoing;
    GoBack();
    throw;
  }
  Finish();
}

// Broken off in here, it is gone on with as one that was broken off after the lock.
void Rewinding::GoBack() {
  if (place_.journal.step >= RejoinStep::kLocked) {
    place_.Enter(RejoinStep::kLocked);
    if (fs::exists(place_.folder.own_files())) {
      MoveOwnBack(place_.directory, place_.folder.own_files(), place_.journal.own);
    }
    place_.Unlock();
  }
  place_.Undo();
}

void Rewinding::GoOn() {
  place_.source().Run("CHECKPOINT");
  place_.MakeSlot();
  place_.KeepSlot();
  place_.Lock();
  switch (place_.journal.step) {
    case RejoinStep::kLocked:
      MoveAside();
      break;
    case RejoinStep::kRewinding:
      PutBack();
      break;
    default:
      return Finish();
  }
  Rewind();
  Finish();
}

void Rewinding::BringWal(const Survey& survey) {
  for (const NeededSegment& segment : survey.needed) {
    if (segment.place == WalPlace::kHere) continue;
    CopyFile(segment.file, place_.directory / "pg_wal" / segment.name);
  }
  Flush(place_.directory / "pg_wal");
}

void Rewinding::Recover() {
  // Single-user mode knows no standby, and pg_rewind would take the signal for a file of the data.
  for (const std::string& signal : place_.journal.signals) fs::remove(place_.directory / signal);
  Flush(place_.directory);
  if (place_.target.is_clean) return;
  // A power loss may leave the file of a process that was about to fill it, and PostgreSQL wants a
  // person to look at an empty one; no server runs here.
  const fs::path pid_file = place_.directory / "postmaster.pid";
  if (ReadFileIfThere(pid_file) == "") fs::remove(pid_file);
  const fs::path configuration = place_.request.server.config_directory.empty()
                                     ? fs::path()
                                     : place_.Configuration() / "postgresql.conf";
  // Processes of a killed server need a moment to notice.
  for (int attempt = 0;; ++attempt) {
    try {
      RecoverSingleUser(place_.programs, place_.directory, configuration);
      break;
    } catch (const core::Error& error) {
      if (error.detail().find("shared memory") == std::string::npos) throw;
      if (attempt == 40) {
        throw core::Error(core::ErrorCode::kBusy, error.message(), error.detail(), error.hint());
      }
      std::this_thread::sleep_for(250ms);
    }
    CheckInterrupt();
  }
  place_.control =
      ReadControlData(place_.programs.Path("pg_controldata"), place_.directory.string());
  place_.output.Line("the old server's last WAL is replayed, its directory is shut down cleanly");
}

// All that a rewind changes, and that another one could not begin without: the control file, the
// WAL from the last common checkpoint on, which the source's own of the same name replaces, and the
// sizes of all files.
void Rewinding::Save(const Survey& survey) {
  const fs::path& directory = place_.directory;
  ClearTheWay(directory, survey.inspection, StrangeFilesFolder(place_));
  place_.Enter(RejoinStep::kSaving);
  place_.PauseHere();
  // Recovery has added its checkpoint to what the survey has read.
  const core::Lsn end(std::max(place_.target.end, place_.control.checkpoint).bytes() +
                      kCheckpointBytes);
  const auto names =
      WalBetween(directory / "pg_wal", survey.checkpoint, end, place_.control.segment_bytes);
  fs::remove_all(place_.folder.wal());
  fs::create_directory(place_.folder.wal());
  for (const std::string& name : names) {
    CopyFile(directory / "pg_wal" / name, place_.folder.wal() / name);
    CheckInterrupt();
  }
  Flush(place_.folder.wal());
  CopyFile(directory / "global" / "pg_control", place_.folder.control_file());
  ReplaceFile(place_.folder.sizes(), SizesToText(Inspect(directory).sizes));
  KeepLostWork(place_, survey, place_.folder.wal());
  MakeTablespaces(directory, survey.tablespaces);
}

// A file that stays would be overwritten, even one that this user has made read-only for itself.
void Rewinding::MoveAside() {
  MoveOwnAside(place_.directory, place_.folder.own_files());
  place_.Enter(RejoinStep::kRewinding);
  place_.PauseHere();
}

void Rewinding::PutBack() {
  const fs::path& directory = place_.directory;
  for (const char* const name : {"backup_label", "tablespace_map"}) fs::remove(directory / name);
  PutSizesBack(directory, SizesFromText(ReadFile(place_.folder.sizes())));
  for (const fs::directory_entry& entry : fs::directory_iterator(place_.folder.wal())) {
    CopyFile(entry.path(), directory / "pg_wal" / entry.path().filename());
  }
  CopyFile(place_.folder.control_file(), directory / "global" / "pg_control");
  place_.output.Line("the rewind that was broken off begins again, from what was kept");
}

// The directory is neither what it was nor what it will be.
core::Error Rewinding::HalfDone(const core::Error& error) const {
  return {core::ErrorCode::kInterrupted, error.message(), error.detail(),
          fmt::format("No server starts from \"{}\" until it is whole. When what is wrong is "
                      "mended, run the same command again, and it goes on.",
                      place_.directory.string())};
}

void Rewinding::Rewind() {
  Progress progress("rewinding", place_.output.is_json());
  std::int64_t copied = 0;
  const auto began = Progress::Clock::now();
  const RewindEnd end = RunRewind({place_.programs.Path("pg_rewind"), place_.directory,
                                   place_.SourceParameters(), place_.passfile.string()},
                                  [&](std::int64_t done, std::int64_t total) {
                                    copied = done;
                                    progress.Update(done, total);
                                  });
  if (end.has_changed || !end.error) {
    can_go_back_ = false;
    place_.KeepSlot();
  }
  if (end.error) {
    if (can_go_back_ || end.error->code() == core::ErrorCode::kInterrupted) throw *end.error;
    throw HalfDone(*end.error);
  }
  const bool rewound = end.has_changed;
  progress.Finish();
  try {
    if (!rewound) DropWalBeyondTheFork();
    FlushData(place_.directory);
  } catch (const core::Error& error) {
    throw HalfDone(error);
  }
  place_.Enter(RejoinStep::kRewound);
  place_.PauseHere();
  const std::chrono::microseconds took =
      std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
  place_.output.result()["rewound"] = rewound;
  place_.output.result()["copied_bytes"] = copied;
  place_.output.Line(rewound ? fmt::format("rewound: {} copied in {}", core::BytesText(copied),
                                           core::DurationText(took))
                             : std::string("pg_rewind found nothing to rewind"));
}

// A standby that had received more than it replayed: its data are fine, and the WAL that nobody
// else has would be replayed at its start.
void Rewinding::DropWalBeyondTheFork() {
  const fs::path wal = place_.directory / "pg_wal";
  for (const std::string& name :
       WalBetween(wal, place_.journal.fork, kNoEnd, place_.control.segment_bytes)) {
    if (core::IsSegmentName(name)) fs::remove(wal / name);
  }
}

void Rewinding::Finish() {
  // Slots of its time as a primary are for standbys that follow another server now.
  EmptyDirectory(place_.directory / "pg_replslot");
  Flush(place_.directory / "pg_replslot");
  MoveOwnBack(place_.directory, place_.folder.own_files(), place_.journal.own);
  place_.Configure();
  place_.MakeReady();
}

}  // namespace baton::helper
