#include "helper/manual_page.hpp"

#include <CLI/CLI.hpp>
#include <cctype>
#include <fmt/format.h>

#include "extension/version.hpp"
#include "helper/command_line.hpp"

namespace baton::helper {
namespace {

std::string OptionText(const CLI::Option& option) {
  // What --help says of it.
  const CLI::Formatter formatter;
  const bool is_positional = option.get_positional();
  return fmt::format(
      ".TP\n\\fB{}\\fR{}\n{}\n", RoffText(formatter.make_option_name(&option, is_positional)),
      RoffText(formatter.make_option_opts(&option)), RoffText(formatter.make_option_desc(&option)));
}

// A paragraph of lines that stay as they are.
std::string AsWritten(std::string_view text) {
  std::string page = ".PP\n.nf\n";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    page += RoffText(text.substr(0, end)) + "\n";
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return page + ".fi\n";
}

std::string GroupText(const CLI::App& command, const std::string& group) {
  std::string options;
  std::string positionals;
  for (const CLI::Option* const option : command.get_options()) {
    if (option->get_group() != group) continue;
    (option->get_positional() ? positionals : options) += OptionText(*option);
  }
  if (!options.empty()) options = fmt::format(".PP\n{}:\n{}", RoffText(group), options);
  return positionals + options;
}

std::string Usage(const CLI::App& command) {
  std::string usage =
      fmt::format("\\fBpg_baton {}\\fR [\\fIoption\\fR...]", RoffText(command.get_name()));
  for (const CLI::Option* const option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = RoffText(option->get_name(true));
    usage += option->get_required() ? fmt::format(" \\fI{}\\fR", name)
                                    : fmt::format(" [\\fI{}\\fR]", name);
  }
  return usage;
}

std::string CommandSection(const CLI::App& command) {
  std::string page =
      fmt::format(".SS \"pg_baton {}\"\n{}.\n.PP\n{}\n", RoffText(command.get_name()),
                  RoffText(command.get_description()), Usage(command));
  for (const std::string& group : command.get_groups()) {
    if (!group.empty()) page += GroupText(command, group);
  }
  return page + AsWritten(command.get_footer());
}

std::string Upper(std::string_view text) {
  std::string upper;
  for (const char letter : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return upper;
}

std::string ChapterText(const Chapter& chapter) {
  return fmt::format(".SH \"{}\"\n{}", Upper(chapter.title), AsWritten(chapter.text));
}

}  // namespace

std::string RoffText(std::string_view text) {
  std::string roff;
  if (!text.empty() && (text.front() == '.' || text.front() == '\'')) roff = "\\&";
  for (const char letter : text) {
    switch (letter) {
      case '\\':
        roff += "\\e";
        break;
      case '-':
        roff += "\\-";
        break;
      case '\'':
        roff += "\\(aq";
        break;
      case '`':
        roff += "\\(ga";
        break;
      case '^':
        roff += "\\(ha";
        break;
      case '~':
        roff += "\\(ti";
        break;
      default:
        roff += letter;
    }
  }
  return roff;
}

std::string ManualPage(const CLI::App& parser) {
  std::string page = fmt::format(
      ".\\\" Made by pg_baton \\-\\-print\\-manual from what its \\-\\-help shows.\n"
      ".TH PG_BATON 1 \"\" \"pg_baton {}\" \"pg_baton\"\n"
      ".SH NAME\npg_baton \\- hot standbys of PostgreSQL\n"
      ".SH SYNOPSIS\n\\fBpg_baton\\fR \\fIcommand\\fR [\\fIoption\\fR...]\n"
      ".SH DESCRIPTION\n{}\n"
      "Without a command it says what to do next on this host, and changes nothing.\n"
      ".SH OPTIONS\n",
      kVersion, RoffText(parser.get_description()));
  for (const std::string& group : parser.get_groups()) {
    if (!group.empty()) page += GroupText(parser, group);
  }
  page += ".SH COMMANDS\n";
  for (const CLI::App* const command :
       parser.get_subcommands([](const CLI::App*) { return true; })) {
    page += CommandSection(*command);
  }
  page += ChapterText(kExitCodes) + ChapterText(kEnvironment);
  return page +
         ".SH SEE ALSO\n\\fBpg_basebackup\\fR(1), \\fBpg_rewind\\fR(1), \\fBpg_ctl\\fR(1), "
         "\\fBpsql\\fR(1)\n";
}

}  // namespace baton::helper
