#include "helper/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "core/quantity.hpp"

namespace baton::helper {

using namespace std::chrono_literals;

std::string ProgressText(const std::string& what, std::int64_t done, std::int64_t total,
                         std::chrono::milliseconds elapsed) {
  // The total is an estimate of before the copy began, so the files may have outgrown it.
  total = std::max(total, done);
  const double seconds = std::max(std::chrono::duration<double>(elapsed).count(), 0.001);
  const double rate = static_cast<double>(done) / seconds;
  std::string left = "?";
  if (rate > 0 && elapsed >= 500ms) {
    const double seconds_left = static_cast<double>(total - done) / rate;
    left = core::DurationText(
        std::chrono::microseconds(static_cast<std::int64_t>(seconds_left * 1e6)));
  }
  const std::int64_t percent = total == 0 ? 0 : done * 100 / total;
  return fmt::format("{}: {} of {} ({} %), {}/s, {} left", what, core::BytesText(done),
                     core::BytesText(total), percent,
                     core::BytesText(static_cast<std::int64_t>(rate)), left);
}

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (!quiet_ && terminal_ && !finished_ && printed_at_ != Clock::time_point{}) {
    std::fputs("\n", stderr);
  }
}

void Progress::Update(std::int64_t done, std::int64_t total) {
  done_ = done;
  total_ = total;
  if (quiet_) return;
  const auto now = Clock::now();
  if (now - printed_at_ < (terminal_ ? 200ms : 1000ms)) return;
  printed_at_ = now;
  Print();
}

void Progress::Print() {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
  const std::string line = ProgressText(what_, done_, total_, elapsed);
  fmt::print(stderr, "{}pg_baton: {}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

void Progress::Finish() {
  if (finished_ || quiet_) return;
  finished_ = true;
  total_ = done_;
  Print();
  if (terminal_) std::fputs("\n", stderr);
}

}  // namespace baton::helper
