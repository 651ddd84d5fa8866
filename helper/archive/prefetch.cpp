#include "helper/archive/prefetch.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "core/restore_command.hpp"

namespace baton::helper {
namespace {

namespace fs = std::filesystem;

class Fetcher {
 public:
  Fetcher(const Spool& spool, const PrefetchPlan& plan, std::vector<std::string> names)
      : spool_(spool), plan_(plan), names_(std::move(names)) {}

  void Run() {
    spool_.DropUnfinished();
    std::vector<std::thread> threads;
    for (int i = 1; i < plan_.jobs; ++i) threads.emplace_back([this] { FetchAll(); });
    FetchAll();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void FetchAll() {
    for (;;) {
      const std::size_t next = next_++;
      if (next >= end_) return;
      if (HasRoom() && Fetch(names_[next])) continue;
      // After one that is missing there is seldom another, and nobody waits for it.
      for (std::size_t end = end_; next < end && !end_.compare_exchange_weak(end, next);) {
      }
      return;
    }
  }

  bool Fetch(const std::string& name) const {
    for (const fs::path& folder : plan_.archives) {
      try {
        const auto entry = archive::Store(folder).Find(name);
        if (!entry) continue;
        spool_.Keep(name, *entry);
        return true;
      } catch (const core::Error&) {
        // Told when it is asked for; here the next archive may have it.
      }
    }
    return false;
  }

  bool HasRoom() const {
    struct statvfs room {};
    if (statvfs(spool_.folder().c_str(), &room) != 0) return false;
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    return free >= static_cast<std::uint64_t>(kSegmentsLeftFree + plan_.jobs) * plan_.segment_bytes;
  }

  const Spool& spool_;
  const PrefetchPlan& plan_;
  const std::vector<std::string> names_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> end_ = names_.size();
};

void LeaveDescriptorsBut(int lock) {
  const int nothing = open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  // The lock is the only one that is still needed, and gets the first free number.
  constexpr int kFirst = STDERR_FILENO + 1;
  if (lock != kFirst && dup2(lock, kFirst) < 0) _exit(0);
  close_range(kFirst + 1, ~0U, 0);
}

// A server that is the first process of a container inherits this one, and takes an end by any
// code above 1 for the crash of one of its own.
[[noreturn]] void FetchInBackground(const Spool& spool, const PrefetchPlan& plan,
                                    std::vector<std::string> names, int lock) {
  setsid();
  if (fork() != 0) _exit(0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  const auto end = [](int) { _exit(0); };
  for (const int signal : {SIGTERM, SIGALRM}) std::signal(signal, end);
  LeaveDescriptorsBut(lock);
  if (chdir("/") != 0) _exit(0);
  alarm(static_cast<unsigned>(plan.limit.count()));
  try {
    Fetcher(spool, plan, std::move(names)).Run();
  } catch (const std::exception&) {
    // Nobody is there to be told, and nobody needs it.
  }
  _exit(0);
}

}  // namespace

std::vector<std::string> NextSegments(const std::string& name, std::uint64_t segment_bytes,
                                      int count) {
  std::vector<std::string> names;
  const std::uint64_t begin = core::BeginOf(name, segment_bytes).bytes();
  for (int i = 1; i <= count; ++i) {
    const core::Lsn next(begin + static_cast<std::uint64_t>(i) * segment_bytes);
    names.push_back(core::SegmentName(core::TimelineOf(name), next, segment_bytes));
  }
  return names;
}

void StartPrefetch(const Spool& spool, const PrefetchPlan& plan) {
  const auto names = NextSegments(plan.after, plan.segment_bytes, plan.count);
  spool.Make();
  spool.DropAllBut(names);
  if (spool.Segments().size() * 2 > names.size()) return;
  const auto lock = spool.TryLock();
  if (!lock) return;
  const pid_t child = fork();
  if (child == 0) FetchInBackground(spool, plan, names, *lock);
  close(*lock);
  if (child < 0) return;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace baton::helper
