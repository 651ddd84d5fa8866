// The whole command line, every command with its options, as CLI11 knows it.  What --help shows,
// the manual page and bash's completion are made from it, so that nothing is written twice.
#pragma once

#include <memory>

#include "helper/command/command.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

// The last part of the manual page, and of --help.
struct Chapter {
  const char* title;
  const char* text;  // laid out by hand, lines end with a newline
};

inline constexpr Chapter kExitCodes = {
    "Exit codes",
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
    "read.\n"};

inline constexpr Chapter kEnvironment = {
    "Environment",
    "Passwords come from a prompt, PGPASSWORD or the password file (PGPASSFILE, ~/.pgpass).\n"
    "PG_COLOR=always|auto|never colours messages.\n"};

class CommandLine {
 public:
  explicit CommandLine(Output& output);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& parser() { return *parser_; }
  const CLI::App& parser() const { return *parser_; }
  // Once a command line has been parsed; nullptr if it has no command.
  const Command* chosen() const { return chosen_; }
  const Action& action() const { return action_; }  // of the command
  // Of --log-file; empty: none.
  const std::string& log_file() const { return log_file_; }

 private:
  void Add(const Command& command, Output& output);
  void AddMessageOptions(CLI::App& entry, Output& output);

  std::unique_ptr<CLI::App> parser_;
  const Command* chosen_ = nullptr;
  Action action_;
  std::string log_file_;
};

// The command of that name; nullptr if there is none.
const Command* CommandNamed(const std::string& name);

}  // namespace baton::helper
