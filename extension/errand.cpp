#include "errand.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "pg/clock.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

// What comes by the pipe: a letter, and texts that each end with a zero; all of it, or nothing
// counts.
constexpr char kFound = 'f';
constexpr char kThrown = 't';
constexpr int kPipe = 3;
constexpr std::size_t kMostBytes = 32 * 1024;

// Children that were killed and are not gone.
struct Killed {
  pid_t child;
  core::Instant since;
};
std::vector<Killed> killed;

bool IsGone(pid_t child) {
  int status = 0;
  const pid_t waited = waitpid(child, &status, WNOHANG);
  return waited == child || (waited < 0 && errno == ECHILD);
}

std::string Encoded(const Errand::Work& work) {
  try {
    return kFound + work() + '\0';
  } catch (const core::Error& error) {
    std::string text(1, kThrown);
    text += static_cast<char>('0' + static_cast<int>(error.code()));
    for (const std::string& part : {error.message(), error.detail(), error.hint()}) {
      text += part + '\0';
    }
    return text;
  }
}

// The child, which must never return into the server.
[[noreturn]] void Live(const Errand::Work& work, int pipe, pid_t parent) noexcept {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  // They are for all processes of the server's group.  Whoever stops the whole machine lets it
  // finish its file, and it ends with its parent in any case.
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // A server that starts anew must not find its old memory in use.
  PGSharedMemoryDetach();
  if (pipe != kPipe) dup2(pipe, kPipe);
  const int nothing = open("/dev/null", O_RDWR);
  for (int i = 0; i < kPipe; ++i) dup2(nothing, i);
  close_range(kPipe + 1, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::string text = Encoded(work);
  text.resize(std::min(text.size(), kMostBytes));
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(kPipe, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    at += static_cast<std::size_t>(n);
  }
  _exit(0);
}

core::Error CouldNotBegin(int failure) {
  return {core::ErrorCode::kFailed, fmt::format("could not start a process: {}", strerror(failure)),
          "", ""};
}

}  // namespace

Errand::Errand(const std::string& title, const Work& work) : begun_at_(pg::Now()) {
  int ends[2] = {-1, -1};
  if (!AcquireExternalFD()) throw CouldNotBegin(EMFILE);
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    const int failure = errno;
    ReleaseExternalFD();
    throw CouldNotBegin(failure);
  }
  // The child's end alone: a long text waits for its reader.
  fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) & ~O_NONBLOCK);
  // No handler of the server may run in the child.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t parent = getpid();
  child_ = fork();
  if (child_ == 0) {
    set_ps_display(title.c_str());
    Live(work, ends[1], parent);
  }
  const int failure = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  close(ends[1]);
  descriptor_ = ends[0];
  if (child_ > 0) return;
  close(descriptor_);
  ReleaseExternalFD();
  throw CouldNotBegin(failure);
}

Errand::~Errand() { GiveUp(); }

void Errand::Advance() {
  if (finished_) return;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(descriptor_, buffer, sizeof(buffer));
    if (n > 0) {
      received_.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    break;
  }
  // Its end of the pipe is closed last of all, so it is about to be gone.
  int status = 0;
  while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  Conclude(status);
}

void Errand::Conclude(int status) {
  close(descriptor_);
  ReleaseExternalFD();
  descriptor_ = -1;
  child_ = 0;
  finished_ = true;
  if (status == 0 && !received_.empty() && received_.back() == '\0') {
    if (received_[0] == kFound) {
      found_ = received_.substr(1, received_.size() - 2);
      return;
    }
    std::vector<std::string> parts;
    for (std::size_t at = 2; at < received_.size();) {
      parts.emplace_back(received_.c_str() + at);
      at += parts.back().size() + 1;
    }
    parts.resize(3);
    failure_.emplace(static_cast<core::ErrorCode>(received_[1] - '0'), parts[0], parts[1],
                     parts[2]);
    return;
  }
  failure_.emplace(core::ErrorCode::kFailed, "the process that did it died",
                   WIFSIGNALED(status)
                       ? fmt::format("It was ended by signal {}.", WTERMSIG(status))
                       : fmt::format("It ended with exit code {}.", WEXITSTATUS(status)));
}

const std::string& Errand::Found() const {
  if (failure_) throw *failure_;
  return found_;
}

void Errand::GiveUp() {
  if (finished_) return;
  kill(child_, SIGKILL);
  if (!IsGone(child_)) killed.push_back({child_, pg::Now()});
  close(descriptor_);
  ReleaseExternalFD();
  descriptor_ = -1;
  child_ = 0;
  finished_ = true;
  failure_.emplace(core::ErrorCode::kFailed, "it was given up");
}

std::optional<core::Instant> Errand::HangingSince() {
  std::erase_if(killed, [](const Killed& one) { return IsGone(one.child); });
  if (killed.empty()) return std::nullopt;
  return killed.front().since;
}

}  // namespace baton
