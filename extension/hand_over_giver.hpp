// The giver's side of a hand-over: demotes this primary in place and grants the promotion of
// another node.  core/hand_over.hpp has the steps and what follows from an interruption.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "auto_conf.hpp"
#include "core/error.hpp"
#include "hand_over_board.hpp"
#include "peer_session.hpp"

namespace baton {

class Giver {
 public:
  // Begins with an order on a primary.  Does not return when it comes as far as the demotion: the
  // process ends, and the server begins anew with it.  Otherwise all is undone.
  void Begin(const hand_over::Order& order);

  // Goes on with the record that a predecessor of this process left, as core::JudgeResumption says.
  void Resume(core::HandOver record);

  // What is left to do when the roles have changed; returns whether there may be more.
  bool TidyUp();

 private:
  static constexpr const char* kKind = "hand-over";
  // Keeps the WAL that is still to be archived when the server has become a standby.
  static constexpr const char* kArchiveSlot = "baton_archive";
  static constexpr auto kTurn = std::chrono::milliseconds(10);

  // As the primary.
  void Prepare();
  void ChangeSettings();
  void HoldUnarchived();
  void Offer();
  void Close();
  void EndSessions();
  void Flush();
  void Signal();
  void Demote();
  void Recheck();
  void Restart();
  void Undo(const std::string& why);

  // As a standby.
  void Abandon();
  void GoOnAsStandby();
  std::string YieldedTo() const;
  void Grant();
  void LearnOutcome(bool may_have_it);
  void FollowTaker();
  bool StreamFrom(const std::string& conninfo);  // false: it does not come about
  bool IsElsewhere() const;
  void TakeBack(const std::string& why);
  void FollowNextPrimary();

  // As either.
  void Step(core::HandOverStep step);
  void EndStep();
  void Publish();
  void Keep();
  void Finish(core::HandOverOutcome outcome, const std::string& reason);
  std::vector<SettingChange> RecoverySettingsBefore() const;
  void PutSettingsBack();
  void Revoke();
  core::HandOver Said(core::HandOverMessage message, std::chrono::milliseconds limit);
  void WaitFor(std::chrono::milliseconds limit, const std::string& otherwise,
               const std::function<bool()>& done);
  static void Pause(std::chrono::milliseconds turn);
  static void Log(const std::string& message, const std::string& detail = "",
                  const std::string& hint = "");

  core::HandOver record_;
  std::unique_ptr<PeerSession> taker_;
  bool asked_taker_ = false;  // it may have got the grant
};

}  // namespace baton
