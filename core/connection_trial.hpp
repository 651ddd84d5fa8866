// Why the connection that a standby would make did not work, from what libpq said and what the
// server itself knows of it.
#pragma once

#include <optional>
#include <string>

#include "core/hba_rules.hpp"
#include "core/password_verifier.hpp"
#include "core/problem.hpp"

namespace baton::core {

struct TrialFacts {
  std::string role;
  std::string address;  // as it was given
  std::string port;
  std::string said;  // libpq's words
  bool is_replication = false;
  bool reached = false;                 // some server answered there, whatever it said
  bool listens = false;                 // listen_addresses of the server covers the address
  std::string listen_addresses;         // in force
  std::optional<HbaRule> rule;          // that decides about it; nullopt: none fits
  std::optional<HbaRule> rule_for_tls;  // that would, with TLS
  bool server_has_tls = false;
  bool has_password = false;  // in the password file
  std::string passfile;
  VerifierKind verifier = VerifierKind::kNone;
  std::optional<bool> fits;  // whether that password is the role's
  bool can_login = true;
  bool is_expired = false;
};

// What TLS itself has against the connection; nullopt: nothing, or it has none.
std::optional<Problem> ExplainTls(const TrialFacts& facts);

// The detail has libpq's words, the hint what to do.
Problem ExplainTrial(const TrialFacts& facts);

}  // namespace baton::core
