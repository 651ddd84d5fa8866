// How nodes reach each other: the role baton_node, its password in the password file of each host's
// server user, and the connection strings that say the rest.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "helper/cli.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// Absolute path of the password file: the given one, or libpq's default.
std::filesystem::path ResolvePassfile(const std::string& given);

// The password of baton_node for a server, from the file or else PGPASSWORD; nullopt if neither has
// it.
std::optional<std::string> KnownNodePassword(const std::filesystem::path& passfile,
                                             const Parameters& server);

// Parameters by which another node's server is reached as baton_node.  `server` gives host, port
// and what else was said; user, password file and application name are ours.
Parameters NodeParameters(Parameters server, const std::filesystem::path& passfile);

// What a connection string says about TLS that is the same on all hosts: sslmode, sslrootcert.
Parameters TlsIn(const Parameters& parameters);
// Whether this is a mode with which a connection without TLS fails.
bool RequiresTls(const std::string& sslmode);

// What stands in the registry for a node, without anything that belongs to one host alone.
std::string RegistryConninfo(const std::string& host, const std::string& port,
                             const std::string& database, const Parameters& tls);

// The words on TLS by which that node itself is registered; none if it is not.
Parameters RegisteredTls(Connection& node);

// The value of primary_conninfo for a standby called `name`.
std::string PrimaryConninfo(const Connection& primary, const std::filesystem::path& passfile,
                            const std::string& name, const Parameters& given);

// What makes a server that is about to start with standby.signal a standby of `primary` and nothing
// else.  A primary ignores recovery targets that a restore left in its configuration, a standby
// obeys them: it would stop replay or promote itself.
std::map<std::string, std::string> StandbySettings(const Connection& primary,
                                                   const std::filesystem::path& passfile,
                                                   const std::string& name,
                                                   const Parameters& given);

// A connection to a server as baton_node: with the password that is known, else with one that is
// asked for on the terminal.  A password that was not in the file is stored there, since the server
// will need it as well; `stored` tells.
Connection ConnectAsNode(const ConnectionOptions& options, const Parameters& server,
                         const std::filesystem::path& passfile, bool may_store, bool& stored);

}  // namespace baton::helper
