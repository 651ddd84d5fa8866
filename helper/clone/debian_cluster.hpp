// Clusters as Debian keeps them: configuration in /etc/postgresql, tools of postgresql-common.
#pragma once

#include <optional>
#include <string>

#include "helper/clone/clone.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

class DebianCluster {
 public:
  // "15/main" or "15-main"; throws kUsage for anything else.
  explicit DebianCluster(const std::string& name);

  const std::string& version() const { return version_; }
  std::string text() const { return version_ + "/" + name_; }  // "15/main"
  fs::path configuration() const;
  // What pg_createcluster takes where it is not told otherwise.
  fs::path usual_directory() const;
  bool exists() const;
  // Throws kNotFound with this hint if it does not.
  void Require(const std::string& hint) const;
  // Its folders, and how it is started.  Throws kUsage where others were given.
  void FillIn(ServerOptions& server) const;

  // pg_createcluster, with the data in `directory`, which is empty or not there, and its log in
  // `log` unless that is empty; the new database, which is not wanted, is removed.  Throws kFailed
  // with its words.
  void Create(const fs::path& directory, const std::string& log) const;
  // The shell's command line that starts it, with the server programs of `bindir` if that is given.
  std::string StartCommand(const std::string& bindir) const;

 private:
  std::string version_;
  std::string name_;
};

// Fills in the folders and the start command of the cluster, where one is named.  Throws kUsage for
// options that do not go together, or name no place at all, kNotFound where the cluster is not
// there.
void FillInCluster(ServerOptions& server);

// The same for a clone, which may be asked to make the cluster.
CloneRequest WithFolders(CloneRequest request);

}  // namespace baton::helper
