#include "core/connection_trial.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

std::string What(const TrialFacts& facts) {
  return fmt::format("{}connection as {} to {} port {}", facts.is_replication ? "replication " : "",
                     facts.role, facts.address, facts.port);
}

Problem ExplainUnreached(const TrialFacts& facts) {
  const auto said = [&facts](std::string_view part) {
    return facts.said.find(part) != std::string::npos;
  };
  if (said("could not translate host name")) {
    return {fmt::format("\"{}\" is no name that this host knows", facts.address), facts.said,
            "Give the address itself, or enter the name in DNS or /etc/hosts of every node."};
  }
  if (!facts.listens) {
    return {fmt::format("the server does not listen on {}", facts.address),
            fmt::format("listen_addresses is \"{}\".", facts.listen_addresses),
            "Set listen_addresses so that it has the address, or '*', and restart the server."};
  }
  if (said("refused")) {
    return {fmt::format("nothing takes connections at {} port {}", facts.address, facts.port),
            fmt::format("{}  listen_addresses is \"{}\".", facts.said, facts.listen_addresses),
            "See that the address is this host's, and that no firewall rejects the port."};
  }
  return {fmt::format("no answer from {} port {}", facts.address, facts.port), facts.said,
          "See that the address is this host's, and that a firewall lets this port through."};
}

Problem ExplainRule(const TrialFacts& facts) {
  const HbaRule& rule = *facts.rule;
  if (rule.method == "reject") {
    return {fmt::format("pg_hba.conf rejects the {}", What(facts)), HbaRuleText(rule) + " decides.",
            "Move that line below those for the nodes, or narrow it."};
  }
  if (!LetsNodesIn(rule)) {
    return {fmt::format("pg_hba.conf wants method {} of the {}", rule.method, What(facts)),
            HbaRuleText(rule) + " decides.",
            "Let a line with scram-sha-256 for the nodes stand before it."};
  }
  return {};
}

Problem ExplainPassword(const TrialFacts& facts) {
  const std::string decides = HbaRuleText(*facts.rule) + " decides.";
  if (facts.verifier == VerifierKind::kNone) {
    return {fmt::format("role {} has no password", facts.role), decides,
            "Run setup-primary again with --new-password."};
  }
  if (facts.rule->method == "scram-sha-256" && facts.verifier == VerifierKind::kMd5) {
    return {
        fmt::format("the password of role {} is stored as MD5, and SCRAM is asked for", facts.role),
        decides,
        "Put the password into the password file, so that setup-primary can store it as SCRAM, "
        "or run it with --new-password."};
  }
  if (!facts.has_password) {
    return {fmt::format("\"{}\" has no password of role {}", facts.passfile, facts.role), decides,
            "Run setup-primary with --ask-node-password, or with --new-password."};
  }
  if (facts.fits == false) {
    return {
        fmt::format("the password in \"{}\" is not that of role {}", facts.passfile, facts.role),
        decides, "Run setup-primary with --ask-node-password, or with --new-password."};
  }
  return {};
}

bool AsksForPassword(const HbaRule& rule) {
  return rule.method == "scram-sha-256" || rule.method == "md5" || rule.method == "password";
}

Problem Explain(const TrialFacts& facts) {
  if (const auto problem = ExplainTls(facts)) return *problem;
  if (!facts.reached) return ExplainUnreached(facts);
  if (!facts.rule) {
    if (!facts.rule_for_tls) {
      return {fmt::format("no line of pg_hba.conf fits the {}", What(facts)), facts.said,
              "Let the address in with --allow; a host name has to be that of the address, forth "
              "and back."};
    }
    return {fmt::format("pg_hba.conf allows the {} with TLS only", What(facts)),
            HbaRuleText(*facts.rule_for_tls) + " is the one that would fit.",
            facts.server_has_tls ? "Do not set sslmode to disable."
                                 : "Set ssl = on, with a certificate."};
  }
  if (const Problem problem = ExplainRule(facts); !problem.message.empty()) return problem;
  if (!facts.can_login || facts.is_expired) {
    return {fmt::format("role {} may not log in", facts.role), facts.said,
            "Run setup-primary again."};
  }
  if (AsksForPassword(*facts.rule)) {
    if (const Problem problem = ExplainPassword(facts); !problem.message.empty()) return problem;
  }
  return {fmt::format("the {} does not work", What(facts)),
          fmt::format("{}  {} decides.", facts.said, HbaRuleText(*facts.rule)),
          "See the log of the server."};
}

}  // namespace

// libpq's words are those of fe-secure-openssl.c and fe-secure-common.c.
std::optional<Problem> ExplainTls(const TrialFacts& facts) {
  const auto said = [&facts](std::string_view part) {
    return facts.said.find(part) != std::string::npos;
  };
  const auto problem = [&facts](const char* hint) {
    return Problem{fmt::format("TLS to {} port {} does not come about", facts.address, facts.port),
                   facts.said, hint};
  };
  if (said("root certificate file")) {
    return problem(
        "Put the certificate of the authority there, on every host, or name its place "
        "with --tls-root.");
  }
  if (said("does not match host name") || said("could not get server's host name")) {
    return problem(
        "The certificate has to name the address that is given by --advertise; or use "
        "--tls=verify-ca.");
  }
  if (said("certificate verify failed")) {
    return problem(
        "The server's certificate has to be signed by the authority whose certificate "
        "the nodes have.");
  }
  if (said("server does not support SSL")) {
    return problem("Give the server a certificate, set ssl = on, and reload.");
  }
  if (said("certificate authentication failed") || said("requires a valid client certificate")) {
    return problem(
        "The server's user needs a certificate with common name baton_node in "
        "~/.postgresql/postgresql.crt, and its key in postgresql.key, mode 0600.");
  }
  return said("SSL error") ? std::optional(problem("See the log of the server.")) : std::nullopt;
}

Problem ExplainTrial(const TrialFacts& facts) {
  Problem problem = Explain(facts);
  if (problem.detail.find(facts.said) == std::string::npos) problem.detail += "  " + facts.said;
  return problem;
}

}  // namespace baton::core
