#include "core/node_role_plan.hpp"

#include <gmock/gmock.h>

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

NodeRoleFacts Whole() {
  return {"baton_node", true, true, true, false, 300, "", VerifierKind::kScram};
}

NodePasswordFacts Stored(std::optional<bool> fits) {
  return {"/home/.pgpass", true, false, fits, false};
}

TEST(PlanNodeRole, MakesARoleThatIsNotThere) {
  NodeRoleFacts role;
  role.name = "baton_node";

  const NodeRolePlan plan = PlanNodeRole(role, {});

  EXPECT_TRUE(plan.creates);
  EXPECT_THAT(plan.attributes, ElementsAre("LOGIN", "REPLICATION", "CONNECTION LIMIT 300"));
  EXPECT_TRUE(plan.sets_password);
  EXPECT_TRUE(plan.makes_password);
}

TEST(PlanNodeRole, UsesThePasswordOfTheFileForANewRole) {
  NodeRoleFacts role;

  const NodeRolePlan plan = PlanNodeRole(role, Stored(std::nullopt));

  EXPECT_TRUE(plan.sets_password);
  EXPECT_FALSE(plan.makes_password);
}

TEST(PlanNodeRole, MakesNoPasswordWhereCertificatesDo) {
  NodePasswordFacts password;
  password.is_needed = false;

  const NodeRolePlan fresh = PlanNodeRole({}, password);
  const NodeRolePlan known = PlanNodeRole(Whole(), password);
  password.new_asked_for = true;
  const NodeRolePlan asked = PlanNodeRole(Whole(), password);

  EXPECT_TRUE(fresh.creates);
  EXPECT_FALSE(fresh.sets_password);
  EXPECT_THAT(known.problems, IsEmpty());
  EXPECT_FALSE(known.sets_password);
  EXPECT_TRUE(asked.makes_password);
}

TEST(PlanNodeRole, LeavesAWholeRoleAlone) {
  for (const std::optional<bool> fits : {std::optional<bool>(true), std::optional<bool>()}) {
    const NodeRolePlan plan = PlanNodeRole(Whole(), Stored(fits));

    EXPECT_FALSE(plan.creates);
    EXPECT_THAT(plan.attributes, IsEmpty());
    EXPECT_FALSE(plan.sets_password);
    EXPECT_THAT(plan.problems, IsEmpty());
  }
}

TEST(PlanNodeRole, AddsWhatARoleLacks) {
  NodeRoleFacts role = Whole();
  role.can_login = false;
  role.can_replicate = false;
  role.is_expired = true;
  role.connection_limit = 2;

  EXPECT_THAT(
      PlanNodeRole(role, Stored(true)).attributes,
      ElementsAre("LOGIN", "REPLICATION", "CONNECTION LIMIT 300", "VALID UNTIL 'infinity'"));
}

TEST(PlanNodeRole, KnowsHowToPutThatBack) {
  NodeRoleFacts role = Whole();
  EXPECT_THAT(PlanNodeRole(role, Stored(true)).before, IsEmpty());

  role.can_login = false;
  role.can_replicate = false;
  role.is_expired = true;
  role.valid_until = "2020-01-01 00:00:00+00";
  role.connection_limit = 2;
  role.verifier = VerifierKind::kNone;

  EXPECT_THAT(PlanNodeRole(role, Stored(std::nullopt)).before,
              ElementsAre("NOLOGIN", "NOREPLICATION", "CONNECTION LIMIT 2",
                          "VALID UNTIL '2020-01-01 00:00:00+00'", "PASSWORD NULL"));
}

TEST(PlanNodeRole, LeavesALimitThatIsHighEnough) {
  NodeRoleFacts role = Whole();
  for (const int limit : {-1, 20, 1000}) {
    role.connection_limit = limit;
    EXPECT_THAT(PlanNodeRole(role, Stored(true)).attributes, IsEmpty()) << limit;
  }
}

TEST(PlanNodeRole, DoesNotReplaceAPasswordThatOthersMayUse) {
  NodePasswordFacts none;
  none.passfile = "/home/.pgpass";
  const std::string hint =
      "Take its line from the password file of another node, give it with --ask-node-password, or "
      "let --new-password set another one, which every node then needs.";

  EXPECT_THAT(
      PlanNodeRole(Whole(), none).problems,
      ElementsAre(Problem{
          "the password of role \"baton_node\" is not known here",
          "The role has one, which other nodes may use, and \"/home/.pgpass\" has none for it.",
          hint}));
  EXPECT_THAT(
      PlanNodeRole(Whole(), Stored(false)).problems,
      ElementsAre(Problem{"the password in \"/home/.pgpass\" is not that of role \"baton_node\"",
                          "It is left alone, since other nodes may use it.", hint}));
  NodePasswordFacts typed = Stored(false);
  typed.was_typed = true;
  EXPECT_THAT(PlanNodeRole(Whole(), typed).problems,
              ElementsAre(Problem{"the password that was typed is not that of role \"baton_node\"",
                                  "It is left alone, since other nodes may use it.", hint}));
}

TEST(PlanNodeRole, SetsANewPasswordWhereItIsAskedFor) {
  NodePasswordFacts password = Stored(true);
  password.new_asked_for = true;

  EXPECT_TRUE(PlanNodeRole(Whole(), password).makes_password);
  EXPECT_TRUE(PlanNodeRole(Whole(), password).sets_password);
  EXPECT_EQ(PlanNodeRole(Whole(), password).why_password, "as it was asked for");

  password.was_typed = true;
  password.fits = false;
  EXPECT_FALSE(PlanNodeRole(Whole(), password).makes_password);
  EXPECT_TRUE(PlanNodeRole(Whole(), password).sets_password);
  EXPECT_THAT(PlanNodeRole(Whole(), password).problems, IsEmpty());
}

TEST(PlanNodeRole, StoresAnMd5PasswordAsScramWhereItIsKnown) {
  NodeRoleFacts role = Whole();
  role.verifier = VerifierKind::kMd5;

  const NodeRolePlan plan = PlanNodeRole(role, Stored(true));

  EXPECT_TRUE(plan.sets_password);
  EXPECT_FALSE(plan.makes_password);
  EXPECT_EQ(plan.why_password, "the same one, as SCRAM instead of MD5");
}

}  // namespace
}  // namespace baton::core
