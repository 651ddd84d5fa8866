#include "helper/clone/arrival.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

void ShowLag(ClonePlace& place) {
  const Result row = place.upstream().Query(
      "SELECT replay_lag_bytes, EXTRACT(epoch FROM replay_lag) FROM baton.standbys"
      " WHERE name = $1",
      {place.request.node_name});
  std::string behind;
  if (row.rows() > 0 && !row.IsNull(0, 0)) {
    place.output.result()["replay_lag_bytes"] = row.Number(0, 0);
    behind = fmt::format(", {} behind", core::BytesText(row.Number(0, 0)));
  }
  place.output.Line(fmt::format("node \"{}\" streams from {} port {}{}", place.request.node_name,
                                place.upstream().host(), place.upstream().port(), behind));
}

// By the primary's own check before a switchover, which logs in to the new server as a standby
// will.
void TryWayBack(ClonePlace& place) {
  const std::string& name = place.request.node_name;
  const std::string primary = place.primary().Value("SELECT name FROM baton.node_status");
  const std::vector<HealthRow> checks = ReadSwitchoverCheck(place.primary(), name);
  const auto tried = [&](const char* check) {
    return std::find_if(checks.begin(), checks.end(),
                        [check](const HealthRow& row) { return row.check_name == check; });
  };
  auto row = tried("target_answers");
  if (row != checks.end() && row->status == core::Status::kOk) row = tried("target_standby_login");
  const bool is_open = row != checks.end() && row->status == core::Status::kOk;
  place.output.result()["way_back"] = is_open;
  if (is_open) {
    place.output.Line(fmt::format(
        "node \"{}\" gets in there as a standby, for the day when roles change", primary));
  } else if (row != checks.end()) {
    place.output.Warning(
        fmt::format("node \"{}\" could not follow node \"{}\" if roles changed", primary, name),
        row->message, row->hint);
  } else {
    place.output.Warning(
        fmt::format("whether node \"{}\" gets in there could not be tried", primary), "",
        fmt::format("See \"SELECT * FROM baton.switchover_check('{}')\" there.", name));
  }
}

}  // namespace

void ShowArrival(ClonePlace& place) {
  ShowLag(place);
  TryWayBack(place);
}

}  // namespace baton::helper
