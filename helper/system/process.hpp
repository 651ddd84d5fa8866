// Other programs, run to their end: PostgreSQL's own tools and the administrator's commands.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace baton::helper {

struct ProcessResult {
  int exit_code = 0;  // 128 + signal if it was killed
  std::string output;
};

struct ProcessOptions {
  std::map<std::string, std::string> environment;  // beside the present one
  // Called with each line that the program prints, as soon as it is there; "\r" ends a line too.
  std::function<void(const std::string& line)> on_line;
  // After SIGINT the program and all that it started get one too, and their end is awaited; the
  // same happens if this process is killed.
  bool passes_interrupts_on = true;
};

// Runs a program with standard output and error joined, in the C locale, and without input.
// `arguments` begins with the program's path; one that cannot be executed is, as in a shell, exit
// code 127 with the reason as output.  Throws if no process can be made.
ProcessResult RunProcess(const std::vector<std::string>& arguments,
                         const ProcessOptions& options = {});

// Runs a command line by the shell, as PostgreSQL does with its own command settings; what it
// prints goes where ours goes.
int RunShell(const std::string& command);

// Each program, as one would type it, is handed to this before it runs, if set (--verbose).
void TraceProcesses(std::function<void(const std::string& command)> trace);

// The arguments as one would type them, for people.
std::string CommandText(const std::vector<std::string>& arguments);

}  // namespace baton::helper
