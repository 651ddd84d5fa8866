// One path by which rows are written: sessions over libpq that never block, so that a server which
// hangs holds up nobody else.
#pragma once

#include <chrono>
#include <functional>
#include <libpq-fe.h>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "test/cluster/ledger.hpp"

struct pollfd;

namespace baton::test {

// Where a node is reached; the port may be a proxy's.
struct Door {
  std::string node;
  int port = 0;
};

struct WriterOptions {
  std::chrono::milliseconds interval{5};  // between two rows of a lane
  std::chrono::milliseconds retry{10};    // after a connection that did not come about
  // How long one server may take to let in, and to answer; then another one, or a new session, is
  // tried.  libpq's own limit is whole seconds, at least two.
  std::chrono::milliseconds connect_limit{500};
  std::chrono::milliseconds answer_limit{500};
  std::string user = "app";  // empty: the superuser that the servers were made by
  std::string options;       // command-line options for each session

  // Whatever the gate says: as a cluster would be that had none.
  static WriterOptions GateOff();
};

// What the lanes of one client share; all of it belongs to the client's thread.
struct Pen {
  std::function<Attempt::Moment()> now;
  std::function<std::int64_t()> next_number;
  std::function<void(const Attempt&)> note;
  Attempt::Moment last_turn{};  // when the turn before this one began
  bool writes = true;           // false: answers are awaited, and nothing is sent
};

class Lane {
 public:
  // By path kAnyNode with target_session_attrs=read-write; by any other whatever is there.
  Lane(std::string path, std::vector<Door> doors, WriterOptions options);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // What there is to do now: connect, send, take answers.
  void Turn(Pen& pen);
  // Adds what to wait for until the next turn.
  void AddWaits(std::vector<pollfd>& waits) const;
  bool AwaitsAnswers() const;
  // Notes as open what has no answer.
  void GiveUp(Pen& pen);

 private:
  using Moment = Attempt::Moment;
  struct Session;

  void Connect(Moment now);
  std::size_t DoorOf(const std::string& port) const;
  void GoOnConnecting(Moment now);
  void Send(Pen& pen);
  void Close(Moment retry_at);
  void LeaveBehind(Pen& pen);

  std::string path_;
  std::vector<Door> doors_;
  std::size_t first_door_ = 0;  // moved on from a server that hangs while it connects
  WriterOptions options_;
  std::unique_ptr<Session> session_;
  // Sessions whose answer is late.  It still counts when it comes.
  std::list<std::unique_ptr<Session>> left_behind_;
  Moment retry_at_{};
  Moment send_at_{};
};

}  // namespace baton::test
