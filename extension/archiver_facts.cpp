#include "archiver_facts.hpp"

#include "pg/postgres.hpp"

#include <functional>

#include "archive_target.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/server_facts.hpp"
#include "settings.hpp"

namespace baton {
namespace {

constexpr const char* kArchiver =
    "SELECT last_failed_wal, last_failed_time > COALESCE(last_archived_time, '-infinity'),"
    " (SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type = 'archiver' LIMIT 1),"
    " archived_count, last_archived_wal,"
    " (EXTRACT(epoch FROM last_archived_time) * 1000000)::pg_catalog.int8, failed_count,"
    " (EXTRACT(epoch FROM last_failed_time) * 1000000)::pg_catalog.int8"
    " FROM pg_catalog.pg_stat_archiver";

core::ArchiveMode ModeNow() {
  switch (XLogArchiveMode) {
    case ARCHIVE_MODE_OFF:
      return core::ArchiveMode::kOff;
    case ARCHIVE_MODE_ON:
      return core::ArchiveMode::kOn;
    case ARCHIVE_MODE_ALWAYS:
      break;
  }
  return core::ArchiveMode::kAlways;
}

// The library wins on 15; later releases take no two.
void ReadMethod(core::ArchiverFacts& archiver) {
  const std::string library = pg::Setting("archive_library").value_or("");
  const std::string command = pg::Setting("archive_command").value_or("");
  archiver.data_directory = DataDir;
  if (ArchivesByOwnLibrary()) {
    archiver.method = core::ArchiveMethod::kLibrary;
    archiver.target = setting::ArchiveDirectory();
    archiver.configured = !archiver.target.empty();
  } else if (!library.empty()) {
    archiver.method = core::ArchiveMethod::kLibrary;
    archiver.target = library;
    archiver.configured = true;
  } else if (!command.empty()) {
    archiver.method = core::ArchiveMethod::kCommand;
    archiver.target = command;
    archiver.configured = true;
  }
}

TimestampTz MomentAt(const pg::Row& row, std::size_t column) {
  const auto moment = pg::NumberAt(row, column);
  return moment ? pg::FromUnix(*moment) : 0;
}

}  // namespace

void ReadArchiver(pg::Spi& spi, core::NodeFacts& facts) {
  core::ArchiverFacts& archiver = facts.archiver;
  archiver.mode = ModeNow();
  archiver.enabled =
      archiver.mode == core::ArchiveMode::kAlways ||
      (archiver.mode == core::ArchiveMode::kOn && facts.role == core::Role::kPrimary);
  archiver.segment_bytes = static_cast<std::uint64_t>(wal_segment_size);
  ReadMethod(archiver);
  if (!archiver.enabled) return;
  const pg::Row row = spi.RunAgain(kArchiver).at(0);
  archiver.last_failed = pg::TextAt(row, 0);
  archiver.failing = pg::TextAt(row, 1) == "t";
  archiver.process = pg::NumberAt(row, 2).value_or(0);
  archiver.running = archiver.process != 0;
  archiver.archived_count = pg::NumberAt(row, 3).value_or(0);
  archiver.last_archived = pg::TextAt(row, 4);
  archiver.last_archived_at = MomentAt(row, 5);
  archiver.failed_count = pg::NumberAt(row, 6).value_or(0);
  archiver.last_failed_at = MomentAt(row, 7);
}

void WatchArchive(core::ArchiveWatch& watch, const core::LagHistory& history,
                  core::NodeFacts& facts) {
  core::ArchiverFacts& archiver = facts.archiver;
  const core::Lsn end =
      facts.role == core::Role::kPrimary ? facts.position.current : facts.position.received;
  core::MeasureMissing(end, history, pg::Now(), archiver);
  if (!archiver.enabled || !archiver.counted) return;
  core::ArchiveLook look;
  look.at = pg::Now();
  look.archiver = archiver.process;
  look.archived_count = archiver.archived_count;
  look.failed_count = archiver.failed_count;
  look.waiting_files = archiver.ready_files;
  look.written = end;
  look.configured = std::hash<std::string_view>()(archiver.target.view()) +
                    static_cast<std::uint64_t>(archiver.method);
  watch.Look(look, archiver);
}

}  // namespace baton
