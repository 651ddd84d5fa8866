// How commands that need no superuser get into the server they ask: as baton_node to an address,
// but as the user who asks over this host's socket, where pg_hba.conf usually lets nobody in under
// another name; or as whoever -U says.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "helper/cli.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// Adds --passfile and what ConnectionOptions adds.
void AddReaderOptions(CLI::App& command, ConnectionOptions& connection, std::string& passfile,
                      const std::string& whose = "any node");

class ReaderAccess {
 public:
  // `limit` is how long connecting may take, and each answer after that.  Asks for a password here,
  // once, if that was wanted by -W.
  ReaderAccess(const ConnectionOptions& options, const std::string& passfile,
               std::chrono::seconds limit);

  // Any thread may call this, unless `may_prompt`: then a password that is missing is asked for.
  Connection Connect(bool may_prompt = false) const;

  const Parameters& parameters() const { return parameters_; }

 private:
  Parameters parameters_;
  std::optional<std::string> password_;
  std::chrono::seconds limit_;
  bool may_prompt_;
};

}  // namespace baton::helper
