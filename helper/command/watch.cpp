#include "helper/command/watch.hpp"

#include <charconv>
#include <cstdio>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

void Draw(const std::vector<std::string>& lines) {
  const std::optional<std::size_t> height = TerminalHeight();
  std::string text = height ? "\033[H" : "";
  std::size_t drawn = 0;
  for (const std::string& line : lines) {
    if (height && ++drawn >= *height) break;
    text += line + (height ? "\033[K\n" : "\n");
  }
  text += height ? "\033[J" : "\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// Clears the screen at first, since the frames begin at its top.
class Screen {
 public:
  Screen() { Write("\033[2J\033[?25l"); }
  ~Screen() { Write("\033[?25h"); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

 private:
  static void Write(const char* text) {
    if (!TerminalHeight()) return;
    std::fputs(text, stdout);
    std::fflush(stdout);
  }
};

}  // namespace

std::chrono::milliseconds WatchInterval(const std::string& text) {
  if (text.empty()) return std::chrono::seconds(2);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(seconds >= 0.1 && seconds <= 3600)) {
    throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid interval \"{}\"", text), "",
                      "Give seconds, from 0.1 to 3600: --watch=5.");
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

void Watch(std::chrono::milliseconds interval,
           const std::function<std::vector<std::string>()>& frame) {
  std::optional<Screen> screen;
  Keys keys;
  try {
    while (!WasInterrupted()) {
      const std::vector<std::string> lines = frame();
      if (!screen) screen.emplace();
      Draw(lines);
      if (keys.Await(interval) == 'q') return;
    }
  } catch (const core::Error& error) {
    if (error.code() != core::ErrorCode::kInterrupted) throw;
  }
}

}  // namespace baton::helper
