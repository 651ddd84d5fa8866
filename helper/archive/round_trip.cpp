#include "helper/archive/round_trip.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/finding.hpp"
#include "helper/report/rows.hpp"
#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

void TellStep(const Result& steps, int row, Output& output) {
  const std::string line =
      fmt::format("{:<9} {:<8}  {}", steps.Text(row, 0), steps.Text(row, 1), steps.Text(row, 2));
  output.result()["round_trip"].push_back(
      {{"step", steps.Text(row, 0)},
       {"status", steps.Text(row, 1)},
       {"message", steps.Text(row, 2)},
       {"detail", steps.Text(row, 3)},
       {"hint", steps.Text(row, 4)},
       {"elapsed_ms",
        steps.IsNull(row, 5) ? nlohmann::json() : nlohmann::json(std::stod(steps.Text(row, 5)))}});
  if (output.is_json()) return;
  output.Line(line);
  for (const int more : {3, 4}) {
    if (!steps.IsNull(row, more)) output.Line(fmt::format("{:<18}  {}", "", steps.Text(row, more)));
  }
}

}  // namespace

int RunRoundTrip(Connection& server, std::chrono::seconds timeout, Output& output) {
  RequireViews(server, {"baton.archive_round_trip(interval)"});
  const Result steps = server.Query(
      "SELECT step, status, message, detail, hint, elapsed_ms"
      " FROM baton.archive_round_trip($1::interval)",
      {fmt::format("{} s", timeout.count())});
  bool failed = false;
  bool unknown = false;
  for (int row = 0; row < steps.rows(); ++row) {
    TellStep(steps, row, output);
    const core::Status status = StatusOf(steps.Text(row, 1));
    failed |= status == core::Status::kCritical;
    unknown |= status == core::Status::kUnknown;
  }
  return failed ? 3 : unknown ? 1 : 0;
}

}  // namespace baton::helper
