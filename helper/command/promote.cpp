// promote: makes a standby the primary, by baton.promote() of that server, which decides; this
// command shows what it will decide from before it asks.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/report/promotion_report.hpp"
#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

constexpr std::chrono::seconds kLimit{10};

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
  bool force = false;
  int timeout_s = 60;
};

class Promote {
 public:
  explicit Promote(const Options& options)
      : options_(options),
        output_(options.common.output),
        standby_(ReaderAccess(options.connection, options.passfile, kLimit).Connect(true)) {}

  void Run() {
    RequireViews(standby_, {"baton.promotion_check"});
    name_ = standby_.Value("SELECT name FROM baton.node_status");
    // The other nodes are asked for both, which may take long where a host is gone.
    const std::chrono::milliseconds for_peers(std::stoll(
        standby_.Value("SELECT setting FROM pg_settings WHERE name = 'pg_baton.peer_timeout'")));
    standby_.LimitAnswers(std::chrono::seconds(options_.timeout_s) + 2 * for_peers + kLimit);
    const PromotionReport report = JudgePromotion(ReadPromotionCheck(standby_));
    output_.result().update({{"node", name_},
                             {"dry_run", options_.common.dry_run},
                             {"force", options_.force},
                             {"against", report.Reasons()},
                             {"checks", PromotionJson(report)}});
    if (!output_.is_json()) {
      for (const std::string& line : PromotionLines(report, Palette::Of(STDOUT_FILENO))) {
        output_.Line(line);
      }
    }
    if (options_.common.dry_run) return Plan(report);
    Ask(report);
  }

 private:
  void Plan(const PromotionReport& report) {
    if (report.WouldBeRefused(options_.force)) {
      output_.result()["outcome"] = "would be refused";
      throw core::Refusal(report.against);
    }
    output_.result()["outcome"] = "would be promoted";
    output_.Line(report.against.empty()
                     ? fmt::format("node \"{}\" would be promoted", name_)
                     : fmt::format("node \"{}\" would be promoted by force, against: {}", name_,
                                   report.Reasons()));
  }

  // The server decides anew, so what was shown may have changed.
  void Ask(const PromotionReport& report) {
    const Result result = standby_.Query(
        "SELECT request_id, outcome, reason, timeline, lsn"
        " FROM baton.promote($1::boolean, true, make_interval(secs => $2::integer))",
        {options_.force ? "true" : "false", std::to_string(options_.timeout_s)});
    const std::string outcome = result.Text(0, 1);
    const std::string reason = result.Text(0, 2);
    output_.result().update(
        {{"request_id", result.Number(0, 0)},
         {"outcome", outcome},
         {"reason", reason.empty() ? nlohmann::json() : nlohmann::json(reason)},
         {"timeline", result.IsNull(0, 3) ? nlohmann::json() : nlohmann::json(result.Number(0, 3))},
         {"lsn", result.IsNull(0, 4) ? nlohmann::json() : nlohmann::json(result.Text(0, 4))}});
    if (outcome == "refused") {
      throw core::Error(core::ErrorCode::kRefused, "the promotion was refused", reason,
                        report.force_is_no_help || options_.force
                            ? ""
                            : "See \"SELECT * FROM baton.promotion_check\"; --force promotes all "
                              "the same, and gives up what other servers have beyond this one.");
    }
    if (outcome != "promoted") {
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("the promotion is not finished: it is {}", outcome), reason,
                        "See baton.requests of that server, and its log.");
    }
    output_.Line(fmt::format("node \"{}\" is the primary on timeline {} from {} on", name_,
                             result.Text(0, 3), result.Text(0, 4)));
    if (options_.force && !report.against.empty()) {
      output_.Warning("it was promoted by force", reason.empty() ? report.Reasons() : reason,
                      "The request is on record in baton.requests and baton.events.");
    }
  }

  const Options& options_;
  Output& output_;
  Connection standby_;
  std::string name_;
};

}  // namespace

Action AddPromote(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile, "the standby");
  options->common.AddTo(command, true);
  command.add_flag("--force", options->force,
                   "promote it although checks speak against it, and keep that on record");
  command
      .add_option("-t,--timeout", options->timeout_s,
                  "seconds to wait for the end of the promotion")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  return [options] {
    Promote(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
