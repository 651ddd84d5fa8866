#include "shell_command.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "pg/clock.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

constexpr std::size_t kKeptErrors = 400;

// Children of this process that run, for its exit; and those that were killed, but hang in the
// kernel and cannot be waited for yet.
std::vector<pid_t> running;
std::vector<pid_t> killed;

// The end of a session by FATAL destroys nothing of C++.
extern "C" void KillRunning(int, Datum) {
  for (const pid_t child : running) kill(-child, SIGKILL);
}

void RegisterExit() {
  static bool registered = false;
  if (registered) return;
  pg::Call([] { on_proc_exit(KillRunning, Datum{0}); });
  registered = true;
}

bool Reap(pid_t child, int& status) {
  const pid_t waited = waitpid(child, &status, WNOHANG);
  return waited == child || (waited < 0 && errno == ECHILD);
}

void ReapKilled() {
  std::erase_if(killed, [](pid_t child) {
    int status = 0;
    return Reap(child, status);
  });
}

// Everything that the new process has to be, from its first instruction.
class SpawnPlan {
 public:
  explicit SpawnPlan(int errors) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& own) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!own.contains(text.substr(0, text.find('=')))) entries.push_back(text);
  }
  for (const auto& [name, value] : own) entries.push_back(name + "=" + value);
  return entries;
}

}  // namespace

ShellCommand::ShellCommand(const std::string& command,
                           const std::map<std::string, std::string>& environment,
                           std::chrono::milliseconds limit)
    : ends_at_(pg::Now() + limit) {
  RegisterExit();
  ReapKilled();
  Start(command, environment);
}

ShellCommand::~ShellCommand() { Kill(); }

void ShellCommand::Start(const std::string& command,
                         const std::map<std::string, std::string>& environment) {
  int ends[2] = {-1, -1};
  int failure = 0;
  if (!AcquireExternalFD()) {
    failure = EMFILE;
  } else if (pipe2(ends, O_CLOEXEC) != 0) {
    failure = errno;
    ReleaseExternalFD();
  } else {
    descriptor_ = ends[0];
    // This end alone: the command may write as much as it likes.
    fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
    std::vector<std::string> entries = EnvironmentWith(environment);
    std::vector<char*> pointers;
    for (std::string& entry : entries) pointers.push_back(entry.data());
    pointers.push_back(nullptr);
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
    const SpawnPlan plan(ends[1]);
    failure = posix_spawn(&child_, "/bin/sh", plan.actions(), plan.attributes(), arguments,
                          pointers.data());
    close(ends[1]);
  }
  if (failure == 0) {
    running.push_back(child_);
    return;
  }
  child_ = 0;
  CloseErrors();
  result_.end = End::kNotStarted;
  errors_ = strerror(failure);
}

void ShellCommand::Advance() {
  if (Finished()) return;
  TakeErrors();
  int status = 0;
  if (Reap(child_, status)) {
    // What it wrote last may have come after the reading above.
    TakeErrors();
    CloseErrors();
    std::erase(running, child_);
    child_ = 0;
    if (WIFSIGNALED(status)) {
      result_ = {End::kSignalled, 0, WTERMSIG(status)};
    } else {
      result_ = {End::kExited, WEXITSTATUS(status), 0};
    }
  } else if (pg::Now() >= ends_at_) {
    KillGroup(End::kTimedOut);
  }
}

void ShellCommand::Wait(std::chrono::milliseconds limit) {
  if (Finished()) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(ends_at_ - pg::Now());
  auto pause = std::clamp(left, std::chrono::milliseconds(0), limit);
  // Its standard error ends a moment before it does, and some commands close it early.
  if (descriptor_ < 0) pause = std::min(pause, std::chrono::milliseconds(1));
  pollfd wait{descriptor_, POLLIN, 0};
  poll(&wait, 1, static_cast<int>(pause.count()));
  pg::Call([] { CHECK_FOR_INTERRUPTS(); });
  Advance();
}

void ShellCommand::Kill() {
  if (!Finished()) KillGroup(End::kKilled);
}

void ShellCommand::KillGroup(End end) {
  kill(-child_, SIGKILL);
  CloseErrors();
  std::erase(running, child_);
  killed.push_back(child_);
  ReapKilled();
  child_ = 0;
  result_ = {end, 0, 0};
}

void ShellCommand::TakeErrors() {
  char buffer[1024];
  while (descriptor_ >= 0) {
    const ssize_t n = read(descriptor_, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return CloseErrors();
    const std::size_t room = kKeptErrors - std::min(kKeptErrors, errors_.size());
    errors_.append(buffer, std::min(room, static_cast<std::size_t>(n)));
  }
}

void ShellCommand::CloseErrors() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  descriptor_ = -1;
  ReleaseExternalFD();
  while (!errors_.empty() && errors_.back() == '\n') errors_.pop_back();
}

}  // namespace baton
