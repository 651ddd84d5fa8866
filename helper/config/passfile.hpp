// PostgreSQL's password file: host:port:database:user:password, the first line that fits counts
// (passwordFromFile in src/interfaces/libpq/fe-connect.c).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace baton::helper {

struct PassfileKey {
  std::string host;
  std::string port;
  std::string database;
  std::string user;
};

// The password in the text of such a file; nullopt if no line fits.
std::optional<std::string> LookUpPassword(const std::string& text, const PassfileKey& key);

// The text with a line for `user` on every host, port and database, before all others; a line of
// ours for the same user is replaced.
std::string WithPassword(const std::string& text, const std::string& user,
                         const std::string& password);

// The text without that line of ours.
std::string WithoutPassword(const std::string& text, const std::string& user);

// What libpq would use: PGPASSFILE, else .pgpass in the home directory.  Throws if neither is
// known.
std::filesystem::path DefaultPassfile();

// Writes the password for `user` into the file, with mode 0600.
void StorePassword(const std::filesystem::path& file, const std::string& user,
                   const std::string& password);

}  // namespace baton::helper
