#include "archive/store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

#include "archive/packing.hpp"
#include "core/path_inside.hpp"
#include "core/timeline_history.hpp"

namespace baton::archive {
namespace {

// In which any server that still writes has finished a segment, or never will.
constexpr std::chrono::hours kOldAfter{1};
constexpr std::size_t kMostHistoryBytes = std::size_t{1024} * 1024;

core::Error Refused(std::string message, std::string detail = "", std::string hint = "") {
  return {core::ErrorCode::kRefused, std::move(message), std::move(detail), std::move(hint)};
}

// A file that is removed again, unless it gets its final name.
class Growing {
 public:
  Growing(const fs::path& folder, const std::string& begin) : path_(folder / (begin + "XXXXXX")) {
    std::string pattern = path_.string();
    const int descriptor = mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor < 0) throw CouldNot("create", path_);
    path_ = pattern;
    file_.emplace(path_, descriptor, nullptr);
  }
  ~Growing() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  Growing(const Growing&) = delete;
  Growing& operator=(const Growing&) = delete;

  OpenFile& file() { return *file_; }

  // False if `name` is taken.
  bool TakeName(const fs::path& name) {
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) {
      path_.clear();
      return true;
    }
    if (errno == EEXIST) return false;
    // Not every file system can do that; a second name does the same.
    if (errno == EINVAL || errno == ENOSYS) {
      if (link(path_.c_str(), name.c_str()) == 0) return true;
      if (errno == EEXIST) return false;
    }
    throw CouldNot("rename", path_);
  }
  void Replace(const fs::path& name) {
    if (rename(path_.c_str(), name.c_str()) != 0) throw CouldNot("rename", path_);
    path_.clear();
  }

 private:
  fs::path path_;
  std::optional<OpenFile> file_;
};

// Hands the content on, piece by piece.
template <typename F>
void ForEachPiece(Source& source, const F& take) {
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    const std::size_t size = source.Read(piece.data(), piece.size());
    if (size == 0) return;
    take(std::string_view(piece.data(), size));
  }
}

// What a file says of itself as it goes by.
class Watch {
 public:
  Watch(const std::string& name, const core::SegmentOrigin& origin)
      : name_(*core::ParseArchivedName(name)), origin_(origin) {}

  void See(std::string_view piece) {
    const std::size_t wanted =
        name_.kind == core::ArchivedKind::kHistory ? kMostHistoryBytes : core::kLongPageHeaderBytes;
    if (head_.size() < wanted) head_ += piece.substr(0, wanted - head_.size());
    size_ += piece.size();
  }
  // Empty if it is what its name says.
  std::string Fault() const {
    switch (name_.kind) {
      case core::ArchivedKind::kSegment:
      case core::ArchivedKind::kPartial:
        break;
      case core::ArchivedKind::kHistory:
        return core::ParseTimelineHistory(head_, name_.timeline) ? "" : "it is no timeline history";
      case core::ArchivedKind::kBackup:
        return size_ > 0 ? "" : "it is empty";
    }
    const std::string fault = core::SegmentFault(name_.Segment(), head_, origin_);
    if (!fault.empty()) return fault;
    const std::uint64_t bytes = core::SegmentBytesIn(head_);
    return size_ == bytes ? "" : fmt::format("it has {} bytes instead of {}", size_, bytes);
  }

 private:
  core::ArchivedName name_;
  core::SegmentOrigin origin_;
  std::string head_;
  std::uint64_t size_ = 0;
};

// Where two contents differ first; nullopt if they are the same.
std::optional<std::uint64_t> FirstDifference(Source& one, Source& other) {
  std::vector<char> a(kPieceBytes);
  std::vector<char> b(kPieceBytes);
  for (std::uint64_t at = 0;;) {
    const std::size_t size = one.Read(a.data(), a.size());
    const std::size_t other_size = other.Read(b.data(), b.size());
    const std::size_t both = std::min(size, other_size);
    const auto differ =
        std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(both), b.begin()).first;
    at += static_cast<std::uint64_t>(differ - a.begin());
    if (static_cast<std::size_t>(differ - a.begin()) < std::max(size, other_size)) return at;
    if (size == 0) return std::nullopt;
  }
}

void RequireArchivable(const std::string& name) {
  const auto parsed = core::ParseArchivedName(name);
  if (parsed && parsed->packing == core::Packing::kPlain) return;
  throw Refused(fmt::format("\"{}\" is no file that a server archives", name),
                "Segments, timeline histories and notes of base backups are archived.");
}

}  // namespace

void RequireOutside(const fs::path& archive, const fs::path& data_directory) {
  const fs::path here = fs::weakly_canonical(fs::absolute(archive));
  const fs::path data = fs::weakly_canonical(fs::absolute(data_directory));
  const fs::path wal = fs::weakly_canonical(data / "pg_wal");
  if (!core::IsInside(here, data) && !core::IsInside(here, wal)) return;
  throw Refused(fmt::format("archive directory \"{}\" is inside the data directory", here.string()),
                fmt::format("The data directory is \"{}\"; whatever destroys it would destroy the "
                            "archive too.",
                            data.string()),
                "Name a folder elsewhere, best on another host's storage.");
}

Store::Store(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  const fs::file_status status = fs::status(folder_, error);
  if (fs::is_directory(status)) return;
  const bool is_there = fs::exists(status);
  const std::string reason = error ? error.message() : std::string("it is not there");
  throw core::Error(
      is_there || (error && error != std::errc::no_such_file_or_directory)
          ? core::ErrorCode::kFailed
          : core::ErrorCode::kNotFound,
      is_there
          ? fmt::format("archive directory \"{}\" is no directory", folder_.string())
          : fmt::format("could not open archive directory \"{}\": {}", folder_.string(), reason),
      "", "It is not made here, since it may be a mount point; make it, or mount it.");
}

std::optional<Store::Entry> Store::Find(const std::string& name) const {
  for (const core::Packing packing : core::kPackings) {
    Entry entry{folder_ / (name + std::string(core::PackingEnding(packing))), packing};
    struct stat status {};
    // Anything of that name counts, so that nothing is put beside it.
    if (lstat(entry.path.c_str(), &status) == 0) return entry;
    if (errno != ENOENT) throw CouldNot("look at", entry.path);
  }
  return std::nullopt;
}

Store::Stored Store::WasThere(const Entry& there, const fs::path& file,
                              const std::string& name) const {
  const OpenFile ours(file, O_RDONLY);
  const OpenFile theirs(there.path, O_RDONLY | O_NONBLOCK);
  if (!S_ISREG(theirs.Status().st_mode)) {
    throw Refused(fmt::format("\"{}\" in the archive is no regular file", there.path.string()),
                  fmt::format("\"{}\" is to be archived under this name.", file.string()),
                  "Find out who made it, and move it away.");
  }
  std::optional<std::uint64_t> differ;
  std::string damage;
  try {
    differ = FirstDifference(*Unpack(ours.number(), core::Packing::kPlain, file.string()),
                             *Unpack(theirs.number(), there.packing, there.path.string()));
  } catch (const core::Error& error) {
    if (error.code() != core::ErrorCode::kRefused) throw;
    damage = error.detail();
  }
  if (differ || !damage.empty()) {
    throw Refused(
        fmt::format("\"{}\" is in the archive with other content", name),
        damage.empty() ? fmt::format("\"{}\" and \"{}\" differ from byte {} on.", file.string(),
                                     there.path.string(), *differ)
                       : fmt::format("\"{}\" is to be archived, and \"{}\" is damaged: {}",
                                     file.string(), there.path.string(), damage),
        "Another server may archive here, or the file there is damaged; pg_baton archive-check "
        "tells.  Nothing is overwritten.");
  }
  // Whoever put it there may have been cut off before it was durable.
  theirs.Flush();
  FlushFolder(folder_);
  return Stored::kWasThere;
}

Store::Stored Store::Put(const fs::path& file, const std::string& name, core::Packing packing,
                         const core::SegmentOrigin& origin) const {
  RequireArchivable(name);
  if (const auto there = Find(name)) return WasThere(*there, file, name);
  const OpenFile ours(file, O_RDONLY);
  const fs::path incoming = folder_ / kIncomingFolder;
  if (mkdir(incoming.c_str(), 0700) != 0 && errno != EEXIST) throw CouldNot("create", incoming);
  RemoveOldLeftovers();
  Growing growing(incoming, name + ".");
  Watch watch(name, origin);
  const auto sink = Pack(growing.file().number(), packing, growing.file().path().string());
  ForEachPiece(*Unpack(ours.number(), core::Packing::kPlain, file.string()),
               [&](std::string_view piece) {
                 watch.See(piece);
                 sink->Write(piece);
               });
  const std::string fault = watch.Fault();
  if (!fault.empty()) {
    throw Refused(fmt::format("\"{}\" cannot be archived", file.string()),
                  fmt::format("It is not what its name says: {}.", fault),
                  "It does not belong to this server, or is damaged.");
  }
  sink->Finish();
  growing.file().Flush();
  growing.file().Close();
  const fs::path target = folder_ / (name + std::string(core::PackingEnding(packing)));
  if (!growing.TakeName(target)) return WasThere({target, packing}, file, name);
  FlushFolder(folder_);
  return Stored::kNew;
}

bool Store::Get(const std::string& name, const fs::path& to,
                const core::SegmentOrigin& origin) const {
  RequireArchivable(name);
  const auto there = Find(name);
  if (!there) return false;
  Bring(*there, name, to, origin);
  return true;
}

void Store::Bring(const Entry& from, const std::string& name, const fs::path& to,
                  const core::SegmentOrigin& origin) {
  RequireArchivable(name);
  const OpenFile theirs(from.path, O_RDONLY | O_NONBLOCK);
  if (!S_ISREG(theirs.Status().st_mode)) {
    throw Refused(fmt::format("\"{}\" in the archive is no regular file", from.path.string()));
  }
  Growing growing(to.has_parent_path() ? to.parent_path() : fs::path("."),
                  to.filename().string() + kUnfinishedMark);
  Watch watch(name, origin);
  const auto sink =
      Pack(growing.file().number(), core::Packing::kPlain, growing.file().path().string());
  ForEachPiece(*Unpack(theirs.number(), from.packing, from.path.string()),
               [&](std::string_view piece) {
                 watch.See(piece);
                 sink->Write(piece);
               });
  const std::string fault = watch.Fault();
  if (!fault.empty()) {
    throw Refused(fmt::format("\"{}\" in the archive is damaged", from.path.string()),
                  fmt::format("It is not what its name says: {}.", fault));
  }
  growing.file().Flush();
  growing.file().Close();
  growing.Replace(to);
}

// Of servers that were cut off in the middle.
void Store::RemoveOldLeftovers() const {
  const std::time_t now = std::time(nullptr);
  std::error_code error;
  for (fs::directory_iterator entry(folder_ / kIncomingFolder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    const bool is_old = lstat(entry->path().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
                        now - status.st_mtime > std::chrono::seconds(kOldAfter).count();
    if (is_old) unlink(entry->path().c_str());
  }
}

}  // namespace baton::archive
