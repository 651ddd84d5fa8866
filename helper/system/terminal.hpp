// The controlling terminal, for passwords, and standard input and output, for a display that is
// drawn again and again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <termios.h>

namespace baton::helper {

bool HasTerminal();

// Asks on the terminal, without showing what is typed.  Throws if there is none.
std::string PromptPassword(const std::string& prompt);

// Single keys from standard input, not shown and without Enter, while one of these lives.  Where
// that is no terminal, or not ours at the moment, there are none.
class Keys {
 public:
  Keys();
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  // Waits for a key; nullopt when the time is over or a signal came.
  std::optional<char> Await(std::chrono::milliseconds limit);

 private:
  std::optional<termios> before_;
};

// Lines of the terminal that standard output is; nullopt if it is none.
std::optional<std::size_t> TerminalHeight();

}  // namespace baton::helper
