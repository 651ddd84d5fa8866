// What the recorder writes and PowerLoss reads: one record a change, in the order in which all
// recorded processes made them.  Behind the head stand the path, the other path and the data.
#pragma once

#include <cstdint>

namespace baton::test {

enum class Change : std::uint32_t {
  kCreate,
  kWrite,
  kWriteZeros,  // as kWrite, without the data
  kResize,
  kMode,
  kRename,
  kExchange,
  kLink,
  kSymlink,  // the other path is what it points to
  kMakeDirectory,
  kUnlink,
  kRemoveDirectory,
  kFlush,      // fsync: data and mode, or the names of a directory
  kFlushData,  // fdatasync
  kFlushPart,  // sync_file_range, which promises nothing
  kFlushAll,   // sync, syncfs
  kUnknown,    // a change of which the recorder cannot say enough; the path tells
};

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  auto operator<=>(const FileId&) const = default;
};

inline constexpr std::uint32_t kRecordMagic = 0x52574f50;

struct RecordHead {
  std::uint32_t magic = kRecordMagic;
  Change change = Change::kUnknown;
  FileId file;          // that is changed, or whose name is
  FileId folder;        // that has the name
  FileId other_folder;  // that gets the name
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // of a write; after kResize, of the file
  std::uint32_t mode = 0;
  std::uint32_t is_flushed = 0;   // a write that is on disk when it returns (O_DSYNC)
  std::uint32_t is_nameless = 0;  // the file is removed, and still open
  std::int32_t process = 0;
  std::uint32_t path_size = 0;
  std::uint32_t other_path_size = 0;
  std::uint64_t data_size = 0;
};

// The recorder's environment: where it writes, and below which folders, separated by colons.
inline constexpr char kRecordLog[] = "POWER_RECORD_LOG";
inline constexpr char kRecordBelow[] = "POWER_RECORD_BELOW";

}  // namespace baton::test
