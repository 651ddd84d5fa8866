#include "peer_session.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>

#include "conninfo.hpp"
#include "core/error.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"

namespace baton {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(10);

std::string LastLine(const char* message) {
  std::string text = message == nullptr ? "" : message;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::erase(text, '\t');
  return text;
}

}  // namespace

PeerSession::PeerSession(std::string name, const std::string& conninfo, Login login)
    : name_(std::move(name)), conninfo_(conninfo), login_(login), connection_(nullptr, &PQfinish) {
  holds_descriptor_ = AcquireExternalFD();
  if (!holds_descriptor_) {
    state_ = State::kFailed;
    error_ = "too many open files";
    return;
  }
  Connect();
}

void PeerSession::Connect() {
  const std::string passfile = setting::Passfile();
  // What comes after the string counts over what is in it.
  const char* const keywords[] = {"dbname",   "user",        "options", "fallback_application_name",
                                  "passfile", "replication", nullptr};
  // An empty value is as good as none.
  const char* const values[] = {conninfo_.c_str(),
                                kNodeRole,
                                "-csearch_path= -cidle_session_timeout=0",
                                "pg_baton",
                                passfile.empty() ? nullptr : passfile.c_str(),
                                by_reserve_ ? "database" : nullptr,
                                nullptr};
  // As in src/backend/replication/libpqwalreceiver/libpqwalreceiver.c; the second dbname is for the
  // password file, and is not looked into.
  const char* const standby_keywords[] = {"dbname", "replication", "dbname",
                                          "fallback_application_name", nullptr};
  const char* const standby_values[] = {conninfo_.c_str(), "true", "replication", "walreceiver",
                                        nullptr};
  const bool as_node = login_ == Login::kNode;
  wants_write_ = true;
  connection_.reset(PQconnectStartParams(as_node ? keywords : standby_keywords,
                                         as_node ? values : standby_values, 1));
  if (connection_ == nullptr || PQstatus(connection_.get()) == CONNECTION_BAD) Fail();
}

PeerSession::~PeerSession() {
  connection_.reset();
  if (holds_descriptor_) ReleaseExternalFD();
}

int PeerSession::socket() const {
  return connection_ == nullptr ? -1 : PQsocket(connection_.get());
}

void PeerSession::Fail() {
  // A server whose connections are all taken still has some for replication, which have places of
  // their own; and it is just after a failover that clients take all the others.
  if (login_ == Login::kNode && state_ == State::kConnecting && reached_ && !by_reserve_) {
    by_reserve_ = true;
    return Connect();
  }
  state_ = State::kFailed;
  error_ = LastLine(connection_ == nullptr ? "out of memory" : PQerrorMessage(connection_.get()));
  const bool refused_by_host = error_.find("Connection refused") != std::string::npos ||
                               error_.find("No such file") != std::string::npos;
  if (reached_) {
    failure_ = core::PeerAnswer::Kind::kReached;
  } else {
    failure_ = refused_by_host ? core::PeerAnswer::Kind::kAbsent : core::PeerAnswer::Kind::kSilent;
  }
}

void PeerSession::Ask(const char* sql) {
  if (state_ != State::kIdle) return;
  rows_.clear();
  PQsetnonblocking(connection_.get(), 1);
  has_asked_ = true;
  if (PQsendQuery(connection_.get(), sql) == 0) return Fail();
  state_ = State::kAsking;
  wants_write_ = PQflush(connection_.get()) == 1;
}

// Behind an open connection there is a process, whatever it says and in whatever language; a
// stopped one says nothing at all.
void PeerSession::NoteHowFar() {
  switch (PQstatus(connection_.get())) {
    case CONNECTION_OK:
    case CONNECTION_MADE:
    case CONNECTION_AWAITING_RESPONSE:
    case CONNECTION_AUTH_OK:
    case CONNECTION_SSL_STARTUP:
      reached_ = true;
      return;
    default:
      return;
  }
}

void PeerSession::Advance() {
  if (state_ == State::kConnecting) {
    const PostgresPollingStatusType progress = PQconnectPoll(connection_.get());
    NoteHowFar();
    switch (progress) {
      case PGRES_POLLING_OK:
        state_ = State::kIdle;
        wants_write_ = false;
        return;
      case PGRES_POLLING_FAILED:
        return Fail();
      case PGRES_POLLING_WRITING:
        wants_write_ = true;
        return;
      default:
        wants_write_ = false;
        return;
    }
  }
  if (state_ == State::kFailed) return;
  if (PQconsumeInput(connection_.get()) == 0) return Fail();
  if (state_ == State::kIdle) return;
  wants_write_ = PQflush(connection_.get()) == 1;
  while (PQisBusy(connection_.get()) == 0) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQgetResult(connection_.get()),
                                                                &PQclear);
    if (result == nullptr) {
      state_ = State::kIdle;
      return;
    }
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return Fail();
    for (int r = 0; r < PQntuples(result.get()); ++r) {
      Row& row = rows_.emplace_back();
      for (int c = 0; c < PQnfields(result.get()); ++c) {
        row.emplace_back(PQgetvalue(result.get(), r, c));
      }
    }
  }
}

void AdvanceAll(const std::vector<PeerSession*>& sessions, std::chrono::milliseconds limit) {
  std::vector<pollfd> waits;
  std::vector<PeerSession*> waiting;
  for (PeerSession* const session : sessions) {
    const auto state = session->state();
    if (state != PeerSession::State::kConnecting && state != PeerSession::State::kAsking) continue;
    const int events =
        (session->wants_read() ? POLLIN : 0) | (session->wants_write() ? POLLOUT : 0);
    waits.push_back({session->socket(), static_cast<short>(events), 0});
    waiting.push_back(session);
  }
  poll(waits.data(), waits.size(), static_cast<int>(limit.count()));
  pg::Call([] { CHECK_FOR_INTERRUPTS(); });
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waits[i].revents != 0) waiting[i]->Advance();
  }
}

void AdvanceAll(PeerSessions& sessions) {
  std::vector<PeerSession*> all;
  for (const auto& session : sessions) all.push_back(session.get());
  AdvanceAll(all, kTurn);
}

bool AskWithin(PeerSession& session, const std::string& question, std::chrono::milliseconds limit) {
  using State = PeerSession::State;
  const core::Instant end = pg::Now() + limit;
  const auto is_idle_in_time = [&] {
    while (session.state() == State::kConnecting || session.state() == State::kAsking) {
      if (pg::Now() >= end) return false;
      AdvanceAll({&session}, kTurn);
    }
    return session.state() == State::kIdle;
  };
  if (!is_idle_in_time()) return false;
  session.Ask(question.c_str());
  return is_idle_in_time();
}

std::vector<PeerSession::Row> AskAndWait(PeerSession& session, const std::string& question,
                                         std::chrono::milliseconds limit) {
  if (AskWithin(session, question, limit)) return session.rows();
  throw core::Error(
      core::ErrorCode::kFailed,
      session.state() == PeerSession::State::kFailed
          ? fmt::format("node \"{}\" cannot be asked: {}", session.name(), session.error())
          : fmt::format("node \"{}\" does not answer", session.name()));
}

}  // namespace baton
