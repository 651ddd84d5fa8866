#include "helper/command/node_access.hpp"

#include <cstdlib>

#include "helper/config/passfile.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

std::string Or(const Parameters& parameters, const std::string& keyword,
               const std::string& otherwise) {
  const auto found = parameters.find(keyword);
  return found == parameters.end() ? otherwise : found->second;
}

// What a connection string may say about the way to a server, and a copy of it should keep.
constexpr const char* kKept[] = {"sslmode", "sslrootcert", "sslcert",   "sslkey",
                                 "sslcrl",  "hostaddr",    "gssencmode"};

}  // namespace

fs::path ResolvePassfile(const std::string& given) {
  return fs::absolute(given.empty() ? DefaultPassfile() : fs::path(given)).lexically_normal();
}

std::optional<std::string> KnownNodePassword(const fs::path& passfile, const Parameters& server) {
  const auto text = ReadFileIfThere(passfile);
  if (text) {
    const auto found =
        LookUpPassword(*text, {Or(server, "host", "localhost"), Or(server, "port", "5432"),
                               Or(server, "dbname", "replication"), kNodeRole});
    if (found) return found;
  }
  const char* const environment = std::getenv("PGPASSWORD");
  return environment == nullptr ? std::nullopt : std::optional<std::string>(environment);
}

Parameters NodeParameters(Parameters server, const fs::path& passfile) {
  server["user"] = kNodeRole;
  server["passfile"] = passfile.string();
  server.erase("password");
  server.emplace("dbname", "postgres");
  return server;
}

Parameters TlsIn(const Parameters& parameters) {
  Parameters tls;
  for (const char* const keyword : {"sslmode", "sslrootcert"}) {
    const auto found = parameters.find(keyword);
    if (found != parameters.end()) tls.insert(*found);
  }
  return tls;
}

bool RequiresTls(const std::string& sslmode) {
  return sslmode == "require" || sslmode == "verify-ca" || sslmode == "verify-full";
}

std::string RegistryConninfo(const std::string& host, const std::string& port,
                             const std::string& database, const Parameters& tls) {
  Parameters parameters = {
      {"host", host}, {"port", port}, {"user", kNodeRole}, {"dbname", database}};
  parameters.insert(tls.begin(), tls.end());
  return ConninfoText(parameters);
}

Parameters RegisteredTls(Connection& node) {
  if (node.Value("SELECT to_regclass('baton.node') IS NOT NULL") != "t") return {};
  const Result row = node.Query(
      "SELECT conninfo FROM baton.node"
      " WHERE name = pg_catalog.current_setting('pg_baton.node_name', true)");
  return row.rows() == 0 ? Parameters() : TlsIn(ParseConninfo(row.Text(0, 0)));
}

std::string PrimaryConninfo(const Connection& primary, const fs::path& passfile,
                            const std::string& name, const Parameters& given) {
  Parameters parameters = {{"host", primary.host()},
                           {"port", primary.port()},
                           {"user", kNodeRole},
                           {"passfile", passfile.string()},
                           {"application_name", name}};
  for (const char* const keyword : kKept) {
    const auto found = given.find(keyword);
    if (found != given.end()) parameters.insert(*found);
  }
  return ConninfoText(parameters);
}

std::map<std::string, std::string> StandbySettings(const Connection& primary,
                                                   const fs::path& passfile,
                                                   const std::string& name,
                                                   const Parameters& given) {
  std::map<std::string, std::string> settings = {
      {"pg_baton.node_name", name},
      {"pg_baton.passfile", passfile.string()},
      {"primary_conninfo", PrimaryConninfo(primary, passfile, name, given)},
      {"primary_slot_name", name},
      {"recovery_target_timeline", "latest"}};
  for (const char* const target : {"recovery_target", "recovery_target_lsn", "recovery_target_name",
                                   "recovery_target_time", "recovery_target_xid"}) {
    settings[target] = "";
  }
  // PostgreSQL 16 removed it.
  if (primary.major() < 16) settings["promote_trigger_file"] = "";
  return settings;
}

Connection ConnectAsNode(const ConnectionOptions& options, const Parameters& server,
                         const fs::path& passfile, bool may_store, bool& stored) {
  const Parameters parameters = NodeParameters(server, passfile);
  std::optional<std::string> password = KnownNodePassword(passfile, parameters);
  const bool from_file =
      password &&
      LookUpPassword(ReadFileIfThere(passfile).value_or(""),
                     {Or(parameters, "host", "localhost"), Or(parameters, "port", "5432"),
                      parameters.at("dbname"), kNodeRole}) == password;
  if (options.force_password) password.reset();
  Connection connection =
      ConnectAsking(parameters, !options.no_password, options.force_password, password);
  stored = false;
  // Where no password was asked for, nothing proves that this is the right one.
  const bool proven = PQconnectionUsedPassword(connection.get()) != 0;
  if (password && proven && (!from_file || options.force_password) && may_store) {
    StorePassword(passfile, kNodeRole, *password);
    stored = true;
  }
  return connection;
}

}  // namespace baton::helper
