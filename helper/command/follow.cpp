// follow: points a standby at another upstream, by baton.follow() of that standby, which decides;
// this command shows what it will decide from before it asks.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "core/node_name.hpp"
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
  std::string node;
  int timeout_s = 60;
};

class Follow {
 public:
  explicit Follow(const Options& options)
      : options_(options),
        output_(options.common.output),
        standby_(ReaderAccess(options.connection, options.passfile, kLimit).Connect(true)) {}

  void Run() {
    RequireViews(standby_, {"baton.follow_check(text)", "baton.follow(text, boolean, interval)"});
    name_ = standby_.Value("SELECT name FROM baton.node_status");
    upstream_ = standby_.Value("SELECT upstream FROM baton.node_status");
    // The other nodes are asked for it, one of them several times.
    const std::chrono::milliseconds for_peers(std::stoll(standby_.Value(
        "SELECT (EXTRACT(epoch FROM current_setting('pg_baton.peer_timeout')::interval) * 1000)"
        "::bigint")));
    standby_.LimitAnswers(std::chrono::seconds(options_.timeout_s) + 6 * for_peers + 2 * kLimit);
    const PromotionReport report = JudgePromotion(ReadFollowCheck(standby_, options_.node));
    output_.result().update(
        {{"node", name_},
         {"upstream", options_.node},
         {"former_upstream", upstream_.empty() ? nlohmann::json() : nlohmann::json(upstream_)},
         {"dry_run", options_.common.dry_run},
         {"against", report.Reasons()},
         {"checks", PromotionJson(report)}});
    if (!output_.is_json()) {
      for (const std::string& line : PromotionLines(report, Palette::Of(STDOUT_FILENO))) {
        output_.Line(line);
      }
    }
    if (options_.common.dry_run) return Plan(report);
    Ask();
  }

 private:
  void Plan(const PromotionReport& report) {
    if (!report.against.empty()) {
      output_.result()["outcome"] = "would be refused";
      throw core::Refusal(report.against);
    }
    output_.result()["outcome"] = "would be done";
    output_.Line(
        fmt::format("node \"{}\" would follow node \"{}\"{}", name_, options_.node, InPlaceOf()));
  }

  // The server decides anew, so what was shown may have changed.
  void Ask() {
    const Result result = standby_.Query(
        "SELECT request_id, outcome, reason"
        " FROM baton.follow($1, true, make_interval(secs => $2::integer))",
        {options_.node, std::to_string(options_.timeout_s)});
    const std::string outcome = result.Text(0, 1);
    const std::string reason = result.Text(0, 2);
    output_.result().update(
        {{"request_id", result.Number(0, 0)},
         {"outcome", outcome},
         {"reason", reason.empty() ? nlohmann::json() : nlohmann::json(reason)}});
    if (outcome == "refused") {
      throw core::Error(core::ErrorCode::kRefused, "the change of the upstream was refused", reason,
                        fmt::format("See \"SELECT * FROM baton.follow_check('{}')\" on node "
                                    "\"{}\".",
                                    options_.node, name_));
    }
    if (outcome != "done") {
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("node \"{}\" does not follow node \"{}\": it is {}", name_,
                                    options_.node, outcome),
                        reason, "See baton.requests of that server, and the logs of both.");
    }
    output_.Line(
        fmt::format("node \"{}\" follows node \"{}\"{}", name_, options_.node, InPlaceOf()));
    if (!reason.empty()) output_.Warning("something was left behind", reason, "");
  }

  std::string InPlaceOf() const {
    const bool is_new = !upstream_.empty() && upstream_ != options_.node;
    return is_new ? fmt::format(" in place of \"{}\"", upstream_) : "";
  }

  const Options& options_;
  Output& output_;
  Connection standby_;
  std::string name_;
  std::string upstream_;
};

}  // namespace

Action AddFollow(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  command.add_option("NODE", options->node, "name of the node that the standby is to follow")
      ->required()
      ->type_name("");
  AddReaderOptions(command, options->connection, options->passfile, "the standby");
  options->common.AddTo(command, true);
  command
      .add_option("-t,--timeout", options->timeout_s, "seconds to wait until it streams from there")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  return [options] {
    core::RequireNodeName(options->node);
    Follow(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
