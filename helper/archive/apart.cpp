#include "helper/archive/apart.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

// What the two processes say to each other.
std::string Answered(const std::string& answer) {
  return nlohmann::json{{"answer", answer}}.dump(-1, ' ', false,
                                                 nlohmann::json::error_handler_t::replace);
}
std::string Thrown(const core::Error& error) {
  return nlohmann::json{{"code", static_cast<int>(error.code())},
                        {"message", error.message()},
                        {"detail", error.detail()},
                        {"hint", error.hint()}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Outcome(const std::function<std::string()>& work) {
  try {
    return Answered(work());
  } catch (const core::Error& error) {
    return Thrown(error);
  } catch (const std::exception& error) {
    return Thrown({core::ErrorCode::kFailed, error.what()});
  }
}

[[noreturn]] void Work(const std::function<std::string()>& work, int pipe, pid_t owner) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != owner) _exit(1);
  const std::string outcome = Outcome(work);
  std::size_t done = 0;
  while (done < outcome.size()) {
    const ssize_t count = write(pipe, outcome.data() + done, outcome.size() - done);
    if (count < 0 && errno != EINTR) _exit(1);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  // Destructors of what the parent owns are the parent's to run.
  _exit(0);
}

}  // namespace

Apart::Apart(const std::function<std::string()>& work) : began_(std::chrono::steady_clock::now()) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not make a pipe: {}", std::strerror(errno)));
  }
  const pid_t owner = getpid();
  process_ = fork();
  if (process_ == 0) {
    close(ends[0]);
    Work(work, ends[1], owner);
  }
  close(ends[1]);
  pipe_ = ends[0];
  if (process_ < 0) {
    close(pipe_);
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not fork: {}", std::strerror(errno)));
  }
}

Apart::~Apart() {
  if (process_ > 0) kill(process_, SIGKILL);
  close(pipe_);
}

std::string Apart::ReadAll(std::chrono::seconds limit) {
  std::string text;
  for (;;) {
    CheckInterrupt();
    if (limit.count() > 0 && std::chrono::steady_clock::now() - began_ >= limit) {
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("it takes longer than {} s", limit.count()), "",
                        "The storage may hang; --timeout sets how long to wait for it.");
    }
    pollfd wait{pipe_, POLLIN, 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    char buffer[4096];
    const ssize_t count = read(pipe_, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

std::string Apart::Await(std::chrono::seconds limit) {
  const auto outcome = nlohmann::json::parse(ReadAll(limit), nullptr, false);
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  if (!outcome.is_object()) {
    throw core::Error(core::ErrorCode::kFailed,
                      WIFSIGNALED(status)
                          ? fmt::format("its process was ended by signal {}", WTERMSIG(status))
                          : "its process ended without an answer");
  }
  if (outcome.contains("answer")) return outcome["answer"];
  throw core::Error(static_cast<core::ErrorCode>(outcome["code"].get<int>()), outcome["message"],
                    outcome["detail"], outcome["hint"]);
}

}  // namespace baton::helper
