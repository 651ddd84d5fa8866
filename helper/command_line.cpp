#include "helper/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "extension/version.hpp"
#include "helper/bash_completion.hpp"
#include "helper/cli.hpp"
#include "helper/manual_page.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

void AddHelp(CLI::App& app) { app.set_help_flag("-?,--help", "show this help, then exit"); }

// Prints something about the whole command line, and ends the program; for those who build
// packages.
void AddPrinter(CLI::App& parser, const std::string& name, std::string (*text)(const CLI::App&)) {
  const auto print = [&parser, text] {
    fmt::print("{}", text(parser));
    throw CLI::Success();
  };
  // Without a group it stands in no help.  At once, for otherwise CLI11 asks for a command before.
  parser.add_flag_callback(name, print)->group("")->trigger_on_parse();
}

}  // namespace

CommandLine::CommandLine(Output& output)
    : parser_(std::make_unique<CLI::App>(
          "pg_baton sets up, shows, promotes and brings back hot standbys of PostgreSQL.",
          "pg_baton")) {
  CLI::App& parser = *parser_;
  AddHelp(parser);
  parser.set_version_flag("-V,--version", std::string("pg_baton ") + kVersion,
                          "show the version, then exit");
  AddPrinter(parser, "--print-manual", ManualPage);
  AddPrinter(parser, "--print-completion", BashCompletion);
  AddFormatOption(parser, output);
  // Without one, it says what to do next.
  parser.require_subcommand(0, 1);
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
  parser.footer(fmt::format("{}:\n{}\n{}", kExitCodes.title, kExitCodes.text, kEnvironment.text));
  for (const Command& command : kCommands) Add(command, output);
}

CommandLine::~CommandLine() = default;

void CommandLine::Add(const Command& command, Output& output) {
  CLI::App* const entry = parser_->add_subcommand(command.name, command.summary);
  AddHelp(*entry);
  entry->footer(std::string("Examples:\n") + command.examples);
  const Action run = command.add(*entry, output);
  AddMessageOptions(*entry, output);
  entry->callback([this, &command, run] {
    chosen_ = &command;
    action_ = run;
  });
}

void CommandLine::AddMessageOptions(CLI::App& entry, Output& output) {
  const auto trace = [&output] {
    output.set_verbose(true);
    Connection::SetTrace([&output](const std::string& sql) { output.Detail("SQL: " + sql); });
    TraceProcesses([&output](const std::string& program) { output.Detail("run: " + program); });
  };
  entry.add_flag_callback("-v,--verbose", trace, "show each statement and program that is run");
  entry
      .add_option("--log-file", log_file_,
                  "add the messages to this file too, with -v also statements and programs")
      ->type_name("FILE");
}

const Command* CommandNamed(const std::string& name) {
  for (const Command& command : kCommands) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

}  // namespace baton::helper
