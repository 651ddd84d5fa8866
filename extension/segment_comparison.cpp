#include "segment_comparison.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "archive/open_file.hpp"
#include "archive/packing.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

using Outcome = core::Comparison::Outcome;

// Where two files differ first; nullopt if they are the same.  Interruptible.
std::optional<std::int64_t> FirstDifference(const archive::OpenFile& one,
                                            const archive::OpenFile& other) {
  const auto left = archive::Unpack(one.number(), core::Packing::kPlain, one.path().string());
  const auto right = archive::Unpack(other.number(), core::Packing::kPlain, other.path().string());
  std::vector<char> a(archive::kPieceBytes);
  std::vector<char> b(archive::kPieceBytes);
  for (std::int64_t at = 0;;) {
    pg::Call([] { CHECK_FOR_INTERRUPTS(); });
    const std::size_t size = left->Read(a.data(), a.size());
    const std::size_t other_size = right->Read(b.data(), b.size());
    const auto end = a.begin() + static_cast<std::ptrdiff_t>(std::min(size, other_size));
    const auto same = std::mismatch(a.begin(), end, b.begin()).first - a.begin();
    if (static_cast<std::size_t>(same) < std::max(size, other_size)) return at + same;
    if (size == 0) return std::nullopt;
    at += same;
  }
}

// Whether the name still stands for the file that was opened by it.
bool IsStill(const archive::OpenFile& file) {
  struct stat now {};
  const struct stat then = file.Status();
  return stat(file.path().c_str(), &now) == 0 && now.st_dev == then.st_dev &&
         now.st_ino == then.st_ino;
}

}  // namespace

core::Comparison CompareSegment(const std::string& segment, const std::string& in_pg_wal,
                                const std::string& brought) {
  core::Comparison comparison;
  comparison.segment = segment;
  try {
    const archive::OpenFile ours(in_pg_wal, O_RDONLY | O_CLOEXEC);
    const archive::OpenFile theirs(brought, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const auto differs_at = FirstDifference(ours, theirs);
    if (!IsStill(ours)) {
      comparison.outcome = Outcome::kGone;
    } else if (differs_at) {
      comparison.outcome = Outcome::kDiffers;
      comparison.differs_at = *differs_at;
    } else {
      comparison.outcome = Outcome::kSame;
    }
  } catch (const core::Error& error) {
    const bool is_gone =
        error.code() == core::ErrorCode::kNotFound && access(in_pg_wal.c_str(), F_OK) != 0;
    comparison.outcome = is_gone ? Outcome::kGone : Outcome::kUnreadable;
    comparison.error = error.message();
  }
  return comparison;
}

}  // namespace baton
