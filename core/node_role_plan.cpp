#include "core/node_role_plan.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

// Each node has a walreceiver, an observer and the commands of a person there; what is left over
// from a link that broke counts until it is noticed.
constexpr int kConnectionLimit = 300;
constexpr int kLeastConnections = 20;

constexpr const char* kHint =
    "Take its line from the password file of another node, give it with --ask-node-password, or "
    "let --new-password set another one, which every node then needs.";

bool IsTooFew(int limit) { return limit >= 0 && limit < kLeastConnections; }

void PlanPassword(const NodeRoleFacts& role, const NodePasswordFacts& password,
                  NodeRolePlan& plan) {
  if (!password.is_needed && !password.new_asked_for && !password.was_typed) return;
  const bool has_one = role.exists && role.verifier != VerifierKind::kNone;
  if (password.new_asked_for || !has_one) {
    plan.sets_password = true;
    plan.makes_password = password.new_asked_for ? !password.was_typed : !password.is_known;
    if (has_one) plan.why_password = "as it was asked for";
    return;
  }
  if (!password.is_known) {
    plan.problems.push_back(
        {fmt::format("the password of role \"{}\" is not known here", role.name),
         fmt::format("The role has one, which other nodes may use, and \"{}\" has none for it.",
                     password.passfile),
         kHint});
    return;
  }
  if (password.fits == false) {
    plan.problems.push_back(
        {password.was_typed
             ? fmt::format("the password that was typed is not that of role \"{}\"", role.name)
             : fmt::format("the password in \"{}\" is not that of role \"{}\"", password.passfile,
                           role.name),
         "It is left alone, since other nodes may use it.", kHint});
    return;
  }
  if (role.verifier == VerifierKind::kMd5 && password.fits == true) {
    plan.sets_password = true;
    plan.why_password = "the same one, as SCRAM instead of MD5";
  }
}

// How to put back what the plan changes; another password can't be.
std::vector<std::string> Before(const NodeRoleFacts& role, const NodeRolePlan& plan) {
  std::vector<std::string> before;
  if (!role.can_login) before.emplace_back("NOLOGIN");
  if (!role.can_replicate) before.emplace_back("NOREPLICATION");
  if (IsTooFew(role.connection_limit)) {
    before.push_back(fmt::format("CONNECTION LIMIT {}", role.connection_limit));
  }
  if (role.is_expired) before.push_back(fmt::format("VALID UNTIL '{}'", role.valid_until));
  if (plan.sets_password && role.verifier == VerifierKind::kNone) {
    before.emplace_back("PASSWORD NULL");
  }
  return before;
}

}  // namespace

NodeRolePlan PlanNodeRole(const NodeRoleFacts& role, const NodePasswordFacts& password) {
  NodeRolePlan plan;
  plan.creates = !role.exists;
  if (!role.can_login) plan.attributes.emplace_back("LOGIN");
  if (!role.can_replicate) plan.attributes.emplace_back("REPLICATION");
  if (!role.exists || IsTooFew(role.connection_limit)) {
    plan.attributes.push_back(fmt::format("CONNECTION LIMIT {}", kConnectionLimit));
  }
  if (role.is_expired) plan.attributes.emplace_back("VALID UNTIL 'infinity'");
  PlanPassword(role, password, plan);
  if (role.exists) plan.before = Before(role, plan);
  return plan;
}

}  // namespace baton::core
