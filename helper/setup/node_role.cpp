#include "helper/setup/node_role.hpp"

#include <array>
#include <fmt/format.h>
#include <memory>
#include <sys/random.h>

#include "helper/command/node_access.hpp"
#include "helper/config/passfile.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

constexpr int kNodeConnectionLimit = 300;

std::string RandomPassword() {
  std::array<unsigned char, 24> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw core::Error(core::ErrorCode::kFailed, "could not get random numbers");
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

void SetRole(Connection& server, bool exists, const std::string& password) {
  const std::unique_ptr<char, void (*)(void*)> verifier(
      PQencryptPasswordConn(server.get(), password.c_str(), kNodeRole, "scram-sha-256"),
      &PQfreemem);
  if (verifier == nullptr) {
    throw core::Error(core::ErrorCode::kFailed, "could not encrypt the password",
                      PQerrorMessage(server.get()));
  }
  server.RunSecret(
      fmt::format("{} ROLE {} LOGIN REPLICATION {} PASSWORD {}", exists ? "ALTER" : "CREATE",
                  kNodeRole, exists ? "" : fmt::format("CONNECTION LIMIT {}", kNodeConnectionLimit),
                  server.Quoted(verifier.get())));
}

// Whether the stored verifier belongs to this password: only a login can tell, and before the
// library is loaded pg_hba.conf may not let the role in, so an existing verifier counts then.
bool VerifierFits(const Setup& setup, const std::string& password) {
  try {
    Connection(NodeParameters({{"host", setup.request.advertise}, {"port", setup.places.port}},
                              setup.passfile),
               password);
    return true;
  } catch (const core::Error& error) {
    return !IsPasswordFailure(error);
  }
}

// The functions that pg_rewind calls on its source (pg_rewind's manual page, Notes), and the
// predefined roles that the checks and the checkpoint before a rewind need.
void EnsureGrants(Setup& setup, bool role_exists) {
  static constexpr std::array kFunctions = {
      "pg_catalog.pg_ls_dir(text, boolean, boolean)", "pg_catalog.pg_stat_file(text, boolean)",
      "pg_catalog.pg_read_binary_file(text)",
      "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)"};
  for (const char* const function : kFunctions) {
    if (role_exists && setup.server.Value("SELECT has_function_privilege($1, $2, 'EXECUTE')",
                                          {kNodeRole, function}) == "t") {
      continue;
    }
    setup.Change(fmt::format("grant execute on {} to {}", function, kNodeRole));
    if (!setup.dry_run()) {
      setup.server.Run(fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}", function, kNodeRole));
    }
  }
  for (const char* const role : {"pg_monitor", "pg_checkpoint"}) {
    EnsureMembership(setup, role, role_exists);
  }
}

}  // namespace

void EnsureNodeRole(Setup& setup) {
  Connection& server = setup.server;
  const bool exists =
      server.Value("SELECT count(*) FROM pg_roles WHERE rolname = $1", {kNodeRole}) == "1";
  const auto stored = LookUpPassword(
      ReadFileIfThere(setup.passfile).value_or(""),
      {setup.request.advertise, setup.places.port, setup.places.database, kNodeRole});
  std::string password = stored.value_or("");
  if (setup.request.ask_node_password) {
    password = PromptPassword(fmt::format("Password for role {}: ", kNodeRole));
  }
  if (password.empty()) {
    password = RandomPassword();
    setup.Change(fmt::format("make a password for role {} and store it in \"{}\"", kNodeRole,
                             setup.passfile.string()));
  } else if (password != stored.value_or("")) {
    setup.Change(
        fmt::format("store the password of role {} in \"{}\"", kNodeRole, setup.passfile.string()));
  }
  const bool new_password = password != stored.value_or("");
  if (new_password && !setup.dry_run()) StorePassword(setup.passfile, kNodeRole, password);

  const bool attributes_right =
      exists &&
      server.Value("SELECT rolcanlogin AND rolreplication FROM pg_roles WHERE rolname = $1",
                   {kNodeRole}) == "t";
  const bool password_right = exists && !new_password && VerifierFits(setup, password);
  if (!exists) {
    setup.Change(fmt::format("create role {} (LOGIN REPLICATION CONNECTION LIMIT {})", kNodeRole,
                             kNodeConnectionLimit));
  } else if (!attributes_right || !password_right) {
    setup.Change(fmt::format("alter role {} ({})", kNodeRole,
                             attributes_right ? "password" : "LOGIN REPLICATION, password"));
  }
  if ((!attributes_right || !password_right) && !setup.dry_run()) {
    SetRole(server, exists, password);
  }
  EnsureGrants(setup, exists);
}

void EnsureMembership(Setup& setup, const std::string& role, bool member_exists) {
  if (member_exists &&
      setup.server.Value("SELECT pg_has_role($1, $2, 'MEMBER')", {kNodeRole, role}) == "t") {
    return;
  }
  setup.Change(fmt::format("grant {} to {}", role, kNodeRole));
  if (!setup.dry_run()) setup.server.Run(fmt::format("GRANT {} TO {}", role, kNodeRole));
}

}  // namespace baton::helper
