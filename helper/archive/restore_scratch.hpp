// The folder of a restore test: marked and locked while the test runs, and emptied of all that it
// made when it ends, or, where it was killed, by the next test in the same folder.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "archive/open_file.hpp"
#include "core/restore_test.hpp"

namespace baton::helper {

namespace fs = std::filesystem;

// What the folder is now.  `forbidden` are folders that must not be inside of it, nor it inside of
// them.  Changes nothing.
core::ScratchFolderFacts LookAtScratchFolder(const fs::path& folder,
                                             const std::vector<fs::path>& forbidden);

class RestoreScratch {
 public:
  // Makes the folder, or takes one that is empty or has leftovers of an earlier test, whose server
  // is ended first.  Throws kBusy where a test is running in it.
  explicit RestoreScratch(fs::path folder);
  ~RestoreScratch();
  RestoreScratch(const RestoreScratch&) = delete;
  RestoreScratch& operator=(const RestoreScratch&) = delete;

  // Removes all that is known to be a test's, and the folder if it was made here; the destructor
  // does so too.  False where something is left, which the next test in this folder removes.
  bool Remove() noexcept;

  fs::path data() const { return folder_ / "data"; }
  fs::path tablespaces() const { return folder_ / "tablespaces"; }
  fs::path tablespace(const std::string& number) const { return tablespaces() / number; }
  fs::path segments() const { return folder_ / "segments"; }  // those that are looked into
  fs::path log() const { return folder_ / "server.log"; }
  fs::path guard() const { return folder_ / "guard.sh"; }
  fs::path found() const { return folder_ / "tablespace_made"; }  // what the guard found
  // A socket's path is short, so it may be elsewhere.
  const fs::path& sockets() const { return sockets_; }

 private:
  void TakeOver();
  void MakeSocketFolder();
  bool Clear() noexcept;

  fs::path folder_;
  fs::path sockets_;
  bool made_ = false;
  bool is_gone_ = false;  // what is there now is somebody else's
  std::optional<archive::OpenFile> mark_;
};

}  // namespace baton::helper
