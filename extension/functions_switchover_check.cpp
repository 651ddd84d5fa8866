// The SQL functions that say what demoting this primary, or handing over, would mean now.
#include "pg/postgres.hpp"

#include "finding_row.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "preflight.hpp"

namespace baton {
namespace {

void AddFindings(const std::vector<core::Finding>& findings, pg::ResultSet& result) {
  const TimestampTz now = GetCurrentTimestamp();
  for (const core::Finding& finding : findings) AddFinding(finding, now, result);
}

void DemotionCheck(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  AddFindings(CheckDemotionNow(), result);
}

void SwitchoverCheck(FunctionCallInfo fcinfo) {
  const Datum argument = PG_GETARG_DATUM(0);
  const std::string target = pg::Call([argument] { return TextDatumGetCString(argument); });
  pg::ResultSet result(fcinfo);
  AddFindings(CheckSwitchoverNow(target), result);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_demotion_check);
PG_FUNCTION_INFO_V1(pg_baton_switchover_check);

Datum pg_baton_demotion_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::DemotionCheck(fcinfo); });
  return Datum{0};
}

Datum pg_baton_switchover_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::SwitchoverCheck(fcinfo); });
  return Datum{0};
}
}
