// metrics: the metrics of one node in Prometheus' text format, once or at each request over HTTP.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <mutex>

#include "core/traffic.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/report/metrics_json.hpp"
#include "helper/report/rows.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/http_server.hpp"

namespace baton::helper {
namespace {

constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr int kTakes = 200;
constexpr int kTakesNot = 503;

struct Options {
  explicit Options(Output& target) : output(target), common{target} {}

  Output& output;
  CommonOptions common;
  ConnectionOptions connection;
  std::string passfile;
  std::string listen;
  int timeout_s = 5;
};

std::string ReadMetrics(Connection& server) {
  try {
    return server.Value("SELECT baton.metrics()");
  } catch (const SqlError& error) {
    // undefined_function, invalid_schema_name
    if (error.sqlstate() != "42883" && error.sqlstate() != "3F000") throw;
    throw core::Error(core::ErrorCode::kFailed, "this server has no baton.metrics()",
                      fmt::format("It was looked for in database \"{}\".", server.database()),
                      "Name the database of the extension with -d, or update it: ALTER EXTENSION "
                      "pg_baton UPDATE.");
  }
}

core::Traffic ReadTraffic(Connection& server) {
  const Result row = server.Query(
      "SELECT role, gate, state,"
      " coalesce((SELECT status FROM baton.health WHERE check_name = 'replay_lag'), '')"
      " FROM baton.node_status");
  if (row.rows() == 0) return {};
  core::TrafficFacts facts;
  if (row.Text(0, 0) == core::RoleText(core::Role::kPrimary)) facts.role = core::Role::kPrimary;
  if (row.Text(0, 0) == core::RoleText(core::Role::kStandby)) facts.role = core::Role::kStandby;
  facts.gate = row.Text(0, 1);
  facts.state = row.Text(0, 2);
  facts.replay_lag = StatusOf(row.Text(0, 3));
  return core::JudgeTraffic(facts);
}

std::string TextOf(const core::Error& failure) {
  return failure.message() + (failure.detail().empty() ? "" : ": " + failure.detail());
}

// Asks the server anew at each request, so that it may come and go.
class Scraper {
 public:
  Scraper(ReaderAccess access, Output& output) : access_(std::move(access)), output_(output) {}

  std::string Scrape() {
    std::string metrics;
    std::string error;
    try {
      Connection server = access_.Connect();
      metrics = ReadMetrics(server);
    } catch (const core::Error& failure) {
      error = TextOf(failure);
    }
    Note(error);
    return fmt::format(
        "# HELP pg_baton_up Whether the server answered this scrape.\n"
        "# TYPE pg_baton_up gauge\n"
        "pg_baton_up {}\n"
        "{}",
        error.empty() ? 1 : 0, metrics);
  }

  // For load balancers, which look at the status alone.
  HttpAnswer Answer(bool core::Traffic::*wanted) const {
    try {
      Connection server = access_.Connect();
      const core::Traffic traffic = ReadTraffic(server);
      return {traffic.*wanted ? kTakes : kTakesNot, traffic.reason + "\n"};
    } catch (const core::Error& failure) {
      return {kTakesNot, TextOf(failure) + "\n"};
    }
  }

 private:
  // Once when the server falls silent, not at each scrape.
  void Note(const std::string& error) {
    const std::lock_guard lock(mutex_);
    if (!error.empty() && was_up_) output_.Warning(error);
    if (error.empty() && !was_up_) output_.Line("the server answers again");
    was_up_ = error.empty();
  }

  ReaderAccess access_;
  Output& output_;
  std::mutex mutex_;
  bool was_up_ = true;
};

void Serve(const Options& options, ReaderAccess access) {
  const auto address = ParseListenAddress(options.listen);
  if (!address) {
    throw core::Error(core::ErrorCode::kUsage,
                      fmt::format("invalid address \"{}\"", options.listen), "",
                      "Write --listen=9188, --listen=10.0.0.1:9188 or --listen=[::1]:9188.");
  }
  Scraper scraper(std::move(access), options.output);
  HttpServer server(*address);
  server.Add("/metrics", kContentType, [&scraper] { return scraper.Scrape(); });
  server.Add("/-/healthy", kPlainText, [] { return std::string("ok\n"); });
  server.AddAnswer("/primary", kPlainText,
                   [&scraper] { return scraper.Answer(&core::Traffic::takes_writes); });
  server.AddAnswer("/standby", kPlainText,
                   [&scraper] { return scraper.Answer(&core::Traffic::takes_reads); });
  options.output.Line(fmt::format("serving http://{}/metrics", server.address().Text()));
  server.RunUntilInterrupted();
}

void Run(const Options& options) {
  const ReaderAccess access(options.connection, options.passfile,
                            std::chrono::seconds(options.timeout_s));
  if (!options.listen.empty()) {
    if (options.output.is_json()) {
      throw core::Error(core::ErrorCode::kUsage, "--listen serves text only", "",
                        "Leave --format=json out, or run the command without --listen.");
    }
    return Serve(options, access);
  }
  Connection server = access.Connect(/*may_prompt=*/true);
  const std::string metrics = ReadMetrics(server);
  options.output.result()["metrics"] = MetricsJson(metrics);
  if (!options.output.is_json()) std::fputs(metrics.c_str(), stdout);
}

}  // namespace

Action AddMetrics(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile);
  options->common.AddTo(command, false);
  command
      .add_option(
          "--listen", options->listen,
          "serve them at /metrics, and /primary and /standby for load balancers, until a signal; a "
          "port alone is one of 127.0.0.1")
      ->type_name("[ADDRESS:]PORT");
  command
      .add_option("-t,--timeout", options->timeout_s, "seconds for connecting, and for the answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  return [options] {
    Run(*options);
    return 0;
  };
}

}  // namespace baton::helper
