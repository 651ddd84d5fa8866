#include "helper/archive/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace baton::helper {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSegmentLength = 24;
constexpr const char* kLock = "lock";

// FNV-1a; the path is one of five things that have to fit.
std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

bool IsRight(const fs::path& file, const std::string& name, const core::SegmentOrigin& origin) {
  const archive::OpenFile opened(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const struct stat status = opened.Status();
  char head[core::kLongPageHeaderBytes];
  const ssize_t size = read(opened.number(), head, sizeof(head));
  if (!S_ISREG(status.st_mode) || size < 0) return false;
  const std::string_view begin(head, static_cast<std::size_t>(size));
  return core::SegmentFault(name, begin, origin).empty() &&
         static_cast<std::uint64_t>(status.st_size) == core::SegmentBytesIn(begin);
}

}  // namespace

bool IsUnfinished(std::string_view name, std::string_view file) {
  constexpr std::string_view kMark = archive::kUnfinishedMark;
  constexpr std::size_t kRandomLength = 6;
  return name.size() == file.size() + kMark.size() + kRandomLength && name.starts_with(file) &&
         name.substr(file.size()).starts_with(kMark);
}

std::optional<SpooledName> ParseSpooledName(std::string_view file) {
  const std::string_view whole = file.substr(0, file.find('.'));
  const std::string_view segment = whole.substr(0, std::min(kSegmentLength, whole.size()));
  const bool is_made_here =
      core::IsSegmentName(segment) && whole.size() > kSegmentLength && whole[kSegmentLength] == '-';
  if (!is_made_here || (whole != file && !IsUnfinished(file, whole))) return std::nullopt;
  return SpooledName{std::string(segment), whole == file};
}

void Spool::Make() const {
  for (const fs::path& folder : {folder_.parent_path(), folder_}) {
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      throw archive::CouldNot("create", folder);
    }
  }
}

fs::path Spool::PathOf(const std::string& name, const archive::Store::Entry& from) const {
  struct stat status {};
  if (stat(from.path.c_str(), &status) != 0) throw archive::CouldNot("look at", from.path);
  return folder_ / fmt::format("{}-{:x}-{:x}-{:x}-{:x}_{:x}-{:x}", name, origin_.system_identifier,
                               HashOf(fs::absolute(from.path).lexically_normal().string()),
                               status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                               status.st_ino);
}

bool Spool::Take(const std::string& name, const archive::Store::Entry& from,
                 const fs::path& to) const {
  const fs::path path = PathOf(name, from);
  if (access(path.c_str(), F_OK) != 0) return false;
  if (!IsRight(path, name, origin_)) {
    unlink(path.c_str());
    return false;
  }
  if (rename(path.c_str(), to.c_str()) == 0) return true;
  if (errno != EXDEV) throw archive::CouldNot("create", to);
  archive::Store::Bring({path, core::Packing::kPlain}, name, to, origin_);
  unlink(path.c_str());
  return true;
}

void Spool::Keep(const std::string& name, const archive::Store::Entry& from) const {
  const fs::path path = PathOf(name, from);
  if (access(path.c_str(), F_OK) == 0) return;
  archive::Store::Bring(from, name, path, origin_);
  if (PathOf(name, from) != path) unlink(path.c_str());
}

void Spool::ForEach(const std::function<void(const fs::path&, const SpooledName&)>& visit) const {
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = ParseSpooledName(entry->path().filename().string());
    if (name) visit(entry->path(), *name);
  }
}

std::vector<std::string> Spool::Segments() const {
  std::vector<std::string> segments;
  ForEach([&](const fs::path&, const SpooledName& name) {
    if (name.is_whole) segments.push_back(name.segment);
  });
  return segments;
}

void Spool::DropAllBut(const std::vector<std::string>& wanted) const {
  ForEach([&](const fs::path& path, const SpooledName& name) {
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), name.segment) != wanted.end();
    if (name.is_whole && !is_wanted) unlink(path.c_str());
  });
}

void Spool::DropUnfinished() const {
  ForEach([](const fs::path& path, const SpooledName& name) {
    if (!name.is_whole) unlink(path.c_str());
  });
}

std::optional<int> Spool::TryLock() const {
  const fs::path path = folder_ / kLock;
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) throw archive::CouldNot("open", path);
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  close(lock);
  return std::nullopt;
}

}  // namespace baton::helper
