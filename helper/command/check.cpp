// check: baton.health of one node, as monitoring plug-ins tell it.  It reads the verdicts as they
// are; those that are too old are unknown there already.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/report/plugin_report.hpp"
#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
  CheckSelection selection;
  int timeout_s = 5;
};

class CheckNode {
 public:
  explicit CheckNode(const Options& options) : options_(options), output_(options.common.output) {}

  int Run() {
    RequireKnownChecks(options_.selection);
    const ReaderAccess access(options_.connection, options_.passfile,
                              std::chrono::seconds(options_.timeout_s));
    std::optional<Connection> server;
    try {
      server.emplace(access.Connect());
    } catch (const core::Error& error) {
      if (error.code() == core::ErrorCode::kInterrupted) throw;
      return TellAbsence(access.parameters(), error);
    }
    RequireViews(*server, {"baton.health"});
    const PluginReport report = JudgeChecks(ReadHealth(*server), options_.selection);
    output_.result().update(PluginJson(report));
    if (!output_.is_json()) {
      for (const std::string& line : PluginLines(report)) output_.Line(line);
    }
    return PluginExitCode(report.status);
  }

 private:
  // A server that nobody gets into is down; one that keeps only us out may be well.
  int TellAbsence(const Parameters& parameters, const core::Error& error) {
    const Presence presence = LookForServer(parameters, std::chrono::seconds(2));
    const bool is_down = presence == Presence::kSilent || presence == Presence::kRejects;
    const core::Status status = is_down ? core::Status::kCritical : core::Status::kUnknown;
    const std::string message = error.message() + ": " + error.detail();
    output_.result().update({{"status", core::StatusText(status)},
                             {"exit_code", PluginExitCode(status)},
                             {"summary", message},
                             {"checks", nlohmann::json::array()}});
    if (!output_.is_json()) {
      output_.Line(PluginLine(status, message));
      if (!error.hint().empty()) output_.Line(PluginText(error.hint()));
    }
    return PluginExitCode(status);
  }

  const Options& options_;
  Output& output_;
};

}  // namespace

Action AddCheck(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile);
  options->common.AddTo(command, false);
  command.add_option("--only", options->selection.only, "look at these checks alone")
      ->delimiter(',')
      ->type_name("NAME[,NAME]");
  command.add_option("--exclude", options->selection.exclude, "do not look at these checks")
      ->delimiter(',')
      ->type_name("NAME[,NAME]");
  command
      .add_option("-t,--timeout", options->timeout_s, "seconds for connecting, and for each answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  return [options] { return CheckNode(*options).Run(); };
}

}  // namespace baton::helper
