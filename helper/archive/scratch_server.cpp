#include "helper/archive/scratch_server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A role's own settings must not load libraries or cut the reading short.
constexpr const char* kOptions =
    "-c session_preload_libraries= -c local_preload_libraries= -c statement_timeout=0"
    " -c default_transaction_read_only=off -c lock_timeout=0";

[[noreturn]] void BecomeServer(const std::string& program, const std::string& data, int log,
                               pid_t owner) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_DFL);
  // The terminal's signals are for our owner.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != owner) _exit(1);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  setenv("LC_ALL", "C", 1);
  execl(program.c_str(), program.c_str(), "-D", data.c_str(), static_cast<char*>(nullptr));
  dprintf(STDERR_FILENO, "FATAL:  could not execute \"%s\": %s\n", program.c_str(),
          std::strerror(errno));
  _exit(127);
}

}  // namespace

ScratchServer::ScratchServer(const Programs& programs, const RestoreScratch& scratch) {
  const archive::OpenFile log(scratch.log(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string program = programs.Path("postgres");
  const std::string data = scratch.data().string();
  const pid_t owner = getpid();
  process_ = fork();
  if (process_ == 0) BecomeServer(program, data, log.number(), owner);
  if (process_ > 0) return;
  process_ = 0;
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("could not fork: {}", std::strerror(errno)));
}

ScratchServer::~ScratchServer() {
  for (const int signal : {SIGQUIT, SIGKILL}) {
    if (process_ == 0) return;
    kill(process_, signal);
    AwaitEnd(10s);
  }
}

bool ScratchServer::IsRunning() {
  if (process_ == 0) return false;
  int status = 0;
  if (waitpid(process_, &status, WNOHANG) == process_) process_ = 0;
  return process_ != 0;
}

bool ScratchServer::AwaitEnd(std::chrono::seconds limit) {
  const auto end = Clock::now() + limit;
  while (IsRunning() && Clock::now() < end) std::this_thread::sleep_for(10ms);
  return process_ == 0;
}

bool ScratchServer::Stop() {
  if (process_ != 0) kill(process_, SIGINT);
  return AwaitEnd(60s);
}

ScratchSessions::ScratchSessions(const RestoreScratch& scratch, const std::string& user) {
  parameters_ = {{"host", scratch.sockets().string()},
                 {"port", port()},
                 {"options", kOptions},
                 {"connect_timeout", "10"},
                 {"sslmode", "disable"},
                 {"application_name", "pg_baton restore test"}};
  if (!user.empty()) {
    users_ = {user};
    return;
  }
  const passwd* const own = getpwuid(geteuid());
  if (own != nullptr) users_.emplace_back(own->pw_name);
  if (users_.empty() || users_.front() != "postgres") users_.emplace_back("postgres");
}

std::optional<Connection> ScratchSessions::TryTo(const std::string& database) {
  for (std::size_t i = 0; i < users_.size(); ++i) {
    Parameters parameters = parameters_;
    parameters["user"] = users_[i];
    parameters["dbname"] = database;
    try {
      Connection connection(parameters);
      std::swap(users_[0], users_[i]);
      users_.resize(1);
      return connection;
    } catch (const core::Error& error) {
      const bool is_other_name = error.detail().find("role \"") != std::string::npos;
      if (!is_other_name) return std::nullopt;
      if (i + 1 == users_.size()) throw;
    }
  }
  return std::nullopt;
}

}  // namespace baton::helper
