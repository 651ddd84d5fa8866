#include "helper/bash_completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

namespace baton::helper {
namespace {

using Words = std::vector<std::string>;

// "-h", "--host"
Words NamesOf(const CLI::Option& option) {
  Words names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<const CLI::Option*> ShownOptions(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) {
    return !option->get_group().empty() && !option->get_positional();
  });
}

Words OptionWords(const CLI::App& app) {
  Words words;
  for (const CLI::Option* const option : ShownOptions(app)) {
    for (const std::string& name : NamesOf(*option)) words.push_back(name);
  }
  return words;
}

// The values to choose from, as "text|json" names them; empty if there is no such choice.
Words ChoicesOf(const CLI::Option& option) {
  std::string type = option.get_type_name();
  type = type.substr(0, type.find(':'));
  const bool is_choice =
      type.find('|') != std::string::npos && type.find_first_of("[]. ") == std::string::npos;
  if (!is_choice) return {};
  return CLI::detail::split(type, '|');
}

// What follows an option that takes a value: one of its choices, or the name of a file.
std::string ValueCases(const CLI::App& command) {
  std::string cases;
  Words of_files;
  for (const CLI::Option* const option : ShownOptions(command)) {
    // One that may stand alone is followed by what comes next.
    if (option->get_items_expected_min() == 0) continue;
    const Words names = NamesOf(*option);
    const Words choices = ChoicesOf(*option);
    if (choices.empty()) {
      of_files.insert(of_files.end(), names.begin(), names.end());
    } else {
      cases += fmt::format("        {}) words='{}' ;;\n", fmt::join(names, " | "),
                           fmt::join(choices, " "));
    }
  }
  if (!of_files.empty())
    cases += fmt::format("        {}) return ;;\n", fmt::join(of_files, " | "));
  return cases.empty() ? "" : fmt::format("      case $previous in\n{}      esac\n", cases);
}

}  // namespace

std::string BashCompletion(const CLI::App& parser) {
  std::string cases;
  Words first;
  for (const CLI::App* const command :
       parser.get_subcommands([](const CLI::App*) { return true; })) {
    first.push_back(command->get_name());
    cases += fmt::format("    {})\n      words='{}'\n{}      ;;\n", command->get_name(),
                         fmt::join(OptionWords(*command), " "), ValueCases(*command));
  }
  const Words own = OptionWords(parser);
  first.insert(first.end(), own.begin(), own.end());
  return fmt::format(
      R"(# Completion for bash; made by pg_baton --print-completion from what its --help shows.
_pg_baton() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command='' words='' i
  # bash takes "=" for a word of its own.
  if [ "$current" = = ]; then
    current=''
  elif [ "$previous" = = ]; then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      -*) ;;
      *) command=${{COMP_WORDS[i]}} && break ;;
    esac
  done
  COMPREPLY=()
  case $command in
    '') words='{}' ;;
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
# Where nothing is said here, a file may be meant.
complete -o bashdefault -o default -F _pg_baton pg_baton
)",
      fmt::join(first, " "), cases);
}

}  // namespace baton::helper
