#include "helper/system/process.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/shown_command.hpp"

namespace baton::helper {
namespace {

using Clock = std::chrono::steady_clock;
// In which the guard ends a program and all that it started.
constexpr std::chrono::seconds kEnding{15};
constexpr std::size_t kPipeBytes = 65536;  // as many as a pipe holds

std::function<void(const std::string& command)>& Trace() {
  static std::function<void(const std::string& command)> trace;
  return trace;
}

// PostgreSQL's programs fail in a folder that they cannot come back to by its name, such as root's
// home after runuser -u postgres.
void LeaveForbiddenFolder() {
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  if (!error && access(here.c_str(), X_OK) == 0) return;
  if (chdir("/") != 0) return;
}

[[noreturn]] void Execute(const std::vector<std::string>& arguments, int output,
                          const ProcessOptions& options) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_DFL);
  dup2(options.input >= 0 ? options.input : open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  setenv("LC_ALL", "C", 1);
  LeaveForbiddenFolder();
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& argument : arguments) {
    words.push_back(const_cast<char*>(argument.c_str()));
  }
  words.push_back(nullptr);
  execv(words[0], words.data());
  dprintf(STDERR_FILENO, "could not execute \"%s\": %s\n", words[0], std::strerror(errno));
  _exit(127);
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Stands between us and the program, so that the program and all that it started end when we do,
// even if we are killed: pg_basebackup's WAL stream is a process of its own, which would go on for
// ever and keep its slot.  A group of its own gets one SIGINT, and SIGKILL if that does not help.
[[noreturn]] void Guard(const std::vector<std::string>& arguments, int output,
                        const ProcessOptions& options, pid_t owner) {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&watched, signal);
  sigprocmask(SIG_BLOCK, &watched, nullptr);
  const pid_t program = fork();
  if (program == 0) {
    setpgid(0, 0);
    sigprocmask(SIG_UNBLOCK, &watched, nullptr);
    Execute(arguments, output, options);
  }
  if (program < 0) _exit(127);
  setpgid(program, program);
  close(output);
  // Our own group's terminal signals are for our owner, who passes them on.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != owner) kill(getpid(), SIGTERM);
  bool told = false;
  for (;;) {
    const timespec patience{10, 0};
    const int signal =
        told ? sigtimedwait(&watched, nullptr, &patience) : sigwaitinfo(&watched, nullptr);
    if (signal == SIGINT || signal == SIGTERM) {
      kill(-program, SIGINT);
      told = true;
    } else if (signal < 0 && errno == EAGAIN) {
      kill(-program, SIGKILL);
    }
    int status = 0;
    if (waitpid(program, &status, WNOHANG) == program) {
      if (told) kill(-program, SIGKILL);
      _exit(ExitCode(status));
    }
  }
}

// Hands complete lines of `pending` on and keeps the rest.
void HandLines(std::string& pending, const ProcessOptions& options) {
  std::size_t begin = 0;
  for (;;) {
    const auto end = pending.find_first_of("\r\n", begin);
    if (end == std::string::npos) break;
    if (end > begin && options.on_line) options.on_line(pending.substr(begin, end - begin));
    begin = end + 1;
  }
  pending.erase(0, begin);
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  if (Trace()) Trace()(ShownCommand(arguments));
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not make a pipe: {}", std::strerror(errno)));
  }
  const pid_t owner = getpid();
  const pid_t child = fork();
  if (child < 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not fork: {}", std::strerror(errno)));
  }
  if (child == 0) {
    close(pipe_ends[0]);
    Guard(arguments, pipe_ends[1], options, owner);
  }
  close(pipe_ends[1]);

  ProcessResult result;
  std::string pending;
  std::vector<char> buffer(kPipeBytes);
  bool passed_on = false;
  const Clock::time_point began = Clock::now();
  for (;;) {
    if (options.limit.count() > 0 && Clock::now() - began >= options.limit) {
      if (!result.took_too_long) kill(child, SIGINT);
      result.took_too_long = true;
      // A program that left the group may still hold the pipe.
      if (Clock::now() - began >= options.limit + kEnding) break;
    }
    if (options.passes_interrupts_on && WasInterrupted() && !passed_on) {
      kill(child, SIGINT);
      passed_on = true;
    }
    pollfd wait{pipe_ends[0], POLLIN, 0};
    if (poll(&wait, 1, 200) <= 0) continue;
    const ssize_t count = read(pipe_ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (options.keeps_output) result.output.append(buffer.data(), static_cast<std::size_t>(count));
    pending.append(buffer.data(), static_cast<std::size_t>(count));
    HandLines(pending, options);
  }
  close(pipe_ends[0]);
  if (!pending.empty() && options.on_line) options.on_line(pending);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = ExitCode(status);
  return result;
}

void TraceProcesses(std::function<void(const std::string& command)> trace) {
  Trace() = std::move(trace);
}

void Become(const std::vector<std::string>& arguments) {
  if (Trace()) Trace()(ShownCommand(arguments));
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, &before);
  const auto go_back = [&before] { sigprocmask(SIG_SETMASK, &before, nullptr); };
  try {
    CheckInterrupt();
  } catch (...) {
    go_back();
    throw;
  }
  // Ignored signals stay so in the next program, unlike those that are handled.
  std::signal(SIGPIPE, SIG_DFL);
  std::vector<char*> words;
  for (const std::string& argument : arguments) {
    words.push_back(const_cast<char*>(argument.c_str()));
  }
  words.push_back(nullptr);
  execv(words[0], words.data());
  const std::string reason = std::strerror(errno);
  std::signal(SIGPIPE, SIG_IGN);
  go_back();
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("could not execute \"{}\": {}", arguments.front(), reason));
}

int RunShell(const std::string& command) {
  if (Trace()) Trace()(command);
  const int status = std::system(command.c_str());  // NOLINT: the administrator's own command
  return status < 0 ? 127 : ExitCode(status);
}

std::string CommandText(const std::vector<std::string>& arguments) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("_-+=./:,@%", c) != nullptr;
  };
  std::string text;
  for (const std::string& argument : arguments) {
    if (!text.empty()) text += ' ';
    if (!argument.empty() && std::all_of(argument.begin(), argument.end(), is_plain)) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

}  // namespace baton::helper
