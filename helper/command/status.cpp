// status: the cluster at a glance, from any one node of it.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "helper/cli.hpp"
#include "helper/command/cluster_questions.hpp"
#include "helper/command/command.hpp"
#include "helper/command/node_access.hpp"
#include "helper/command/watch.hpp"
#include "helper/report/cluster_text.hpp"
#include "helper/report/lag_samples.hpp"

namespace baton::helper {
namespace {

constexpr std::chrono::seconds kLimit{10};

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
  std::optional<std::string> watch;  // seconds, or empty
};

class ShowStatus {
 public:
  explicit ShowStatus(const Options& options)
      : options_(options),
        output_(options.common.output),
        questions_(ReaderAccess(options.connection, options.passfile, kLimit),
                   ResolvePassfile(options.passfile)) {}

  void Run() {
    if (options_.watch) {
      if (output_.is_json()) {
        throw core::Error(core::ErrorCode::kUsage, "--watch draws text only", "",
                          "Leave --format=json out, or run the command again and again.");
      }
      interval_ = WatchInterval(*options_.watch);
      Watch(interval_, [this] { return Frame(); });
      return;
    }
    const ClusterFacts facts = questions_.Ask(/*may_prompt=*/true);
    const ClusterReport report = Judge(facts);
    output_.result().update(ClusterJson(facts, report));
    if (output_.is_json()) return;
    for (const std::string& line : ClusterLines(facts, report, palette_)) output_.Line(line);
  }

 private:
  // The first question has to be answered; after that, a server that is away may come back.
  std::vector<std::string> Frame() {
    std::vector<std::string> lines;
    try {
      const ClusterFacts facts = questions_.Ask(/*may_prompt=*/false);
      samples_.Add(facts);
      lines = ClusterLines(facts, Judge(facts), palette_);
      answered_ = true;
    } catch (const core::Error& error) {
      if (!answered_ || error.code() == core::ErrorCode::kInterrupted) throw;
      lines = {fmt::format("{}: {}", palette_.Paint("unknown", Tone::kNote), error.message()),
               error.detail(), error.hint()};
    }
    const std::vector<std::string> lags = samples_.Lines();
    if (!lags.empty()) {
      lines.insert(lines.end(),
                   {"", fmt::format("replay lag, every {} s:",
                                    std::chrono::duration<double>(interval_).count())});
    }
    for (const std::string& lag : lags) lines.push_back("  " + lag);
    if (isatty(STDIN_FILENO) != 0) lines.insert(lines.end(), {"", "q ends"});
    return lines;
  }

  const Options& options_;
  Output& output_;
  ClusterQuestions questions_;
  Palette palette_ = Palette::Of(STDOUT_FILENO);
  std::chrono::milliseconds interval_{};
  LagSamples samples_;
  bool answered_ = false;
};

}  // namespace

Action AddStatus(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  AddReaderOptions(command, options->connection, options->passfile);
  options->common.AddTo(command, false);
  command
      .add_option_function<std::string>(
          "--watch", [options](const std::string& seconds) { options->watch = seconds; },
          "draw again every SECONDS (default: 2), until q or a signal")
      ->expected(0, 1)
      ->type_name("[SECONDS]");
  return [options] {
    ShowStatus(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
