#include "helper/system/own_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.hpp"

namespace baton::helper {
namespace {

std::string MessageOf(const core::Error& error) {
  return error.detail().empty() ? error.message() : error.message() + ": " + error.detail();
}

[[noreturn]] void Live(const std::function<void()>& work, int pipe) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string failure;
  try {
    work();
  } catch (const core::Error& error) {
    failure = MessageOf(error);
  }
  const ssize_t written = write(pipe, failure.data(), failure.size());
  _exit(written == static_cast<ssize_t>(failure.size()) && failure.empty() ? 0 : 1);
}

// Reads to the end; false when the time is over.
bool ReadAll(int pipe, std::chrono::steady_clock::time_point end, std::string& text) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{pipe, POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : poll(&wait, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char buffer[1024];
    const ssize_t n = read(pipe, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace

std::optional<std::string> FailureInAProcess(std::chrono::milliseconds limit,
                                             const std::function<void()>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::string("no pipe: ") + std::strerror(errno);
  const pid_t child = fork();
  if (child == 0) Live(work, ends[1]);
  const int failure = errno;
  close(ends[1]);
  std::string text;
  const bool ended = child > 0 && ReadAll(ends[0], std::chrono::steady_clock::now() + limit, text);
  close(ends[0]);
  if (child < 0) return std::string("no process: ") + std::strerror(failure);
  if (!ended) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, WNOHANG);
    return "writing to the archive took too long";
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return std::nullopt;
  return text.empty() ? std::string("the process that wrote died") : text;
}

}  // namespace baton::helper
