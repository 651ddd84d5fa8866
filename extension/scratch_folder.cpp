#include "scratch_folder.hpp"

#include "pg/postgres.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "archive/scratch_removal.hpp"
#include "core/error.hpp"
#include "durable_file.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

namespace fs = std::filesystem;

// The end of a session by FATAL destroys nothing of C++; registered before any command, this runs
// after their end.
std::vector<std::string> in_use;

extern "C" void RemoveInUse(int, Datum) {
  for (const std::string& path : in_use) archive::RemoveScratch(path);
}

void RegisterExit() {
  static bool registered = false;
  if (registered) return;
  pg::Call([] { on_proc_exit(RemoveInUse, Datum{0}); });
  registered = true;
}

// Of a process that was killed, and of this one's number in an earlier life.
void RemoveLeftovers(const std::string& prefix) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator entry(kFolder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t owner = 0;
    const char* const end_of_name = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end_of_name, owner);
    if (parsed.ec != std::errc() || parsed.ptr != end_of_name) continue;
    if (owner == getpid() || (kill(owner, 0) != 0 && errno == ESRCH)) left.push_back(entry->path());
  }
  for (const fs::path& path : left) archive::RemoveScratch(path);
}

}  // namespace

ScratchFolder::ScratchFolder(const std::string& purpose)
    : path_(fmt::format("{}/{}.{}", kFolder, purpose, getpid())) {
  RegisterExit();
  mkdir(kFolder, pg_dir_create_mode);
  RemoveLeftovers(purpose + ".");
  if (mkdir(path_.c_str(), pg_dir_create_mode) != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not create directory \"{}\": {}", path_,
                                  std::generic_category().message(errno)));
  }
  in_use.push_back(path_);
}

ScratchFolder::~ScratchFolder() {
  archive::RemoveScratch(path_);
  std::erase(in_use, path_);
}

}  // namespace baton
