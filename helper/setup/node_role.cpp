#include "helper/setup/node_role.hpp"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <sys/random.h>

#include "helper/command/node_access.hpp"
#include "helper/config/passfile.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

std::string RandomPassword() {
  std::array<unsigned char, 24> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw core::Error(core::ErrorCode::kFailed, "could not get random numbers");
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string Verifier(Connection& server, const std::string& password, const char* algorithm) {
  const std::unique_ptr<char, void (*)(void*)> verifier(
      PQencryptPasswordConn(server.get(), password.c_str(), kNodeRole, algorithm), &PQfreemem);
  if (verifier != nullptr) return verifier.get();
  throw core::Error(core::ErrorCode::kFailed, "could not encrypt the password",
                    PQerrorMessage(server.get()));
}

struct Found {
  core::NodeRoleFacts facts;
  std::string verifier;
};

Found Look(Connection& server) {
  Found found;
  found.facts.name = kNodeRole;
  const Result row = server.Query(
      "SELECT rolcanlogin, rolreplication, coalesce(rolvaliduntil <= now(), false), rolconnlimit, "
      "rolpassword, rolvaliduntil FROM pg_authid WHERE rolname = $1",
      {kNodeRole});
  if (row.rows() == 0) return found;
  found.facts.exists = true;
  found.facts.can_login = row.Bool(0, 0);
  found.facts.can_replicate = row.Bool(0, 1);
  found.facts.is_expired = row.Bool(0, 2);
  found.facts.connection_limit = static_cast<int>(row.Number(0, 3));
  found.verifier = row.Text(0, 4);
  found.facts.valid_until = row.Text(0, 5);
  found.facts.verifier = core::KindOfVerifier(found.verifier);
  return found;
}

std::optional<bool> Fits(Connection& server, const Found& role, const std::string& password) {
  if (password.empty() || role.facts.verifier == core::VerifierKind::kNone) return std::nullopt;
  if (role.facts.verifier == core::VerifierKind::kScram) {
    return core::FitsScram(role.verifier, password);
  }
  return Verifier(server, password, "md5") == role.verifier;
}

}  // namespace

NodeRole::NodeRole(Setup& setup) : setup_(setup) {
  const SetupRequest& request = setup.request;
  stored_ = LookUpPassword(ReadFileIfThere(setup.passfile).value_or(""),
                           {request.advertise, setup.places.port, setup.places.database, kNodeRole})
                .value_or("");
  password_ = stored_;
  if (request.ask_node_password) {
    password_ = PromptPassword(fmt::format("Password for role {}: ", kNodeRole));
  }
  const Found role = Look(setup.server);
  exists_ = role.facts.exists;
  const bool was_typed = request.ask_node_password && !password_.empty();
  plan_ = core::PlanNodeRole(role.facts, {setup.passfile.string(), !password_.empty(), was_typed,
                                          Fits(setup.server, role, password_), request.new_password,
                                          !setup.login.style.by_certificate});
}

void NodeRole::EnsurePassword() {
  if (plan_.makes_password) {
    password_ = RandomPassword();
    setup_.Change(fmt::format("make a password for role {} and store it in \"{}\"", kNodeRole,
                              setup_.passfile.string()));
  } else if (password_ != stored_) {
    setup_.Change(fmt::format("store the password of role {} in \"{}\"", kNodeRole,
                              setup_.passfile.string()));
  }
  if (password_ != stored_ && !setup_.dry_run()) {
    setup_.Remember(
        [this](core::SetupRecord& record) { record.stored_in = setup_.passfile.string(); });
    StorePassword(setup_.passfile, kNodeRole, password_);
  }
}

void NodeRole::Ensure() {
  EnsurePassword();
  const std::string attributes = fmt::format("{}", fmt::join(plan_.attributes, " "));
  if (plan_.creates) {
    setup_.Change(fmt::format("create role {} ({})", kNodeRole, attributes));
  } else if (!plan_.attributes.empty()) {
    setup_.Change(fmt::format("alter role {} ({})", kNodeRole, attributes));
  }
  if (!plan_.creates && plan_.sets_password) {
    setup_.Change(fmt::format("alter role {} (password{}{})", kNodeRole,
                              plan_.why_password.empty() ? "" : ": ", plan_.why_password));
  }
  if (!setup_.dry_run() && (!plan_.attributes.empty() || plan_.sets_password)) {
    const std::string before = fmt::format("{}", fmt::join(plan_.before, " "));
    setup_.Remember([this, &before](core::SetupRecord& record) {
      if (plan_.creates) record.made_role = true;
      if (!record.made_role && record.role_before.empty()) record.role_before = before;
    });
    const std::string password =
        plan_.sets_password
            ? " PASSWORD " +
                  setup_.server.Quoted(Verifier(setup_.server, password_, "scram-sha-256"))
            : "";
    setup_.server.RunSecret(fmt::format("{} ROLE {} {}{}", plan_.creates ? "CREATE" : "ALTER",
                                        kNodeRole, attributes, password));
  }
  if (plan_.sets_password && !plan_.why_password.empty() && setup_.request.new_password) {
    setup_.output.Line(fmt::format(
        "every other node needs the new password: put the line of {} in \"{}\" into its password "
        "file",
        kNodeRole, setup_.passfile.string()));
  }
  EnsureGrants();
}

// The functions that pg_rewind calls on its source (pg_rewind's manual page, Notes), and the
// predefined roles that the checks and the checkpoint before a rewind need.
void NodeRole::EnsureGrants() {
  static constexpr std::array kFunctions = {
      "pg_catalog.pg_ls_dir(text, boolean, boolean)", "pg_catalog.pg_stat_file(text, boolean)",
      "pg_catalog.pg_read_binary_file(text)",
      "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)"};
  for (const char* const function : kFunctions) {
    if (exists_ && setup_.server.Value("SELECT has_function_privilege($1, $2, 'EXECUTE')",
                                       {kNodeRole, function}) == "t") {
      continue;
    }
    setup_.Remember(
        [function](core::SetupRecord& record) { core::AddOnce(record.functions, function); });
    setup_.Change(fmt::format("grant execute on {} to {}", function, kNodeRole));
    if (!setup_.dry_run()) {
      setup_.server.Run(fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}", function, kNodeRole));
    }
  }
  for (const char* const role : {"pg_monitor", "pg_checkpoint"}) {
    EnsureMembership(setup_, role, exists_);
  }
}

void EnsureMembership(Setup& setup, const std::string& role, bool member_exists) {
  if (member_exists &&
      setup.server.Value("SELECT pg_has_role($1, $2, 'MEMBER')", {kNodeRole, role}) == "t") {
    return;
  }
  setup.Remember([&role](core::SetupRecord& record) { core::AddOnce(record.memberships, role); });
  setup.Change(fmt::format("grant {} to {}", role, kNodeRole));
  if (!setup.dry_run()) setup.server.Run(fmt::format("GRANT {} TO {}", role, kNodeRole));
}

}  // namespace baton::helper
