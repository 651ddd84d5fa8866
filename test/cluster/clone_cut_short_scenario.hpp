// What scenarios about a clone that is cut short share: it stands still at one of its steps, so
// that something can happen to it there, and afterwards the same command is run again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "test/cluster/clone_interrupted_scenario.hpp"
#include "test/cluster/pausing_program.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {

// In the order in which a clone comes to them.
enum class CutMoment {
  kLooking,      // nothing is made yet
  kCopying,      // the slot is there, pg_basebackup is about to start
  kHalfWay,      // of the copy
  kCopied,       // nothing is configured
  kConfiguring,  // without standby.signal yet
  kConfigured,   // still locked
  kWhole,        // about to be registered
  kStarting,
  kStarted,  // pg_ctl has not ended yet
  kWaiting,  // the server runs, and does not stream
};
std::vector<CutMoment> AllMoments();
std::string NameOf(CutMoment moment);

//   a (primary) <-- network <--clone-- b
class CloneCutShort : public CloneInterruptedScenario {
 protected:
  CloneCutShort();
  ~CloneCutShort() override;

  // Starts a clone, which stands still at that moment when this returns.
  void BeginUntil(CutMoment moment);
  // The two parts of it, for those who start it by themselves.
  void PrepareFor(CutMoment moment);
  bool IsThere();
  void GoOn();
  int ExitCode();  // waits for the end

  // What the clone has come to at its moment.
  bool IsWhole() const { return moment_ >= CutMoment::kWhole; }
  bool IsRunning() const { return moment_ >= CutMoment::kStarted; }
  bool SaysThatItsSlotMightBeLeft() const;

  // Besides these slots: registry and role are as they were, or have the node if it was registered.
  void ExpectAtTheSource(const std::string& slots) const;
  // A server starts from b's directory as a standby, where that is whole, or not at all.
  void ExpectNoPrimaryStarts();
  // The same command, with nobody in its way, brings a standby that streams and has all rows.
  void ExpectItGoesOn();

  void InsertRows() const;  // that have come to b when this is said:
  void ExpectAllIsThere() const;

  // The folder beside b's directory, with the lock and the note.
  fs::path note() const { return b_.data().string() + ".pg_baton_clone"; }

  // Of --bindir.
  std::string programs() const {
    return programs_ ? programs_->bindir() : Cluster::bindir().string();
  }

  Proxy network_{a_.port()};
  pid_t clone_ = 0;

 private:
  std::vector<std::string> Arguments() const;
  std::string Role() const;
  bool GetsToWaiting();
  void ExpectAStandbyStarts();

  CutMoment moment_ = CutMoment::kLooking;
  std::optional<PausingProgram> programs_;
  std::string role_;
};

}  // namespace baton::test
