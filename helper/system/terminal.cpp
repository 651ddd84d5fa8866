#include "helper/system/terminal.hpp"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

class Terminal {
 public:
  Terminal() : number_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (number_ >= 0) tcgetattr(number_, &before_);
  }
  ~Terminal() {
    if (number_ < 0) return;
    tcsetattr(number_, TCSAFLUSH, &before_);
    close(number_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool is_open() const { return number_ >= 0; }
  void Hide() {
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(number_, TCSAFLUSH, &hidden);
  }
  void Write(const std::string& text) {
    if (write(number_, text.data(), text.size()) < 0) return;
  }
  std::string ReadLine() {
    std::string line;
    for (char c = 0; read(number_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

 private:
  int number_;
  termios before_{};
};

}  // namespace

bool HasTerminal() { return Terminal().is_open(); }

std::string PromptPassword(const std::string& prompt) {
  Terminal terminal;
  if (!terminal.is_open()) {
    throw core::Error(core::ErrorCode::kFailed, "could not ask for a password",
                      "There is no terminal.",
                      "Put the password into the password file, or set PGPASSWORD.");
  }
  terminal.Write(prompt);
  terminal.Hide();
  std::string password = terminal.ReadLine();
  terminal.Write("\n");
  CheckInterrupt();
  return password;
}

Keys::Keys() {
  termios now{};
  if (tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
  tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

Keys::~Keys() {
  if (before_) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

std::optional<char> Keys::Await(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || WasInterrupted()) return std::nullopt;
    // In short steps, for a signal just before the wait does not end it.
    const int step = static_cast<int>(std::min(left.count(), std::chrono::milliseconds::rep{100}));
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    if (poll(&wait, before_ ? 1 : 0, step) <= 0) continue;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) == 1) return key;
    before_.reset();
  }
}

std::optional<std::size_t> TerminalHeight() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return std::nullopt;
  return size.ws_row;
}

}  // namespace baton::helper
