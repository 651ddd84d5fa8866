#include "core/hand_over.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

HandOver Giving(HandOverStep step) {
  HandOver record;
  record.id = 0x1234;
  record.is_giver = true;
  record.step = step;
  record.peer = "b";
  return record;
}

HandOver Taking(TakerState state) {
  HandOver record;
  record.id = 0x1234;
  record.taker = state;
  record.peer = "a";
  return record;
}

TEST(HandOverRecord, ComesBackFromItsFile) {
  HandOver record = Giving(HandOverStep::kGrant);
  record.is_demotion = true;
  record.promotes_again = true;
  record.settings_changed = true;
  record.taker = TakerState::kGranted;
  record.timeline = 7;
  record.flushed = Lsn(100);
  record.end = Lsn(0x500000100);
  record.reason = "it's \"so\"";
  record.took_us[2] = 1500;
  record.restore_command = {true, "cp /a/%f \"%p\""};
  record.primary_conninfo = {true, ""};
  record.own_conninfo = "host=b";
  record.server_started = 77;
  record.sync_names = {true, "FIRST 1 (\"b c\")"};
  record.sync_names_here = "a";

  const auto read = HandOverFromFile(HandOverToFile(record, "a/1"), "a/1");
  ASSERT_TRUE(read);
  EXPECT_EQ(HandOverToFile(*read, "a/1"), HandOverToFile(record, "a/1"));
  EXPECT_EQ(read->restore_command.value.view(), "cp /a/%f \"%p\"");
  EXPECT_TRUE(read->primary_conninfo.was_set);
  EXPECT_FALSE(read->init_sync_method.was_set);
  EXPECT_EQ(read->end, Lsn(0x500000100));
}

TEST(HandOverRecord, OfAnEarlierVersionIsRead) {
  std::string text = HandOverToFile(Taking(TakerState::kBegun), "b/1");
  for (const char* const line : {",\n \"synchronous_standby_names\": null",
                                 ",\n \"synchronous_standby_names_here\": \"\""}) {
    ASSERT_NE(text.find(line), std::string::npos) << text;
    text.erase(text.find(line), std::string_view(line).size());
  }
  const auto read = HandOverFromFile(text, "b/1");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->taker, TakerState::kBegun);
  EXPECT_FALSE(read->sync_names.was_set);
}

TEST(HandOverRecord, OfAnotherNodeOrDamagedIsNone) {
  const std::string text = HandOverToFile(Giving(HandOverStep::kGrant), "a/1");
  EXPECT_FALSE(HandOverFromFile(text, "b/1"));
  EXPECT_FALSE(HandOverFromFile(text.substr(0, text.size() / 2), "a/1"));
  EXPECT_FALSE(HandOverFromFile("", "a/1"));
  EXPECT_FALSE(HandOverFromFile("[1]", "a/1"));
  EXPECT_FALSE(HandOverFromFile("{\"owner\":\"a/1\"}", "a/1"));
}

TEST(HandOverId, IsSixteenDigits) {
  EXPECT_EQ(IdText(0xABC), "0000000000000abc");
  EXPECT_EQ(IdOf("0000000000000abc"), 0xABCU);
  EXPECT_FALSE(IdOf("abc"));
  EXPECT_FALSE(IdOf("0000000000000000"));
  EXPECT_FALSE(IdOf("000000000000000g"));
}

TEST(HandOverNames, AreThereForEachStepStateAndMessage) {
  for (std::size_t i = 0; i < kHandOverSteps; ++i) {
    const auto step = static_cast<HandOverStep>(i);
    EXPECT_EQ(HandOverStepOf(HandOverStepName(step)), step);
  }
  EXPECT_EQ(TakerStateOf(TakerStateName(TakerState::kRefused)), TakerState::kRefused);
  EXPECT_EQ(TakerStateOf("anything"), TakerState::kNone);
  for (const HandOverMessage message : {HandOverMessage::kOffer, HandOverMessage::kGrant,
                                        HandOverMessage::kAsk, HandOverMessage::kRevoke}) {
    EXPECT_EQ(HandOverMessageOf(HandOverMessageName(message)), message);
  }
  EXPECT_FALSE(HandOverMessageOf("anything"));
}

TEST(HandOverSteps, AreToldWithWhatTheyTook) {
  HandOver record = Giving(HandOverStep::kClose);
  EXPECT_EQ(StepsText(record), "");
  record.took_us[0] = 12'400;
  record.took_us[2] = 1;
  EXPECT_EQ(StepsText(record), "prepare 12 ms, close 0 ms");
}

TEST(HandOverResumption, OfAGiverDependsOnHowFarItWas) {
  EXPECT_EQ(JudgeResumption(HandOver{}, false), Resumption::kNothing);
  for (const HandOverStep step : {HandOverStep::kPrepare, HandOverStep::kFlush,
                                  HandOverStep::kSignal, HandOverStep::kDemote}) {
    EXPECT_EQ(JudgeResumption(Giving(step), false), Resumption::kUndo);
  }
  EXPECT_EQ(JudgeResumption(Giving(HandOverStep::kFlush), true), Resumption::kAbandoned)
      << "a rejoin made it a standby";
  for (const HandOverStep step :
       {HandOverStep::kSignal, HandOverStep::kDemote, HandOverStep::kGrant}) {
    EXPECT_EQ(JudgeResumption(Giving(step), true, true), Resumption::kAbandoned);
  }
  for (const HandOverStep step : {HandOverStep::kSignal, HandOverStep::kDemote}) {
    EXPECT_EQ(JudgeResumption(Giving(step), true), Resumption::kGoOn);
  }
  EXPECT_EQ(JudgeResumption(Giving(HandOverStep::kGrant), true), Resumption::kLearnOutcome);
  EXPECT_EQ(JudgeResumption(Giving(HandOverStep::kPromote), true), Resumption::kFollow);
  EXPECT_EQ(JudgeResumption(Giving(HandOverStep::kFollow), true), Resumption::kFollow);
  HandOver demoted = Giving(HandOverStep::kGrant);
  demoted.end = Lsn(100);
  EXPECT_EQ(JudgeResumption(demoted, false), Resumption::kTakenBack);
  HandOver over = Giving(HandOverStep::kGrant);
  over.outcome = HandOverOutcome::kDone;
  EXPECT_EQ(JudgeResumption(over, true), Resumption::kNothing);
}

TEST(HandOverResumption, OfATakerRefusesWhatItHadPromised) {
  EXPECT_EQ(JudgeResumption(Taking(TakerState::kGranted), true), Resumption::kRefuse);
  EXPECT_EQ(JudgeResumption(Taking(TakerState::kBegun), true), Resumption::kRefuse);
  EXPECT_EQ(JudgeResumption(Taking(TakerState::kBegun), false), Resumption::kPromoted);
  EXPECT_EQ(JudgeResumption(Taking(TakerState::kGranted), false), Resumption::kRefuse)
      << "somebody else has promoted it";
}

class HandOverMessages : public testing::Test {
 protected:
  HandOverMessages() {
    facts_.is_standby = true;
    facts_.now = 100s;
    facts_.deadline = 160s;
  }
  TakerState Judge(HandOverMessage message) const { return JudgeMessage(message, facts_).state; }

  TakerFacts facts_;
};

TEST_F(HandOverMessages, AnOfferIsTakenByAFreeStandbyAlone) {
  EXPECT_EQ(Judge(HandOverMessage::kOffer), TakerState::kOffered);
  facts_.state = TakerState::kOffered;
  EXPECT_EQ(Judge(HandOverMessage::kOffer), TakerState::kRefused);
  facts_.now = 160s;
  EXPECT_EQ(Judge(HandOverMessage::kOffer), TakerState::kOffered) << "the other one is over";
  facts_.promoting = true;
  EXPECT_EQ(Judge(HandOverMessage::kOffer), TakerState::kRefused);
  facts_.promoting = false;
  facts_.is_standby = false;
  EXPECT_EQ(Judge(HandOverMessage::kOffer), TakerState::kRefused);
}

TEST_F(HandOverMessages, AGrantCountsInTimeAndAfterItsOffer) {
  facts_.same_id = true;
  facts_.state = TakerState::kOffered;
  EXPECT_EQ(Judge(HandOverMessage::kGrant), TakerState::kGranted);
  facts_.now = 160s;
  EXPECT_EQ(Judge(HandOverMessage::kGrant), TakerState::kRefused);
  facts_.state = TakerState::kBegun;
  EXPECT_EQ(Judge(HandOverMessage::kGrant), TakerState::kBegun) << "said twice";
  facts_.state = TakerState::kRefused;
  EXPECT_EQ(Judge(HandOverMessage::kGrant), TakerState::kRefused);
  facts_.same_id = false;
  EXPECT_THAT(JudgeMessage(HandOverMessage::kGrant, facts_).reason,
              StartsWith("it does not know of"));
}

TEST_F(HandOverMessages, WhatHasBegunIsNotTakenBack) {
  facts_.same_id = true;
  for (const TakerState state : {TakerState::kOffered, TakerState::kGranted}) {
    facts_.state = state;
    EXPECT_EQ(Judge(HandOverMessage::kRevoke), TakerState::kRefused);
    EXPECT_EQ(Judge(HandOverMessage::kAsk), state);
  }
  for (const TakerState state : {TakerState::kBegun, TakerState::kPromoted, TakerState::kRefused}) {
    facts_.state = state;
    EXPECT_EQ(Judge(HandOverMessage::kRevoke), state);
  }
}

PeerAnswer Answering(Role role, TimelineId timeline) {
  PeerAnswer answer;
  answer.kind = PeerAnswer::Kind::kAnswered;
  answer.row.role = role;
  answer.row.timeline = timeline;
  return answer;
}

TEST(HandOverTakingBack, IsNotWhereAnotherHasTheBaton) {
  TakingBackFacts facts;
  facts.timeline = 3;
  facts.peers = {Answering(Role::kStandby, 3)};
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kPromote);
  facts.peers.push_back(Answering(Role::kPrimary, 3));
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kFollow);
  facts.peers = {Answering(Role::kStandby, 4)};
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kFollow) << "it follows one";
  facts.peers = {Answering(Role::kStandby, 3)};
  facts.peers[0].row.promoting = true;
  facts.waited_enough = true;
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kWait) << "it may be refused, and nobody be left";
}

TEST(HandOverTakingBack, WaitsForTheSilentOnlyAfterARestart) {
  TakingBackFacts facts;
  facts.timeline = 3;
  facts.peers.emplace_back();
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kPromote);
  facts.restarted = true;
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kWait);
  facts.peers[0].kind = PeerAnswer::Kind::kAbsent;
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kWait) << "it may have been promoted before";
  facts.waited_enough = true;
  EXPECT_EQ(JudgeTakingBack(facts), TakingBack::kPromote);
}

}  // namespace
}  // namespace baton::core
