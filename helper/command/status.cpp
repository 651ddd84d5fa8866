// status: the cluster at a glance, asked node by node over the registry of any one node.
#include <cstdlib>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/node_access.hpp"
#include "helper/server/queries.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
};

struct Issue {
  std::string node;
  std::string status;
  std::string check;
  std::string message;
  std::string hint;
};

class ShowStatus {
 public:
  explicit ShowStatus(const Options& options)
      : options_(options),
        output_(options.common.output),
        passfile_(ResolvePassfile(options.passfile)) {}

  void Run() {
    Connection asked = Connect();
    if (!HasExtension(asked)) {
      throw core::Error(core::ErrorCode::kFailed, "this server has no extension pg_baton",
                        fmt::format("It was looked for in database \"{}\".", asked.database()),
                        "Run pg_baton setup-primary, or name the right database with -d.");
    }
    const Result nodes = asked.Query("SELECT name, conninfo FROM baton.node ORDER BY name");
    output_.result()["nodes"] = nlohmann::json::array();
    for (int row = 0; row < nodes.rows(); ++row) Ask(nodes.Text(row, 0), nodes.Text(row, 1));
    if (nodes.rows() == 0) AskUnregistered(asked);
    Print();
  }

 private:
  // As baton_node to an address, but as the user who asks over this host's socket, where
  // pg_hba.conf usually lets nobody in under another name.
  Connection Connect() {
    const Parameters given = options_.connection.Given();
    Parameters parameters = given;
    parameters.emplace("dbname", "postgres");
    if (!given.contains("user") && !IsLocal(given)) {
      return Connection(NodeParameters(parameters, passfile_));
    }
    std::optional<std::string> password;
    return ConnectAsking(parameters, !options_.connection.no_password,
                         options_.connection.force_password, password);
  }

  static bool IsLocal(const Parameters& given) {
    if (given.contains("hostaddr") || given.contains("service")) return false;
    const char* const environment = std::getenv("PGHOST");
    std::string host = environment == nullptr ? "" : environment;
    if (const auto found = given.find("host"); found != given.end()) host = found->second;
    return host.empty() || host.front() == '/';
  }

  void Ask(const std::string& name, const std::string& conninfo) {
    const Parameters there = ParseConninfo(conninfo);
    const std::string place = fmt::format("{}:{}", there.contains("host") ? there.at("host") : "",
                                          there.contains("port") ? there.at("port") : "5432");
    try {
      Parameters parameters = NodeParameters(there, passfile_);
      parameters["connect_timeout"] = "3";
      Connection node{parameters};
      node.UseNoSearchPath();
      Add(name, place, node);
    } catch (const core::Error& error) {
      const std::string reason = error.detail().empty() ? error.message() : error.detail();

      rows_.push_back({name, place, "unknown", "unreachable", "-", "-", "-", "-", "-"});
      issues_.push_back({name, "unknown", "reachable", reason, error.hint()});
      output_.result()["nodes"].push_back({{"name", name},
                                           {"place", place},
                                           {"role", "unknown"},
                                           {"state", "unreachable"},
                                           {"error", reason}});
    }
  }

  void AskUnregistered(Connection& node) {
    Add("-", fmt::format("{}:{}", node.host(), node.port()), node);
  }

  void Add(const std::string& name, const std::string& place, Connection& node) {
    // Rows and checks should be of the same moment.
    node.Run("SELECT baton.check_now()");
    const Result status = node.Query(
        "SELECT role, state, timeline, COALESCE(current_lsn, replayed_lsn), replay_lag_bytes,"
        " (EXTRACT(epoch FROM replay_lag) * 1000)::bigint, upstream, server_version"
        " FROM baton.node_status");
    const auto text = [&](int column) {
      return status.IsNull(0, column) ? std::string("-") : status.Text(0, column);
    };
    const bool standby = status.Text(0, 0) == "standby";
    const auto measured = [&](int column, const std::string& value) {
      if (!standby) return std::string("-");
      return status.IsNull(0, column) ? std::string("unknown") : value;
    };
    if (!standby) ++primaries_;
    rows_.push_back(
        {name, place, text(0), text(1), text(2), text(3),
         measured(4, core::BytesText(status.Number(0, 4))),
         measured(5, core::DurationText(std::chrono::milliseconds(status.Number(0, 5)))), text(6)});
    nlohmann::json entry = {{"name", name},
                            {"place", place},
                            {"role", text(0)},
                            {"state", text(1)},
                            {"timeline", status.Number(0, 2)},
                            {"lsn", text(3)},
                            {"replay_lag_bytes", nullptr},
                            {"replay_lag_ms", nullptr},
                            {"upstream", nullptr},
                            {"server_version", text(7)}};
    if (!status.IsNull(0, 4)) entry["replay_lag_bytes"] = status.Number(0, 4);
    if (!status.IsNull(0, 5)) entry["replay_lag_ms"] = status.Number(0, 5);
    if (!status.IsNull(0, 6)) entry["upstream"] = status.Text(0, 6);
    output_.result()["nodes"].push_back(entry);

    const Result checks = node.Query(
        "SELECT status, check_name, message, COALESCE(hint, '') FROM baton.health"
        " WHERE status <> 'ok' ORDER BY status, check_name");
    for (int row = 0; row < checks.rows(); ++row) {
      issues_.push_back({name, checks.Text(row, 0), checks.Text(row, 1), checks.Text(row, 2),
                         checks.Text(row, 3)});
    }
  }

  std::string Answer() const {
    if (primaries_ == 0) return "critical: no node answers as primary";
    if (primaries_ > 1) return fmt::format("critical: {} nodes answer as primary", primaries_);
    std::string worst = "healthy";
    for (const Issue& issue : issues_) {
      if (issue.status == "critical") return "critical: see the issues below";
      worst = "not healthy: see the issues below";
    }
    return worst;
  }

  void Print() {
    output_.result()["answer"] = Answer();
    output_.result()["issues"] = nlohmann::json::array();
    for (const Issue& issue : issues_) {
      output_.result()["issues"].push_back({{"node", issue.node},
                                            {"status", issue.status},
                                            {"check_name", issue.check},
                                            {"message", issue.message},
                                            {"hint", issue.hint}});
    }
    if (output_.is_json()) return;
    output_.Line(Answer());
    output_.Line("");
    output_.Table(
        {"node", "address", "role", "state", "timeline", "lsn", "lag bytes", "lag", "upstream"},
        rows_);
    if (issues_.empty()) return;
    output_.Line("");
    output_.Line("issues:");
    for (const Issue& issue : issues_) {
      output_.Line(
          fmt::format("  {} {}: {}: {}", issue.node, issue.check, issue.status, issue.message));
      if (!issue.hint.empty()) output_.Line("    hint: " + issue.hint);
    }
  }

  const Options& options_;
  Output& output_;
  fs::path passfile_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<Issue> issues_;
  int primaries_ = 0;
};

}  // namespace

Action AddStatus(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->connection.AddTo(command, "any node (default role: baton_node; your own over a socket)");
  options->common.AddTo(command, false);
  command.add_option("--passfile", options->passfile,
                     "password file for role baton_node (default: PGPASSFILE or ~/.pgpass)");
  return [options] { ShowStatus(*options).Run(); };
}

}  // namespace baton::helper
