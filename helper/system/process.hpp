// Other programs, run to their end: PostgreSQL's own tools and the administrator's commands.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace baton::helper {

struct ProcessResult {
  int exit_code = 0;  // 128 + signal if it was killed
  bool took_too_long = false;
  std::string output;
};

struct ProcessOptions {
  std::map<std::string, std::string> environment;  // beside the present one
  // Called with each line that the program prints, as soon as it is there; "\r" ends a line too.
  std::function<void(const std::string& line)> on_line;
  bool keeps_output = true;  // not for a program that prints gigabytes
  // After SIGINT the program and all that it started get one too, and their end is awaited; the
  // same happens if this process is killed.
  bool passes_interrupts_on = true;
  // Open for reading: its standard input; negative: it has none.
  int input = -1;
  // After this time the program and all that it started are ended; zero: they may take for ever.
  std::chrono::milliseconds limit{0};
};

// Runs a program with standard output and error joined, in the C locale.
// `arguments` begins with the program's path; one that cannot be executed is, as in a shell, exit
// code 127 with the reason as output.  Throws if no process can be made.
ProcessResult RunProcess(const std::vector<std::string>& arguments,
                         const ProcessOptions& options = {});

// Becomes another program: the process stays the same, so that whoever started it reaches that one
// by its signals.  One that came before ends this program by kInterrupted, one that comes in the
// middle is the other program's, if that ends what it blocks, as PostgreSQL does.  Returns only by
// throwing.
[[noreturn]] void Become(const std::vector<std::string>& arguments);

// Runs a command line by the shell, as PostgreSQL does with its own command settings; what it
// prints goes where ours goes.
int RunShell(const std::string& command);

// Each program, as one would type it, is handed to this before it runs, if set (--verbose).
void TraceProcesses(std::function<void(const std::string& command)> trace);

// The arguments as one would type them, for people.
std::string CommandText(const std::vector<std::string>& arguments);

}  // namespace baton::helper
