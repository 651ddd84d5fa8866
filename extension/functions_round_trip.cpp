// The SQL function that proves the archive by a round trip.
#include "pg/postgres.hpp"

#include "archive_round_trip.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"

namespace baton {
namespace {

void ArchiveRoundTrip(FunctionCallInfo fcinfo) {
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(0));
  pg::ResultSet result(fcinfo);
  for (const core::RoundTripStep& step : TryArchiveRoundTrip(timeout)) {
    std::optional<double> elapsed_ms;
    if (step.took) elapsed_ms = static_cast<double>(step.took->count()) / 1000;
    pg::RowBuilder row;
    row.Text(step.step)
        .Text(core::StatusText(step.status))
        .Text(step.message)
        .Text(step.detail)
        .Text(step.hint)
        .Float8(elapsed_ms);
    result.Add(row);
  }
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_archive_round_trip);

Datum pg_baton_archive_round_trip(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::ArchiveRoundTrip(fcinfo); });
  return Datum{0};
}
}
