// The steps of a rewind.  Until pg_rewind begins to change files they can be undone, by the command
// that did them; what was broken off after the lock is gone through again from what was kept beside
// the directory, with the same result.
#pragma once

#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

class Rewinding {
 public:
  explicit Rewinding(Workplace& place) : place_(place) {}

  // From an untouched directory to one that is ready.  Throws with everything undone where
  // pg_rewind has not begun to change files.
  void Run(const Survey& survey);
  // Goes on with a directory that was locked.
  void GoOn();

 private:
  void BringWal(const Survey& survey);
  void Recover();
  void Save(const Survey& survey);
  void MoveAside();
  void PutBack();
  void Rewind();
  core::Error HalfDone(const core::Error& error) const;
  void GoBack();
  void DropWalBeyondTheFork();
  void Finish();

  Workplace& place_;
  bool can_go_back_ = false;
};

}  // namespace baton::helper
