#include "helper/setup/node_connection.hpp"

#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <netdb.h>
#include <unistd.h>

#include "core/connection_trial.hpp"
#include "core/settings_advice.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/passfile.hpp"
#include "helper/server/hba_rules.hpp"

namespace baton::helper {
namespace {

// The address that a connection from here to `host` comes from; `host` where that is not known.
std::string SourceAddress(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return host;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &freeaddrinfo);
  const int number = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (number < 0) return host;
  // That of a datagram socket sends nothing, and still looks the route up.
  sockaddr_storage own{};
  socklen_t size = sizeof(own);
  const bool known = connect(number, found->ai_addr, found->ai_addrlen) == 0 &&
                     getsockname(number, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  close(number);
  char text[NI_MAXHOST] = "";
  if (!known || getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof(text), nullptr, 0,
                            NI_NUMERICHOST) != 0) {
    return host;
  }
  return text;
}

void FindRules(Setup& setup, core::TrialFacts& facts) {
  core::HbaQuestion question;
  question.address = SourceAddress(facts.address, facts.port);
  question.is_own_host = true;
  question.is_replication = facts.is_replication;
  question.database = setup.places.database;
  question.user = kNodeRole;
  question.groups = GroupsOf(setup.server, kNodeRole);
  const std::vector<core::HbaRule> rules = ReadHbaRules(setup.server);
  // libpq asks for TLS first, and goes on without where the server has none.
  question.tls = facts.server_has_tls;
  facts.rule = core::FirstHbaRule(rules, question);
  question.tls = true;
  facts.rule_for_tls = core::FirstHbaRule(rules, question);
}

void FindRole(Setup& setup, core::TrialFacts& facts) {
  const Result row = setup.server.Query(
      "SELECT rolcanlogin, coalesce(rolvaliduntil <= now(), false), rolpassword FROM pg_authid "
      "WHERE rolname = $1",
      {kNodeRole});
  if (row.rows() == 0) return;
  facts.can_login = row.Bool(0, 0);
  facts.is_expired = row.Bool(0, 1);
  const std::string verifier = row.Text(0, 2);
  facts.verifier = core::KindOfVerifier(verifier);
  const auto password =
      LookUpPassword(ReadFileIfThere(setup.passfile).value_or(""),
                     {facts.address, facts.port, setup.places.database, kNodeRole});
  facts.has_password = password.has_value();
  if (password) facts.fits = core::FitsScram(verifier, *password);
}

[[noreturn]] void Explain(Setup& setup, const Parameters& parameters, const core::Error& error) {
  core::TrialFacts facts;
  facts.role = kNodeRole;
  facts.address = parameters.at("host");
  facts.port = parameters.at("port");
  facts.said = error.detail();
  facts.is_replication = parameters.contains("replication");
  const Presence presence = LookForServer(parameters, std::chrono::seconds(5));
  facts.reached = presence == Presence::kAccepts || presence == Presence::kRejects;
  facts.listen_addresses = setup.server.Value("SHOW listen_addresses");
  facts.listens = core::ListensOn(facts.listen_addresses, facts.address);
  facts.server_has_tls = setup.server.Value("SHOW ssl") == "on";
  facts.passfile = setup.passfile.string();
  FindRules(setup, facts);
  FindRole(setup, facts);
  const core::Problem problem = core::ExplainTrial(facts);
  throw core::Error(core::ErrorCode::kFailed, problem.message, problem.detail, problem.hint);
}

Connection Try(Setup& setup, const Parameters& parameters) {
  try {
    return Connection(parameters);
  } catch (const core::Error& error) {
    Explain(setup, parameters, error);
  }
}

// No two servers began at the same microsecond.
void RequireSameServer(Setup& setup, Connection& there) {
  constexpr const char* kStart = "SELECT pg_postmaster_start_time()";
  if (there.Value(kStart) == setup.server.Value(kStart)) return;
  throw core::Error(
      core::ErrorCode::kFailed,
      fmt::format("{} port {} leads to another server", there.host(), there.port()),
      fmt::format("That one has been up since {}.", there.Value(kStart)),
      "Give an address of this host to --advertise, by which other hosts reach it too.");
}

}  // namespace

void TryNodeConnections(Setup& setup) {
  const std::string& host = setup.request.advertise;
  const std::string& port = setup.places.port;
  Parameters parameters = NodeParameters(
      {{"host", host}, {"port", port}, {"dbname", setup.places.database}}, setup.passfile);
  parameters.insert(setup.login.tls.begin(), setup.login.tls.end());
  Connection ordinary = Try(setup, parameters);
  RequireSameServer(setup, ordinary);
  parameters["replication"] = "true";
  Try(setup, parameters);
  setup.output.Line(fmt::format("connections as {} to {} port {} work, also for replication",
                                kNodeRole, host, port));
}

}  // namespace baton::helper
