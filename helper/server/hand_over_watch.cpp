#include "helper/server/hand_over_watch.hpp"

#include <thread>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {

using namespace std::chrono_literals;

namespace {

// From then on a question without an answer is told.
constexpr auto kSilence = 1s;

}  // namespace

HandOverWatch::HandOverWatch(std::string node, std::chrono::milliseconds interval, Ask ask)
    : ask_(std::move(ask)), interval_(interval) {
  word_.node = std::move(node);
}

void HandOverWatch::Look(Clock::time_point now) {
  if (answer_.valid()) {
    if (answer_.wait_for(0s) != std::future_status::ready) {
      if (now - *asked_ >= kSilence) word_.WasSilent("it was asked more than a second ago");
      return;
    }
    TakeAnswer();
  }
  if (asked_ && now < *asked_ + interval_) return;
  asked_ = now;
  answer_ = std::async(std::launch::async, [this] { return ask_(); });
}

void HandOverWatch::TakeAnswer() {
  try {
    word_.Heard(answer_.get());
  } catch (const core::Error& error) {
    word_.WasSilent(error.detail().empty() ? error.message() : error.detail());
  }
}

SwitchoverEnd AwaitSwitchover(HandOverWatch& from, HandOverWatch& to,
                              HandOverWatch::Clock::time_point deadline) {
  for (;;) {
    const auto now = HandOverWatch::Clock::now();
    from.Look(now);
    to.Look(now);
    const SwitchoverEnd end = JudgeSwitchover(from.word(), to.word(), now >= deadline);
    const bool is_known = end == SwitchoverEnd::kDone || end == SwitchoverEnd::kUndone;
    if (!is_known && WasInterrupted()) return SwitchoverEnd::kInterrupted;
    if (end != SwitchoverEnd::kNotYet) return end;
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace baton::helper
