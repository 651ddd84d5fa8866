// verify: proves replication end to end, by baton.verify_replication() of the primary.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/report/verify_report.hpp"
#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

constexpr std::chrono::seconds kLimit{10};

struct Options {
  explicit Options(Output& target) : output(target), common{target} {}

  Output& output;
  CommonOptions common;
  ConnectionOptions connection;
  std::string passfile;
  int timeout_s = 10;
};

std::vector<SightingRow> Verify(Connection& primary, int timeout_s) {
  const Result result = primary.Query(
      "SELECT name, written_lsn, elapsed_ms, reason"
      " FROM baton.verify_replication(make_interval(secs => $1::integer)) ORDER BY name",
      {std::to_string(timeout_s)});
  std::vector<SightingRow> rows;
  for (int row = 0; row < result.rows(); ++row) {
    SightingRow& sighting = rows.emplace_back();
    sighting.name = result.Text(row, 0);
    sighting.written_lsn = result.Text(row, 1);
    if (!result.IsNull(row, 2)) sighting.elapsed_ms = std::stod(result.Text(row, 2));
    sighting.reason = result.Text(row, 3);
  }
  return rows;
}

void Run(const Options& options) {
  Connection primary =
      ReaderAccess(options.connection, options.passfile, kLimit).Connect(/*may_prompt=*/true);
  RequireViews(primary, {"baton.verify_replication(interval)"});
  // The row is waited for on each standby, and each has to be connected to.
  primary.LimitAnswers(std::chrono::seconds(options.timeout_s) + 2 * kLimit);
  const std::vector<SightingRow> rows = Verify(primary, options.timeout_s);
  options.output.result()["standbys"] = VerifyJson(rows);
  for (const std::string& line : VerifyLines(rows)) options.output.Line(line);
  const std::string missing = NotVerified(rows);
  options.output.result()["verified"] = missing.empty();
  if (missing.empty()) return;
  throw core::Error(core::ErrorCode::kRefused, "replication is not verified", missing,
                    rows.empty() ? "Make one with pg_baton clone." : "See pg_baton status.");
}

}  // namespace

Action AddVerify(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile, "the primary");
  options->common.AddTo(command, false);
  command
      .add_option("-t,--timeout", options->timeout_s,
                  "seconds to wait until the row is readable on every standby")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  return [options] {
    Run(*options);
    return 0;
  };
}

}  // namespace baton::helper
