#include "helper/rejoin/replacement.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/progress.hpp"
#include "helper/rejoin/belongings.hpp"
#include "helper/rejoin/lost_work_folder.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using core::RejoinStep;

// Puts `fresh` in the place of `location`, which goes to `old`; done before, it does nothing.
void TakePlace(const fs::path& fresh, const fs::path& location, const fs::path& old) {
  if (!fs::exists(fresh)) return;
  if (fs::exists(location) && !fs::exists(old)) fs::rename(location, old);
  fs::rename(fresh, location);
  Flush(location.parent_path());
}

std::string OldOf(const std::string& location) { return location + ".pg_baton_old"; }

}  // namespace

bool CanBeRenamed(const fs::path& path) {
  struct stat here {};
  struct stat above {};
  return stat(path.c_str(), &here) == 0 && stat(path.parent_path().c_str(), &above) == 0 &&
         here.st_dev == above.st_dev && IsWritable(path.parent_path());
}

core::Problems Replacement::Check() {
  core::Problems problems;
  std::vector<fs::path> places = {place_.directory};
  for (const auto& [oid, location] : TablespaceLinks(place_.directory)) {
    places.emplace_back(location);
  }
  for (const fs::path& path : places) {
    if (CanBeRenamed(path)) continue;
    problems.push_back({fmt::format("\"{}\" cannot be replaced by a new copy", path.string()),
                        "It is a mount point, or the folder in which it stands cannot be written.",
                        "Move its content aside and make a new standby with pg_baton clone."});
  }
  const core::Problems taken = CheckTablespaces(Tablespaces());
  problems.insert(problems.end(), taken.begin(), taken.end());
  std::int64_t bytes = 0;
  try {
    bytes = place_.source()
                .Query("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace")
                .Number(0, 0);
  } catch (const SqlError&) {
    place_.output.Warning("the size of the source could not be read",
                          "So free space is not checked.", "Grant pg_monitor to the role.");
  }
  if (bytes > 0) {
    place_.output.result()["copy_bytes"] = bytes;
    place_.output.Line(fmt::format("to be copied: the whole source, {}", core::BytesText(bytes)));
  }
  const auto free = FreeBytes(place_.directory.parent_path());
  if (free && *free < bytes) {
    problems.push_back(
        {"there is no space for a new copy beside the old directory",
         fmt::format("The source has {}, {} are free.", core::BytesText(bytes),
                     core::BytesText(*free)),
         "Make room, or remove the old directory and make a new standby with pg_baton clone."});
  }
  return problems;
}

std::vector<PlannedTablespace> Replacement::Tablespaces() {
  return PlanTablespaces(place_.source(), place_.directory, place_.request.tablespaces);
}

void Replacement::Run(const Survey* survey, const std::string& why) {
  place_.MakeSlot();
  place_.journal.why_copied = why;
  place_.journal.tablespaces.clear();
  if (place_.journal.step < RejoinStep::kLocked) {
    place_.Guard();
    try {
      place_.Enter(RejoinStep::kSaving);
      place_.PauseHere();
      if (survey != nullptr) KeepLostWork(place_, *survey);
    } catch (...) {
      const WithoutInterrupts undoing;
      place_.Undo();
      throw;
    }
    place_.journal.own = OwnNames(place_.directory);
  }
  for (const PlannedTablespace& tablespace : Tablespaces()) {
    place_.journal.tablespaces.push_back({tablespace.oid, tablespace.on_source,
                                          tablespace.location + ".pg_baton_new",
                                          tablespace.location});
  }
  place_.Enter(RejoinStep::kCopying);
  place_.Lock();
  place_.KeepSlot();
  place_.PauseHere();
  Copy();
  Swap();
  Finish();
}

void Replacement::GoOn() {
  place_.MakeSlot();
  place_.KeepSlot();
  if (place_.journal.step == RejoinStep::kCopying) {
    place_.Lock();
    Copy();
  }
  Swap();
  Finish();
}

void Replacement::Copy() {
  const fs::path fresh = place_.folder.new_copy();
  for (const fs::path& leftover : {fresh, place_.folder.old_copy()}) fs::remove_all(leftover);
  std::vector<std::string> mappings;
  for (const auto& tablespace : place_.journal.tablespaces) {
    fs::remove_all(tablespace.grows_at);
    mappings.push_back(tablespace.on_source + "=" + tablespace.grows_at);
  }
  fs::create_directory(fresh);
  SetMode(fresh, kUnstartableMode);
  Flush(fresh.parent_path());
  const auto began = Progress::Clock::now();
  Progress progress("copying", place_.output.is_json());
  std::int64_t copied = 0;
  Parameters source = place_.SourceParameters();
  source.erase("dbname");
  source["application_name"] = "pg_baton_clone_" + place_.node_name;
  try {
    RunBaseBackup({place_.programs.Path("pg_basebackup"), fresh, source, place_.passfile.string(),
                   place_.node_name, "fast", "", mappings, "stream", "", ""},
                  [&](std::int64_t done, std::int64_t total) {
                    copied = done;
                    progress.Update(done, total);
                  });
  } catch (const core::Error& error) {
    throw core::Error(core::ErrorCode::kInterrupted, error.message(), error.detail(),
                      fmt::format("The old directory \"{}\" is as it was, but locked.  Run the "
                                  "same command again.",
                                  place_.directory.string()));
  }
  progress.Finish();
  Flush(fresh);
  const std::chrono::microseconds took =
      std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
  place_.output.result()["copied_bytes"] = copied;
  place_.output.Line(fmt::format("copied {} in {}, with the WAL of that time",
                                 core::BytesText(copied), core::DurationText(took)));
  place_.Enter(RejoinStep::kSwapping);
  place_.PauseHere();
}

void Replacement::Swap() {
  TakePlace(place_.folder.new_copy(), place_.directory, place_.folder.old_copy());
  for (const auto& tablespace : place_.journal.tablespaces) {
    TakePlace(tablespace.grows_at, tablespace.location, OldOf(tablespace.location));
    const fs::path link = place_.directory / "pg_tblspc" / tablespace.oid;
    fs::remove(link);
    fs::create_directory_symlink(tablespace.location, link);
  }
  Flush(place_.directory / "pg_tblspc");
}

void Replacement::Finish() {
  const bool moved_aside = fs::exists(place_.folder.own_files());
  MoveOwnBack(place_.directory, moved_aside ? place_.folder.own_files() : place_.folder.old_copy(),
              place_.journal.own);
  place_.Configure();
  FlushFileSystem(place_.directory);
  place_.MakeReady();
}

void Replacement::RemoveOld() {
  if (place_.journal.why_copied.empty() || !fs::exists(place_.folder.old_copy())) return;
  if (place_.request.keep_old) {
    place_.output.Line(
        fmt::format("the old directory is \"{}\"", place_.folder.old_copy().string()));
    return;
  }
  std::error_code error;
  fs::remove_all(place_.folder.old_copy(), error);
  for (const auto& tablespace : place_.journal.tablespaces) {
    fs::remove_all(OldOf(tablespace.location), error);
  }
}

}  // namespace baton::helper
