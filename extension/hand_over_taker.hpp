// The taker's side of a hand-over: a standby that has promised to be promoted by one grant, or not
// at all.
#pragma once

#include "hand_over_board.hpp"

namespace baton {

class Taker {
 public:
  // What a predecessor of this process had promised is refused, unless it has been done.
  void Resume(core::HandOver record);

  void Handle(const hand_over::Letter& letter);
  // Goes on as far as it can; returns whether there is something to wait for.
  bool Advance();

 private:
  bool IsOpen() const;
  void Accept(const hand_over::Letter& letter);
  void Refuse(const std::string& why);
  // Whether another node is the primary already, in words; empty if none is known to be.
  std::string OtherPrimary() const;
  // Returns why not, in words.
  std::string SetSyncNames();
  void PutSyncNamesBack();
  void Promote();
  void Publish();
  void KeepOrThrow();

  core::HandOver record_;
  core::Instant deadline_{};
  core::FixedText<1024> sync_names_;
  core::Instant granted_at_{};
};

}  // namespace baton
