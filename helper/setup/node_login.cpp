#include "helper/setup/node_login.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "core/connection_trial.hpp"
#include "helper/command/node_access.hpp"

namespace baton::helper {
namespace {

// Where libpq looks for this user's certificate.
fs::path ClientCertificate() {
  if (const char* const named = std::getenv("PGSSLCERT")) return named;
  const char* const home = std::getenv("HOME");
  return fs::path(home == nullptr ? "" : home) / ".postgresql/postgresql.crt";
}

// A login that fails says that TLS was fine before.
core::Problems TryTls(Setup& setup) {
  Parameters parameters = NodeParameters(
      {{"host", setup.request.advertise}, {"port", setup.places.port}}, setup.passfile);
  parameters.insert(setup.login.tls.begin(), setup.login.tls.end());
  try {
    Connection{parameters};
  } catch (const core::Error& error) {
    core::TrialFacts facts;
    facts.address = setup.request.advertise;
    facts.port = setup.places.port;
    facts.role = kNodeRole;
    facts.said = error.detail();
    if (const auto problem = core::ExplainTls(facts)) return {*problem};
  }
  return {};
}

// Of a run that was ended by the need of a restart.
Parameters RememberedTls(Setup& setup) {
  const auto record = setup.OwnRecord();
  return record ? record->tls : Parameters();
}

}  // namespace

NodeLogin ReadNodeLogin(Setup& setup) {
  const SetupRequest& request = setup.request;
  NodeLogin login;
  if (request.tls.empty()) {
    login.tls = RegisteredTls(setup.server);
    if (login.tls.empty()) login.tls = RememberedTls(setup);
    login.style = HbaStyleIn(ReadFile(setup.places.hba_file), kNodeRole).value_or(HbaStyle());
    return login;
  }
  if (request.tls == "off") {
    if (request.client_certificates || !request.tls_root.empty()) {
      throw core::Error(core::ErrorCode::kUsage, "--tls=off goes with no other option of TLS", "",
                        "Leave out --tls-root and --client-certificates.");
    }
    return login;
  }
  login.tls["sslmode"] = request.tls;
  if (!request.tls_root.empty()) login.tls["sslrootcert"] = request.tls_root;
  login.style = {true, request.client_certificates};
  return login;
}

core::Problems FindLoginProblems(Setup& setup) {
  if (!setup.login.style.tls_only) return {};
  if (setup.server.Value("SHOW ssl") != "on") {
    return {{"this server has no TLS", "ssl is off, and nodes are to be let in by TLS only.",
             "Give it a certificate by ssl_cert_file and ssl_key_file, set ssl = on, and reload."}};
  }
  if (setup.login.style.by_certificate && setup.server.Value("SHOW ssl_ca_file").empty()) {
    return {{"this server trusts no authority for the certificates of clients",
             "ssl_ca_file is empty.",
             "Set ssl_ca_file to the certificate of the authority that has signed those of the "
             "nodes, and reload."}};
  }
  const fs::path certificate = ClientCertificate();
  if (setup.login.style.by_certificate && !fs::exists(certificate)) {
    return {{"this user has no certificate to log in by",
             fmt::format("There is no \"{}\".", certificate.string()),
             fmt::format("Put one there with common name {}, and its key beside it, on each host; "
                         "then run the command again.",
                         kNodeRole)}};
  }
  return TryTls(setup);
}

}  // namespace baton::helper
