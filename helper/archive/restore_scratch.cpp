#include "helper/archive/restore_scratch.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "archive/scratch_removal.hpp"
#include "core/error.hpp"
#include "core/path_inside.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

constexpr const char* kMark = "pg_baton_restore_test";
constexpr std::string_view kMarkText =
    "Made by pg_baton archive-check --restore-test, which removes all of this.\n";
// All that a test makes in its folder, but for the mark.
constexpr std::array kMade = {"data",     "tablespaces",     "segments", "server.log",
                              "guard.sh", "tablespace_made", "sockets"};
// Room for "/.s.PGSQL.5432.lock" in sun_path.
constexpr std::size_t kLongestSocketFolder = 85;
constexpr auto kEnding = 10s;

fs::path Canonical(const fs::path& path) {
  return PlainPath(fs::weakly_canonical(fs::absolute(path)));
}

bool IsMarked(const fs::path& folder) {
  return ReadFileIfThere(folder / kMark).value_or("").starts_with(kMarkText);
}

std::int64_t BytesBelow(const fs::path& folder) {
  std::int64_t sum = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_regular_file(unknown) && !entry->is_symlink(unknown)) {
      sum += static_cast<std::int64_t>(entry->file_size(unknown));
    }
  }
  return sum;
}

// The server of a test that was killed ends by itself; here its end is awaited, and helped.
void EndServer(const fs::path& data) {
  const auto is_there = [&data]() -> int {
    const auto postmaster = RunningPostmaster(data);
    if (!postmaster) return 0;
    std::error_code error;
    const fs::path works_in = fs::read_symlink(fmt::format("/proc/{}/cwd", *postmaster), error);
    return !error && works_in == Canonical(data) ? *postmaster : 0;
  };
  for (const int signal : {SIGQUIT, SIGKILL}) {
    const int postmaster = is_there();
    if (postmaster == 0) return;
    kill(postmaster, signal);
    const auto end = std::chrono::steady_clock::now() + kEnding;
    while (is_there() != 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(20ms);
    }
  }
}

}  // namespace

core::ScratchFolderFacts LookAtScratchFolder(const fs::path& folder,
                                             const std::vector<fs::path>& forbidden) {
  core::ScratchFolderFacts facts;
  const fs::path path = Canonical(folder);
  facts.path = path.string();
  const DirectoryFacts now = LookAtDirectory(path);
  facts.exists = now.exists;
  facts.is_directory = now.is_directory;
  facts.is_own = now.is_own;
  facts.is_empty = now.is_empty;
  facts.is_leftover = now.is_directory && IsMarked(path);
  facts.can_create = IsWritable(ExistingPart(path));
  for (fs::path part = path; part.has_relative_path(); part = part.parent_path()) {
    if (fs::exists(part / "PG_VERSION")) facts.data_directory = part.string();
  }
  for (const fs::path& other : forbidden) {
    const fs::path there = Canonical(other);
    if (core::IsInside(path, there) || core::IsInside(there, path))
      facts.forbidden = there.string();
  }
  facts.free_bytes = FreeBytes(path);
  // What is left there is removed before anything is made.
  if (facts.free_bytes && facts.is_leftover) *facts.free_bytes += BytesBelow(path);
  return facts;
}

RestoreScratch::RestoreScratch(fs::path folder) : folder_(Canonical(folder)) {
  made_ = fs::create_directories(folder_);
  if (!made_ && !IsMarked(folder_) && !LookAtDirectory(folder_).is_empty) {
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("directory \"{}\" is no longer empty", folder_.string()),
                      "Somebody else has begun to use it.");
  }
  TakeOver();
  MakeSocketFolder();
  fs::create_directory(tablespaces());
  fs::create_directory(segments());
}

void RestoreScratch::TakeOver() {
  mark_.emplace(folder_ / kMark, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (flock(mark_->number(), LOCK_EX | LOCK_NB) != 0) {
    throw core::Error(core::ErrorCode::kBusy,
                      fmt::format("a restore test is running in \"{}\"", folder_.string()), "",
                      "Wait for its end, or name another folder with --scratch-directory.");
  }
  EndServer(data());
  // A folder that was made by the test that left this is that test's to remove, and so ours.
  made_ = made_ || ReadFile(folder_ / kMark).ends_with("made\n");
  const std::string elsewhere = ReadFileIfThere(folder_ / "sockets").value_or("");
  if (elsewhere.starts_with("/tmp/pg_baton.")) archive::RemoveScratch(elsewhere);
  if (!Clear()) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not remove what an earlier restore test left in \"{}\"",
                                  folder_.string()));
  }
  const std::string text = std::string(kMarkText) + (made_ ? "made\n" : "");
  if (ftruncate(mark_->number(), 0) != 0 ||
      pwrite(mark_->number(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw archive::CouldNot("write", folder_ / kMark);
  }
}

void RestoreScratch::MakeSocketFolder() {
  sockets_ = folder_ / "sockets";
  if (sockets_.string().size() <= kLongestSocketFolder) {
    fs::create_directory(sockets_);
    SetMode(sockets_, 0700);
    return;
  }
  std::string pattern = "/tmp/pg_baton.XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw archive::CouldNot("create", pattern);
  sockets_ = pattern;
  ReplaceFile(folder_ / "sockets", pattern);
}

RestoreScratch::~RestoreScratch() { Remove(); }

bool RestoreScratch::Remove() noexcept {
  if (is_gone_) return true;
  if (sockets_.parent_path() != folder_) archive::RemoveScratch(sockets_);
  if (!Clear()) return false;  // the mark stays, so that the next test goes on
  std::error_code error;
  fs::remove(folder_ / kMark, error);
  if (made_) fs::remove(folder_, error);
  is_gone_ = true;
  return true;
}

bool RestoreScratch::Clear() noexcept {
  bool done = true;
  for (const char* const name : kMade) done &= archive::RemoveScratch(folder_ / name);
  return done;
}

}  // namespace baton::helper
