// metrics: the metrics of one node in Prometheus' text format, once or at each request over HTTP.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <mutex>

#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/http_server.hpp"

namespace baton::helper {
namespace {

constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

struct Options {
  explicit Options(Output& target) : output(target) {}

  Output& output;
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
      error = failure.message() + (failure.detail().empty() ? "" : ": " + failure.detail());
    }
    Note(error);
    return fmt::format(
        "# HELP pg_baton_up Whether the server answered this scrape.\n"
        "# TYPE pg_baton_up gauge\n"
        "pg_baton_up {}\n"
        "{}",
        error.empty() ? 1 : 0, metrics);
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
  server.Add("/-/healthy", "text/plain; charset=utf-8", [] { return std::string("ok\n"); });
  options.output.Line(fmt::format("serving http://{}/metrics", server.address().Text()));
  server.RunUntilInterrupted();
}

void Run(const Options& options) {
  const ReaderAccess access(options.connection, options.passfile,
                            std::chrono::seconds(options.timeout_s));
  if (!options.listen.empty()) return Serve(options, access);
  Connection server = access.Connect(/*may_prompt=*/true);
  const std::string metrics = ReadMetrics(server);
  std::fputs(metrics.c_str(), stdout);
}

}  // namespace

Action AddMetrics(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile);
  command
      .add_option("--listen", options->listen,
                  "serve them at /metrics until a signal; a port alone is one of 127.0.0.1")
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
