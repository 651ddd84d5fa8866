#include "helper/system/terminal.hpp"

#include <fcntl.h>
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

}  // namespace baton::helper
