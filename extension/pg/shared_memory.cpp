#include "pg/shared_memory.hpp"

#include "pg/postgres.hpp"

#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

namespace baton::pg {
namespace {

constexpr std::uintptr_t kWorthwhile = 256UL << 20;  // bytes
constexpr int kTurnUs = 5'000;
constexpr int kTurns = 12'000;
constexpr int kQuietSeconds = 2;

// A line of /proc/PID/maps (proc(5)).
struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::string file;  // device, inode and name: no other piece of memory has the same

  // Of pages that are neither huge nor of the old kind, which have other names.
  bool IsLargeAndPlain() const {
    return end - begin >= kWorthwhile && file.ends_with(" /dev/zero (deleted)");
  }
};

Mapping ParseMapping(const std::string& line) {
  Mapping mapping;
  std::istringstream words(line);
  char dash = 0;
  std::string permissions;
  std::string offset;
  words >> std::hex >> mapping.begin >> dash >> mapping.end >> permissions >> offset >> std::ws;
  std::getline(words, mapping.file);
  return mapping;
}

template <typename Wanted>
Mapping FindMapping(pid_t process, const Wanted& wanted) {
  std::ifstream maps(fmt::format("/proc/{}/maps", process));
  for (std::string line; std::getline(maps, line);) {
    Mapping mapping = ParseMapping(line);
    if (wanted(mapping)) return mapping;
  }
  return {};
}

bool IsOvercommitStrict() {
  std::ifstream file("/proc/sys/vm/overcommit_memory");
  int mode = 0;
  return !(file >> mode) || mode == 2;
}

[[noreturn]] void Hold(const Mapping& memory, pid_t postmaster) {
  set_ps_display("letting go of shared memory");
  // Whoever is attached to the small segment counts as a server at work in the data directory.
  shmdt(UsedShmemSegAddr);
  closefrom(0);
  // The file system of the data directory may be unmounted meanwhile.
  if (chdir("/") != 0) _exit(1);
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    const ssize_t written = write(score, "1000", 4);
    static_cast<void>(written);
    close(score);
  }
  // The next piece is asked for when this one is done with, which the list of mappings tells too
  // early.
  const auto is_next = [&](const Mapping& other) {
    return other.IsLargeAndPlain() && other.file != memory.file;
  };
  for (int turn = 0; turn < kTurns && kill(postmaster, 0) == 0; ++turn) {
    if (FindMapping(postmaster, is_next).end != 0) break;
    usleep(kTurnUs);
  }
  // To give them back costs as much memory bandwidth as recovery needs now.
  sleep(kQuietSeconds);
  _exit(0);
}

}  // namespace

void FreeSharedMemoryAside() {
  if (UsedShmemSegAddr == nullptr || IsOvercommitStrict()) return;
  const auto buffers = reinterpret_cast<std::uintptr_t>(BufferBlocks);
  const Mapping memory = FindMapping(getpid(), [buffers](const Mapping& mapping) {
    return mapping.begin <= buffers && buffers < mapping.end;
  });
  // Huge pages are given back at once, and there may be no second set of them.
  if (!memory.IsLargeAndPlain()) return;
  // Blocked for good in the process that holds: what ends the server must not end that one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    if (fork() == 0) Hold(memory, PostmasterPid);
    _exit(0);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child > 0) waitpid(child, nullptr, 0);
}

}  // namespace baton::pg
