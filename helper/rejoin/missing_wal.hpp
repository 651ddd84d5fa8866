// WAL that a stopped server needs and does not have any more: it may be in the archive, or still on
// the source, whose WAL is the same up to where the histories part.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "helper/server/connection.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

enum class WalPlace { kHere, kArchive, kSource, kNowhere };
std::string_view PlaceName(WalPlace place);

class MissingWal {
 public:
  struct Cluster {
    std::uint64_t segment_bytes = 0;
    std::string system_identifier;
  };

  // `restore_command` gives this node's own, run in its data directory as the server would; it is
  // asked for once, when the archive is.
  MissingWal(Connection& source, fs::path directory, std::function<std::string()> restore_command,
             Cluster cluster);

  // Brings a segment, or a history file, to `to`, flushed; it is of this cluster, and whole.  The
  // source is asked only where its file must be the same: beyond the fork it has other WAL under
  // the same name.  Returns where it came from; kNowhere leaves nothing at `to`.
  WalPlace Fetch(const std::string& name, const fs::path& to, bool source_has_the_same);

  // Whether this node's restore_command finds that segment, whole and of this cluster.
  bool IsInArchive(const std::string& name) const;

  // Whether `file` is the segment of that name, whole and of this cluster.
  bool IsSound(const fs::path& file, const std::string& name) const;

 private:
  bool FromArchive(const std::string& name, const fs::path& to) const;
  bool FromSource(const std::string& name, const fs::path& to);

  Connection& source_;
  fs::path directory_;
  std::function<std::string()> ask_for_command_;
  mutable std::optional<std::string> restore_command_;
  Cluster cluster_;
};

// A file of the source's data directory; nullopt if it is not there.  Needs the four functions that
// pg_rewind calls.
std::optional<std::string> ReadFromSource(Connection& source, const std::string& path);

}  // namespace baton::helper
