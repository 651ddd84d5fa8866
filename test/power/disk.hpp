// A disk as the recorded programs changed it, in memory: what is there, and what was flushed.
// Files are inodes: a renamed file takes with it what of it was never flushed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "test/power/content.hpp"
#include "test/power/record.hpp"

namespace baton::test {

namespace fs = std::filesystem;

// One record, with names and data still in the log.
struct Operation {
  RecordHead head;
  std::string_view path;
  std::string_view other_path;
  std::string_view data;
};

// What a power loss leaves.  Names: those that folders have got and lost after their last flush
// are so, or are as they were at it.  The same for modes.
struct Model {
  const char* name;
  bool names_are_there;
  bool modes_are_there;
  Data data;
};

// A killed program, no power loss: all it did is there.
inline constexpr Model kKilled{"killed", true, true, Data::kThere};
// Only what was flushed.
inline constexpr Model kOnlyFlushed{"only what was flushed", false, false, Data::kMissing};
// What no order of writing back forbids: names and modes reach the disk before the data do, or the
// data and modes before the names.
inline constexpr Model kDataMissing{"data missing", true, true, Data::kMissing};
inline constexpr Model kDataZeroed{"data zeroed", true, true, Data::kZeros};
inline constexpr Model kDataOld{"old data", true, true, Data::kOld};
inline constexpr Model kNamesMissing{"names missing", false, true, Data::kThere};
inline constexpr Model kModels[] = {kKilled,     kOnlyFlushed, kDataMissing,
                                    kDataZeroed, kDataOld,     kNamesMissing};

class Disk {
 public:
  // What is below the folder now counts as flushed.
  void Read(const fs::path& folder);
  // Whether something else may be left after a flush than before it; true for all but flushes.
  bool Matters(const Operation& operation) const;
  // Throws std::runtime_error if the operation does not fit, since then one is missing before it.
  void Do(const Operation& operation);
  // Makes `destination`, which must not be there yet, to what is left of the folder.
  void Materialise(const fs::path& folder, const Model& model, const fs::path& destination) const;

 private:
  using Number = std::size_t;
  using Names = std::map<std::string, Number, std::less<>>;
  struct Inode {
    mode_t mode = 0;
    mode_t flushed_mode = 0;
    Content content;
    std::string target;  // of a symbolic link
    Names names;         // of a folder
    Names flushed_names;
  };
  struct Making;

  Number ReadInode(const fs::path& path);
  Number Add(const FileId& id, Inode inode);
  Number Find(const FileId& id) const;
  Number Known(const Operation& operation, const FileId& id) const;
  void DoName(const Operation& operation);
  void DoRename(const Operation& operation);
  Number NamedIn(const Operation& operation, const FileId& folder, std::string_view path) const;
  void DoFlush(Inode& inode, bool with_mode);
  static bool IsFlushed(const Inode& inode, bool with_mode);
  void Make(Making& making, Number number, const fs::path& path) const;

  std::vector<Inode> inodes_;
  std::map<FileId, Number> numbers_;
  std::map<fs::path, Number> folders_;
};

// "rename base/1/2.tmp -> base/1/2", with paths as they are in the log.
std::string Described(const Operation& operation);

}  // namespace baton::test
