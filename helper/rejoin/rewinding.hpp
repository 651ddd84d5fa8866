// The steps of a rewind.  Up to the lock they can be undone; from then on they are gone through
// again from what was kept beside the directory, with the same result.
#pragma once

#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

class Rewinding {
 public:
  explicit Rewinding(Workplace& place) : place_(place) {}

  // From an untouched directory to one that is ready.  Throws before the lock with everything
  // undone.
  void Run(const Survey& survey);
  // Goes on with a directory that was locked.
  void GoOn();

 private:
  void BringWal(const Survey& survey);
  void Recover();
  void Save(const Survey& survey);
  void Rehearse();
  void MoveAside();
  void PutBack();
  void Rewind();
  void DropWalBeyondTheFork();
  void Finish();
  RewindOptions HowToRewind(bool rehearse) const;

  Workplace& place_;
};

}  // namespace baton::helper
