// The SQL function behind baton.archive_status: what the monitor saw last, out of shared memory.
#include "pg/postgres.hpp"

#include "core/archive_command.hpp"
#include "core/archive_status.hpp"
#include "core/quantity.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "reading.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

std::optional<double> SecondsOf(const std::optional<std::chrono::microseconds>& time) {
  if (!time) return std::nullopt;
  return core::Seconds(*time);
}

void AddCounters(const core::ArchiverFacts& archiver, pg::RowBuilder& row) {
  if (!archiver.enabled) {
    for (int i = 0; i < 8; ++i) row.Null();
    return;
  }
  row.Bool(archiver.running)
      .Int8(archiver.archived_count)
      .Text(archiver.last_archived.view())
      .Time(archiver.last_archived_at)
      .Int8(archiver.failed_count)
      .Text(archiver.last_failed.view())
      .Time(archiver.last_failed_at)
      .Bool(archiver.counted ? std::optional(archiver.uncounted_failures) : std::nullopt);
}

void AddBacklog(const core::ArchiverFacts& archiver, pg::RowBuilder& row) {
  if (!archiver.enabled || !archiver.counted) {
    for (int i = 0; i < 4; ++i) row.Null();
    return;
  }
  row.Int8(archiver.ready_files).Int8(archiver.waiting_bytes).Text(archiver.oldest_waiting.view());
  row.Interval(archiver.ready_files > 0 ? std::optional(archiver.oldest_ready) : std::nullopt);
}

std::string AdviceFor(const core::ArchiverFacts& archiver) {
  if (archiver.method != core::ArchiveMethod::kCommand) return "";
  const auto advice =
      core::AdviseArchiveCommand(archiver.target.view(), archiver.data_directory.view());
  return advice ? advice->reason : "";
}

Datum ArchiveStatus(FunctionCallInfo fcinfo) {
  const auto report = shared::Read<Report>();
  const core::ArchiverFacts& archiver = report->facts.archiver;
  const core::ArchiveVerdict verdict = ArchiveNow(*report);
  pg::RowBuilder row;
  row.Text(core::MethodText(archiver))
      .Text(archiver.target.view())
      .Text(verdict.state)
      .Text(verdict.reason);
  AddCounters(archiver, row);
  AddBacklog(archiver, row);
  row.Float8(archiver.archive_rate)
      .Float8(archiver.wal_rate)
      .Text(core::TrendText(archiver.trend))
      .Int8(archiver.target_free_bytes)
      .Int8(archiver.missing_bytes)
      .Float8(SecondsOf(archiver.missing_time))
      .Text(archiver.missing_reason.view())
      .Text(AdviceFor(archiver))
      .Time(report->checked_at);
  return pg::SingleRow(fcinfo, row);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_archive_status);

Datum pg_baton_archive_status(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::ArchiveStatus(fcinfo); });
}
}
