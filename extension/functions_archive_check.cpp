// baton.archive_check(): the audit of the WAL archive, beside what this server knows of itself.  It
// runs in the backend that asks, which can be interrupted between any two pieces of a file.
#include "pg/postgres.hpp"

#include "archive/auditor.hpp"
#include "archive/segment_file.hpp"
#include "core/restore_command.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/tuples.hpp"

namespace baton {
namespace {

constexpr std::size_t kMostHistoryBytes = std::size_t{1024} * 1024;

// Whoever chooses the folder could ask for files that are none of his.
void RequireReader() {
  pg::Call([] {
    if (has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES)) return;
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("permission denied to check another directory"),
             errdetail("Only roles with privileges of the \"%s\" role may name one.",
                       "pg_read_server_files"),
             errhint("Leave it out, to check that of \"%s\".", "pg_baton.archive_directory")));
  });
}

std::string Directory(FunctionCallInfo fcinfo) {
  if (!PG_ARGISNULL(1)) {
    RequireReader();
    const Datum argument = PG_GETARG_DATUM(1);
    return pg::Call([argument] { return TextDatumGetCString(argument); });
  }
  std::string directory = pg::Setting("pg_baton.archive_directory").value_or("");
  if (directory.empty()) {
    throw core::Error(core::ErrorCode::kWrongState, "pg_baton.archive_directory is not set", "",
                      "Name the directory as an argument: baton.archive_check(directory => ...).");
  }
  return directory;
}

// None if it is not there, as on a standby that began with a newer timeline.
std::optional<core::TimelineHistory> ReadHistory(core::TimelineId timeline) {
  try {
    const std::string path = std::string(XLOGDIR "/") + core::HistoryName(timeline);
    return core::ParseTimelineHistory(
        archive::HeadOf(path, core::Packing::kPlain, kMostHistoryBytes), timeline);
  } catch (const core::Error& error) {
    if (error.code() != core::ErrorCode::kNotFound) throw;
    return std::nullopt;
  }
}

archive::AuditRequest Request(FunctionCallInfo fcinfo) {
  archive::AuditRequest request;
  request.quick = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
  request.folder = Directory(fcinfo);
  const core::Position position = pg::ReadLive().position;
  core::ArchivingServer& server = request.server;
  server.origin = {pg::Call([] { return GetSystemIdentifier(); }),
                   static_cast<std::uint64_t>(wal_segment_size), XLOG_PAGE_MAGIC};
  server.timeline = position.timeline;
  server.lsn = std::max(position.current, position.received);
  if (server.timeline > 1) {
    if (const auto history = ReadHistory(server.timeline)) {
      request.histories[server.timeline] = *history;
    }
  }
  return request;
}

void ArchiveCheck(FunctionCallInfo fcinfo) {
  const archive::AuditRequest request = Request(fcinfo);
  pg::ResultSet result(fcinfo);
  archive::Audit(request, {[&](const core::ArchiveFinding& finding) {
                             pg::RowBuilder row;
                             row.Text(core::StatusText(finding.severity))
                                 .Text(finding.kind)
                                 .Text(finding.file)
                                 .Text(finding.message)
                                 .Text(finding.meaning);
                             result.Add(row);
                           },
                           [] { pg::Call([] { CHECK_FOR_INTERRUPTS(); }); }});
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_archive_check);

Datum pg_baton_archive_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::ArchiveCheck(fcinfo); });
  return Datum{0};
}
}
