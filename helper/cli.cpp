#include "helper/cli.hpp"

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/problem.hpp"
#include "extension/version.hpp"
#include "helper/command/command.hpp"
#include "helper/report/plugin_report.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  done\n"
    "  1  failed, and nothing was changed that the message does not name\n"
    "  2  usage\n"
    "  3  refused by a check\n"
    "  4  interrupted; run it again\n"
    "switchover: 1 also if it was undone, 4 if its end was not seen: look before running it "
    "again.\n"
    "archive-check: 0 also with warnings, 1 also if something could not be looked at, 3 if\n"
    "something critical was found.\n"
    "check: 0 ok, 1 warning, 2 critical, 3 unknown, also where it could not look.\n"
    "archive-push: 0 all archives have the file, 1 not.\n"
    "archive-get: 0 brought, 1 no archive has the file, 3 one has it damaged, or could not be "
    "read.\n"
    "\n"
    "Passwords come from a prompt, PGPASSWORD or the password file (PGPASSFILE, ~/.pgpass).\n"
    "PG_COLOR=always|auto|never colours messages.\n";

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

int ExitCodeOf(const std::exception& failure, const Command& command) {
  const auto* const error = dynamic_cast<const core::Error*>(&failure);
  const int usage = ExitCode(core::ErrorCode::kUsage);
  if (error != nullptr && ExitCode(error->code()) == usage) return usage;
  if (command.failure_code != 0) return command.failure_code;
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

int Carry(const Action& action, const Command& command, Output& output) {
  int code = 0;
  try {
    code = action();
    output.result()["ok"] = true;
  } catch (const std::exception& failure) {
    const core::Problems problems = ProblemsOf(failure);
    code = Tell(problems, ExitCodeOf(failure, command), &command, output);
    output.result()["ok"] = false;
    for (const core::Problem& problem : problems) {
      output.result()["errors"].push_back(
          ProblemJson(problem.message, problem.detail, problem.hint));
    }
  }
  output.PrintResult();
  return code;
}

const Command* CommandNamed(const std::string& name) {
  for (const Command& command : kCommands) {
    if (name == command.name) return &command;
  }
  return nullptr;
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

void CommonOptions::AddTo(CLI::App& command, bool changes_something) {
  command
      .add_option_function<std::string>(
          "--format",
          [this](const std::string& format) {
            output.set_format(format == "json" ? Format::kJson : Format::kText);
          },
          "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
  command.add_flag_callback(
      "-v,--verbose",
      [this] {
        output.set_verbose(true);
        Connection::SetTrace([this](const std::string& sql) { output.Detail("SQL: " + sql); });
        TraceProcesses([this](const std::string& program) { output.Detail("run: " + program); });
      },
      "show each statement and program that is run");
  if (changes_something) {
    command.add_flag("-n,--dry-run", dry_run, "run every check, print the plan, change nothing");
  }
}

int RunCommandLine(int argc, char** argv) {
  WatchForInterrupts();
  Output output;
  CLI::App parser("pg_baton sets up, shows, promotes and brings back hot standbys of PostgreSQL.",
                  "pg_baton");
  parser.set_help_flag("-?,--help", "show this help, then exit");
  parser.set_version_flag("-V,--version", std::string("pg_baton ") + kVersion,
                          "show the version, then exit");
  parser.require_subcommand(1);
  // As getopt_long does: what is said last counts.
  parser.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  // From CLI11 2.5 on, help texts would be wrapped anew and their examples lose their indentation.
  const auto leave_as_written = [](auto& formatter) {
    if constexpr (requires { formatter.enable_footer_formatting(false); }) {
      formatter.enable_footer_formatting(false);
      formatter.enable_description_formatting(false);
    }
  };
  const auto formatter = std::make_shared<CLI::Formatter>();
  leave_as_written(*formatter);
  parser.formatter(formatter);
  parser.footer(kFooter);

  Action action;
  const Command* chosen = nullptr;
  for (const Command& command : kCommands) {
    CLI::App* const entry = parser.add_subcommand(command.name, command.summary);
    entry->set_help_flag("-?,--help", "show this help, then exit");
    entry->footer(std::string("Examples:\n") + command.examples);
    entry->callback([&, run = command.add(*entry, output)] {
      chosen = &command;
      action = run;
    });
  }
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
  if (geteuid() == 0) {
    return Tell({{"cannot be executed by \"root\"", "",
                  "Run it as the user who owns the data directory: runuser -u postgres -- pg_baton "
                  "..."}},
                chosen->failure_code == 0 ? 1 : chosen->failure_code, chosen, output);
  }
  return Carry(action, *chosen, output);
}

}  // namespace baton::helper
