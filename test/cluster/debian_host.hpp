// A host as the documents have it: Debian, PostgreSQL's cluster "main" with its folders, and a
// person who types commands there.
#pragma once

#include <map>
#include <string>

#include "test/cluster/harness.hpp"
#include "test/cluster/typed_commands.hpp"

namespace baton::test {

class DebianHost {
 public:
  struct Places {
    std::map<std::string, std::string> addresses;  // in the documents, and here
    std::string own_address;                       // here
    fs::path shared_folder;                        // stands for /srv
    int port = 0;                                  // stands for 5432; 0: one that is free
  };

  // Its cluster is new, and runs.
  explicit DebianHost(const Places& places);

  // Runs the command as a shell would that root has typed it into, but for what cannot be the same:
  // addresses, port and folders, the version, and which user that is.
  HelperResult Type(const TypedCommand& command) const;

  Node& server() { return *server_; }
  fs::path data() const { return Root() / "var/lib/postgresql" / major_ / "main"; }
  fs::path configuration() const { return Root() / "etc/postgresql" / major_ / "main"; }

 private:
  fs::path Root() const { return cluster_.directory(); }
  HelperResult Run(const std::string& script) const;
  void CreateCluster() const;

  Cluster cluster_;
  Places places_;
  std::string major_;
  Node* server_ = nullptr;
};

}  // namespace baton::test
