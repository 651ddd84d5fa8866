#include "helper/cli.hpp"

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/problem.hpp"
#include "helper/command_line.hpp"
#include "helper/next_step/next_step.hpp"
#include "helper/report/plugin_report.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/log_file.hpp"
#include "helper/system/shown_command.hpp"

namespace baton::helper {
namespace {

int ExitCode(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::kUsage:
    case core::ErrorCode::kInvalidName:
      return 2;
    case core::ErrorCode::kRefused:
    case core::ErrorCode::kWrongState:
    case core::ErrorCode::kBusy:
      return 3;
    case core::ErrorCode::kInterrupted:
      return 4;
    case core::ErrorCode::kNotFound:
    case core::ErrorCode::kReadOnly:
    case core::ErrorCode::kFailed:
      break;
  }
  return 1;
}

nlohmann::json ProblemJson(const std::string& message, const std::string& detail,
                           const std::string& hint) {
  return {{"message", message}, {"detail", detail}, {"hint", hint}};
}

core::Problems ProblemsOf(const std::exception& failure) {
  if (const auto* const refusal = dynamic_cast<const core::Refusal*>(&failure)) {
    return refusal->problems();
  }
  if (const auto* const error = dynamic_cast<const core::Error*>(&failure)) {
    return {{error->message(), error->detail(), error->hint()}};
  }
  return {{failure.what(), "", ""}};
}

// `command` is nullptr where there is none, here and below.
int ExitCodeOf(const std::exception& failure, const Command* command) {
  const auto* const error = dynamic_cast<const core::Error*>(&failure);
  const int usage = ExitCode(core::ErrorCode::kUsage);
  if (error != nullptr && ExitCode(error->code()) == usage) return usage;
  if (command != nullptr && command->failure_code != 0) return command->failure_code;
  if (dynamic_cast<const core::Refusal*>(&failure) != nullptr) return 3;
  return error == nullptr ? 1 : ExitCode(error->code());
}

// Tells a failure in the way of the command, and returns the exit code.
int Tell(const core::Problems& problems, int code, const Command* command, Output& output) {
  if (command == nullptr || !command->is_plugin) {
    for (const core::Problem& problem : problems) {
      output.Error(problem.message, problem.detail, problem.hint);
    }
    return code;
  }
  for (const core::Problem& problem : problems) {
    output.Line(PluginLine(core::Status::kUnknown, problem.message));
    for (const std::string& more : {problem.detail, problem.hint}) {
      if (!more.empty()) output.Line(PluginText(more));
    }
  }
  const int unknown = PluginExitCode(core::Status::kUnknown);
  output.result()["status"] = core::StatusText(core::Status::kUnknown);
  output.result()["exit_code"] = unknown;
  return unknown;
}

int Carry(const Action& action, const Command* command, Output& output) {
  int code = 0;
  try {
    code = action();
    output.result()["ok"] = true;
  } catch (const std::exception& failure) {
    const core::Problems problems = ProblemsOf(failure);
    code = Tell(problems, ExitCodeOf(failure, command), command, output);
    output.result()["ok"] = false;
    for (const core::Problem& problem : problems) {
      output.result()["errors"].push_back(
          ProblemJson(problem.message, problem.detail, problem.hint));
    }
  }
  output.PrintResult();
  return code;
}

// CLI11 says only that a command is required when the word in its place is none.
void RequireCommand(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  if (CommandNamed(argv[1]) != nullptr) return;
  throw core::Error(core::ErrorCode::kUsage, fmt::format("unknown command \"{}\"", argv[1]), "",
                    "Try \"pg_baton --help\" for more information.");
}

// CLI11's own words, in the form of our other messages.
int UsageError(const CLI::ParseError& error, const CLI::App& parser, Output& output) {
  std::string name = "pg_baton";
  const Command* chosen = nullptr;
  for (const CLI::App* const command : parser.get_subcommands()) {
    name += " " + command->get_name();
    chosen = CommandNamed(command->get_name());
  }
  std::string message = error.what();
  if (!message.empty() && message.back() == '.') message.pop_back();
  // A word in capitals, such as TARGET, stays as it is.
  const bool begins_so = message.size() > 1 && std::isupper(message[1]) != 0;
  if (!message.empty() && !begins_so)
    message.front() = static_cast<char>(std::tolower(message.front()));
  return Tell({{message, "", fmt::format("Try \"{} --help\" for more information.", name)}}, 2,
              chosen, output);
}

int SayWhatNext(Output& output) {
  const auto tell = [&output] {
    TellNextSteps(output);
    return 0;
  };
  return Carry(tell, nullptr, output);
}

}  // namespace

void ConnectionOptions::AddTo(CLI::App& command, const std::string& whose) {
  const std::string group = "Connection to " + whose;
  command.add_option("-h,--host", host, "host name, address or socket directory")->group(group);
  command.add_option("-p,--port", port, "port")->group(group);
  command.add_option("-U,--username", user, "role to connect as")->group(group);
  command.add_option("-d,--dbname", dbname, "database, or connection string")->group(group);
  auto* const never =
      command.add_flag("-w,--no-password", no_password, "never ask for a password")->group(group);
  command.add_flag("-W,--password", force_password, "ask for the password at once")
      ->group(group)
      ->excludes(never);
}

Parameters ConnectionOptions::Given() const {
  Parameters parameters;
  if (dbname.find('=') != std::string::npos || dbname.starts_with("postgresql://") ||
      dbname.starts_with("postgres://")) {
    parameters = ParseConninfo(dbname);
  } else if (!dbname.empty()) {
    parameters["dbname"] = dbname;
  }
  if (!host.empty()) parameters["host"] = host;
  if (!port.empty()) parameters["port"] = port;
  if (!user.empty()) parameters["user"] = user;
  return parameters;
}

void AddFormatOption(CLI::App& command, Output& output) {
  command
      .add_option_function<std::string>(
          "--format",
          [&output](const std::string& format) {
            output.set_format(format == "json" ? Format::kJson : Format::kText);
          },
          "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
}

void CommonOptions::AddTo(CLI::App& command, bool changes_something) {
  AddFormatOption(command, output);
  if (changes_something) {
    command.add_flag("-n,--dry-run", dry_run, "run every check, print the plan, change nothing");
  }
}

int RunCommandLine(int argc, char** argv) {
  WatchForInterrupts();
  Output output;
  CommandLine line(output);
  CLI::App& parser = line.parser();
  try {
    RequireCommand(argc, argv);
    parser.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return parser.exit(success);
  } catch (const CLI::ParseError& error) {
    return UsageError(error, parser, output);
  } catch (const core::Error& error) {
    output.Error(error.message(), error.detail(), error.hint());
    return ExitCode(error.code());
  }
  if (line.chosen() == nullptr) return SayWhatNext(output);
  const Command& chosen = *line.chosen();
  if (geteuid() == 0) {
    return Tell({{"cannot be executed by \"root\"", "",
                  "Run it as the user who owns the data directory: runuser -u postgres -- pg_baton "
                  "..."}},
                chosen.failure_code == 0 ? 1 : chosen.failure_code, &chosen, output);
  }
  if (!line.log_file().empty()) {
    try {
      OpenLog(line.log_file());
    } catch (const core::Error& error) {
      const core::Problems problems = ProblemsOf(error);
      return Tell(problems, ExitCodeOf(error, &chosen), &chosen, output);
    }
    Log("command: " + ShownCommand({argv, argv + argc}));
  }
  const int code = Carry(line.action(), &chosen, output);
  Log(fmt::format("exit code: {}", code));
  return code;
}

}  // namespace baton::helper
