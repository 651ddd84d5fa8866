// The command line: options that several commands share, named as PostgreSQL's own client programs
// name theirs.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "helper/output.hpp"
#include "helper/server/connection.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

// The role by which nodes reach each other; every node of the cluster knows it by this name.
inline constexpr const char* kNodeRole = "baton_node";

// -h -p -U -d -w -W
struct ConnectionOptions {
  std::string host;
  std::string port;
  std::string user;
  std::string dbname;  // a database, a connection string or an address
  bool no_password = false;
  bool force_password = false;

  void AddTo(CLI::App& command, const std::string& whose);
  // What was given, with libpq's environment for the rest.
  Parameters Given() const;
};

// --format
void AddFormatOption(CLI::App& command, Output& output);

// What every command has.
struct CommonOptions {
  Output& output;
  bool dry_run = false;

  void AddTo(CLI::App& command, bool changes_something);
};

// Runs the program: parses, carries one command out, prints errors.  Returns the exit code.
int RunCommandLine(int argc, char** argv);

}  // namespace baton::helper
