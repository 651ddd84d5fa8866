#include "helper/system/log_file.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/secret_text.hpp"

namespace baton::helper {
namespace {

// As log_line_prefix '%m [%p] ' writes it, in UTC.
std::string Prefix() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  return fmt::format("{}.{:03} UTC [{}] ", std::string_view(text, length), now.tv_nsec / 1'000'000,
                     getpid());
}

int& File() {
  static int file = -1;
  return file;
}

}  // namespace

void OpenLog(const std::string& path) {
  CloseLog();
  File() = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (File() >= 0) return;
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("could not open log file \"{}\": {}", path, std::strerror(errno)));
}

void CloseLog() {
  if (File() >= 0) close(File());
  File() = -1;
}

void Log(std::string_view text) {
  if (File() < 0) return;
  const std::string prefix = Prefix();
  const std::string shown = core::WithoutSecrets(text);
  std::string lines;
  for (std::string_view left = shown;;) {
    const std::size_t end = left.find('\n');
    lines += fmt::format("{}{}\n", prefix, left.substr(0, end));
    if (end == std::string_view::npos || end + 1 == left.size()) break;
    left.remove_prefix(end + 1);
  }
  if (write(File(), lines.data(), lines.size()) < 0) return;
}

}  // namespace baton::helper
