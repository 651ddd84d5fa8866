#include "archive/segment_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "archive/packing.hpp"
#include "core/archive_listing.hpp"
#include "core/wal_walk.hpp"

namespace baton::archive {
namespace {

// A named pipe must not keep anybody waiting.
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK;
constexpr std::uint64_t kLargestPage = 65536;

const char* KindOf(core::SegmentFlaw flaw) {
  switch (flaw) {
    case core::SegmentFlaw::kNone:
      break;
    case core::SegmentFlaw::kTooShort:
      return "wrong_size";
    case core::SegmentFlaw::kNoWal:
      return "not_wal";
    case core::SegmentFlaw::kOtherVersion:
      return "other_version";
    case core::SegmentFlaw::kOtherCluster:
      return "other_cluster";
    case core::SegmentFlaw::kOtherSegmentSize:
      return "other_segment_size";
    case core::SegmentFlaw::kOtherPlace:
      return "renamed";
    case core::SegmentFlaw::kOtherTimeline:
      return "wrong_timeline";
  }
  return "";
}

std::string SizeMessage(std::uint64_t size, std::uint64_t wanted) {
  return fmt::format("it has {} bytes instead of {}", size, wanted);
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// The bytes of a file one after the other, and where there are none.
class Content {
 public:
  Content(const OpenFile& file, core::Packing packing)
      : file_(file),
        is_plain_(packing == core::Packing::kPlain),
        source_(Unpack(file.number(), packing, file.path().string())),
        piece_(kPieceBytes) {}

  // Empty at the end.
  std::string_view Next() {
    const std::size_t size = source_->Read(piece_.data(), piece_.size());
    read_ += size;
    return {piece_.data(), size};
  }
  // How many zeros come next that the file system does not store; passes over them.
  std::uint64_t SkipHole(std::uint64_t file_bytes) {
    if (!is_plain_) return 0;
    const auto here = static_cast<off_t>(read_);
    off_t data = lseek(file_.number(), here, SEEK_DATA);
    // There are none to the end, or it cannot tell.
    if (data < 0) data = errno == ENXIO ? static_cast<off_t>(file_bytes) : here;
    // A file that grows meanwhile, as by cp, can be read beyond the size that it had.
    data = std::max(data, here);
    const std::uint64_t hole =
        static_cast<std::uint64_t>(data - here) / kLargestPage * kLargestPage;
    read_ += hole;
    if (lseek(file_.number(), static_cast<off_t>(read_), SEEK_SET) < 0) {
      throw CouldNot("seek in", file_.path());
    }
    return hole;
  }
  std::uint64_t read() const { return read_; }

 private:
  const OpenFile& file_;
  bool is_plain_;
  std::unique_ptr<Source> source_;
  std::vector<char> piece_;
  std::uint64_t read_ = 0;
};

FileFault HeadFault(std::string_view head, const SegmentQuestion& question) {
  if (!head.empty() && IsZero(head.substr(0, core::kLongPageHeaderBytes))) {
    return {"zero_filled", "it begins with zeros instead of WAL"};
  }
  const core::FoundFlaw found = core::FindSegmentFlaw(question.name, head, question.origin);
  // It may be sound, and be somebody else's.
  const bool is_alien = found.flaw > core::SegmentFlaw::kNoWal;
  return {KindOf(found.flaw), found.what, is_alien};
}

FileFault WalkFault(const core::WalWalk& walk, core::Lsn begin) {
  switch (walk.outcome()) {
    case core::WalWalk::Outcome::kWhole:
      break;
    case core::WalWalk::Outcome::kEnds:
      return {"damaged_segment",
              fmt::format("its WAL ends at {}, before the segment does", walk.at().ToString()),
              false, walk.at() > begin};
    case core::WalWalk::Outcome::kDamaged:
      return {"damaged_segment", walk.reason()};
  }
  return {};
}

}  // namespace

FileFault FaultOf(const core::Error& error) {
  if (error.code() == core::ErrorCode::kNotFound) {
    return {"vanished", "it was removed meanwhile"};
  }
  if (error.code() == core::ErrorCode::kFailed) return {"unreadable", error.message()};
  if (error.code() != core::ErrorCode::kRefused) throw error;
  std::string what = error.detail();
  if (what.ends_with('.')) what.pop_back();
  if (!what.empty()) what.front() = 'i';  // "It cannot be unpacked: ..."
  return {"damaged_packing", what};
}

FileFault EntryFault(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    const int error = errno;
    struct stat link {};
    const bool is_link = lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
    if (is_link && error == ENOENT) {
      return {"dangling_link", "it is a symbolic link to nothing"};
    }
    if (error == ENOENT) return {"vanished", "it was removed meanwhile"};
    return {"unreadable", fmt::format("could not look at it: {}", std::strerror(error))};
  }
  if (S_ISDIR(status.st_mode)) return {"not_a_file", "it is a directory"};
  if (!S_ISREG(status.st_mode)) return {"not_a_file", "it is no regular file"};
  return {};
}

FileFault LinkFault(const fs::path& path, const fs::path& folder) {
  struct stat link {};
  if (lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return {};
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  const fs::path here = fs::canonical(folder, error);
  if (error) return {};
  const auto end = std::mismatch(here.begin(), here.end(), target.begin(), target.end()).first;
  if (end == here.end()) return {};
  return {"link_outside", fmt::format("it is a symbolic link to \"{}\", outside of the archive",
                                      core::ShownName(target.string()))};
}

FileFault SizeFault(const fs::path& path, core::Packing packing, std::uint64_t segment_bytes) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return EntryFault(path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (packing != core::Packing::kPlain) {
    return size > 0 ? FileFault{} : FileFault{"damaged_packing", "it is empty"};
  }
  if (size == segment_bytes) return {};
  return {"wrong_size", SizeMessage(size, segment_bytes)};
}

FileFault ContentFault(const fs::path& path, core::Packing packing, const SegmentQuestion& question,
                       const std::function<void()>& pause) {
  try {
    const OpenFile file(path, kReadFlags);
    const auto file_bytes = static_cast<std::uint64_t>(file.Status().st_size);
    Content content(file, packing);
    std::string_view piece = content.Next();
    if (FileFault fault = HeadFault(piece, question); !fault.kind.empty()) {
      // An empty or torn file is said to be of the wrong size, with its size.
      const bool is_short = fault.kind == "wrong_size" && packing == core::Packing::kPlain;
      if (is_short) fault.message = SizeMessage(file_bytes, question.origin.segment_bytes);
      return fault;
    }
    core::WalWalk walk(question.name, question.history, question.may_end_at);
    const std::uint64_t segment_bytes = core::SegmentBytesIn(piece);
    while (!piece.empty()) {
      walk.Take(piece);
      pause();
      walk.TakeZeros(content.SkipHole(file_bytes));
      piece = content.Next();
    }
    if (content.read() != segment_bytes) {
      return {"wrong_size", SizeMessage(content.read(), segment_bytes)};
    }
    return WalkFault(walk, core::BeginOf(question.name, segment_bytes));
  } catch (const core::Error& error) {
    return FaultOf(error);
  }
}

std::string HeadOf(const fs::path& path, core::Packing packing, std::size_t bytes) {
  const OpenFile file(path, kReadFlags);
  std::string head(bytes, '\0');
  head.resize(Unpack(file.number(), packing, path.string())->Read(head.data(), head.size()));
  return head;
}

bool HaveSameContent(const fs::path& one, core::Packing packing, const fs::path& other,
                     core::Packing other_packing, const std::function<void()>& pause) {
  const OpenFile file(one, kReadFlags);
  const OpenFile other_file(other, kReadFlags);
  Content content(file, packing);
  Content other_content(other_file, other_packing);
  for (;;) {
    const std::string_view piece = content.Next();
    if (piece != other_content.Next()) return false;
    if (piece.empty()) return true;
    pause();
  }
}

}  // namespace baton::archive
