// Questions to other servers over libpq, many at a time, in any process of the server.  Nothing
// here blocks but the look-up of a host's name; waiting is cut short by a cancel or a terminate.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/promotion.hpp"

namespace baton {

// One connection to one peer: connects, then runs one statement at a time.
class PeerSession {
 public:
  enum class State { kConnecting, kIdle, kAsking, kFailed };
  using Row = std::vector<std::string>;  // NULL is ""
  enum class Login {
    kNode,  // as baton_node whatever the string says, with the password file of pg_baton.passfile
    kStandby,  // for replication, with nothing but the string, as a WAL receiver
  };

  // Begins to connect with this string.
  PeerSession(std::string name, const std::string& conninfo, Login login = Login::kNode);
  ~PeerSession();
  PeerSession(const PeerSession&) = delete;
  PeerSession& operator=(const PeerSession&) = delete;

  void Ask(const char* sql);  // only when idle
  // Goes on as far as it can without waiting.
  void Advance();

  const std::string& name() const { return name_; }
  State state() const { return state_; }
  // The last answer; empty while there is none.
  const std::vector<Row>& rows() const { return rows_; }
  const std::string& error() const { return error_; }
  // Whether a server's process took the connection; true also where it then failed or went mute.
  bool reached() const { return reached_; }
  // Whether a question may have gone out.
  bool has_asked() const { return has_asked_; }
  // What kind of silence a failure is.
  core::PeerAnswer::Kind failure() const { return failure_; }
  int socket() const;
  // While connecting, libpq wants to hear of the one thing only that it waits for.
  bool wants_write() const { return wants_write_; }
  bool wants_read() const { return state_ != State::kConnecting || !wants_write_; }

 private:
  void Connect();
  void Fail();
  void NoteHowFar();

  std::string name_;
  std::string conninfo_;
  Login login_;
  bool by_reserve_ = false;  // the ordinary connection was refused
  State state_ = State::kConnecting;
  bool holds_descriptor_ = false;
  bool wants_write_ = true;
  bool reached_ = false;
  bool has_asked_ = false;
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
  std::vector<Row> rows_;
  std::string error_;
  core::PeerAnswer::Kind failure_ = core::PeerAnswer::Kind::kSilent;
};

using PeerSessions = std::vector<std::unique_ptr<PeerSession>>;

// Waits until one of the sessions can go on, `limit` at most, and lets all of them go on.
// Interruptible.
void AdvanceAll(const std::vector<PeerSession*>& sessions, std::chrono::milliseconds limit);
// The same, 10 ms at most.
void AdvanceAll(PeerSessions& sessions);

// Connects if need be, asks, and waits for the answer, `limit` at most for all of it.  Returns
// whether there is one; if not, the session is of no use any more.  Interruptible.
bool AskWithin(PeerSession& session, const std::string& question, std::chrono::milliseconds limit);
// The same, but throws kFailed without an answer.
std::vector<PeerSession::Row> AskAndWait(PeerSession& session, const std::string& question,
                                         std::chrono::milliseconds limit);

}  // namespace baton
