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
  // What was typed is kept for ConnectTo.
  Connection Connect(bool may_prompt = false) const;

  // The same user's way into the one server at host and port of `there`: as the role that was
  // given, or else as it is said above.  Asks for no password.  `limit` is as above.
  Connection ConnectTo(const Parameters& there, std::chrono::seconds limit) const;
  // By which ConnectTo gets to the same server again, where several hosts were given.
  Parameters AddressOf(const Connection& connection) const;

  const Parameters& parameters() const { return parameters_; }

 private:
  Parameters Completed(Parameters given, std::chrono::seconds limit) const;

  Parameters given_;
  std::string passfile_;
  std::chrono::seconds limit_;
  bool may_prompt_;
  Parameters parameters_;
  mutable std::optional<std::string> password_;
};

}  // namespace baton::helper
