// run: prestart, and then this process becomes the server, so that whoever runs it, a container's
// runtime for example, has the server itself before it.
#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "core/error.hpp"
#include "core/problem.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/prestart/prestart.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kRetryAfter = 10s;

struct Options {
  explicit Options(Output& output) : common{output} {}

  PrestartOptions prestart;
  CommonOptions common;
  std::optional<std::chrono::seconds> retry;
};

std::chrono::seconds RetryAfter(const std::string& text) {
  if (text.empty()) return kRetryAfter;
  int seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && rest == end && seconds > 0) return std::chrono::seconds(seconds);
  throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid number of seconds \"{}\"", text),
                    "", "Give --retry a whole number from 1 on.");
}

class Run {
 public:
  explicit Run(const Options& options) : options_(options), output_(options.common.output) {}

  void Do() {
    const ServerToStart server = AwaitServer();
    if (options_.common.dry_run) return;
    std::vector<std::string> arguments = {server.programs.Path("postgres")};
    arguments.insert(arguments.end(), server.arguments.begin(), server.arguments.end());
    output_.result()["ok"] = true;
    output_.PrintResult();
    Become(arguments);
  }

 private:
  ServerToStart AwaitServer() {
    for (;;) {
      try {
        return Prestart(options_.prestart, output_);
      } catch (const core::Refusal& refusal) {
        if (!options_.retry) throw;
        Tell(refusal.problems());
      } catch (const core::Error& error) {
        const bool is_final = error.code() == core::ErrorCode::kUsage ||
                              error.code() == core::ErrorCode::kInterrupted;
        if (!options_.retry || is_final) throw;
        Tell({{error.message(), error.detail(), error.hint()}});
      }
      output_.Line(fmt::format("trying again in {} s", options_.retry->count()));
      const auto end = Clock::now() + *options_.retry;
      while (Clock::now() < end) {
        CheckInterrupt();
        std::this_thread::sleep_for(100ms);
      }
    }
  }

  void Tell(const core::Problems& problems) {
    for (const core::Problem& problem : problems) {
      output_.Error(problem.message, problem.detail, problem.hint);
    }
  }

  const Options& options_;
  Output& output_;
};

}  // namespace

Action AddRun(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->prestart.AddTo(command);
  options->common.AddTo(command, true);
  command
      .add_option_function<std::string>(
          "--retry", [options](const std::string& text) { options->retry = RetryAfter(text); },
          "instead of ending, try again after so many seconds (default: 10)")
      ->expected(0, 1)
      ->type_name("[SECONDS]");
  command
      .add_option("options", options->prestart.server_arguments,
                  "after --: options of postgres, as -c NAME=VALUE")
      ->take_all();
  return [options] {
    options->prestart.dry_run = options->common.dry_run;
    Run(*options).Do();
    return 0;
  };
}

}  // namespace baton::helper
