#include "test/cluster/lane.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <poll.h>

namespace baton::test {
namespace {

// A server that answers nobody must not be given all of its sessions.
constexpr std::size_t kLeftBehindAtMost = 20;

// The name of the file that is written begins with the true timeline; the control file's may be
// older.  An ordinary user must not read pg_baton.node_name, so the server is told by its port.
constexpr const char* kInsert =
    "INSERT INTO public.ledger VALUES ({}) "
    "RETURNING pg_walfile_name(pg_current_wal_lsn()), pg_current_wal_insert_lsn()";

using ResultOwner = std::unique_ptr<PGresult, void (*)(PGresult*)>;

void FillIn(Attempt& attempt, const PGresult* answer) {
  attempt.outcome = Outcome::kAcknowledged;
  const std::string_view file = PQgetvalue(answer, 0, 0);
  std::from_chars(file.data(), file.data() + std::min<std::size_t>(8, file.size()),
                  attempt.timeline, 16);
  attempt.before_commit = core::Lsn::Parse(PQgetvalue(answer, 0, 1)).value_or(core::Lsn());
}

std::string Field(const PGresult* answer, int field) {
  const char* const text = PQresultErrorField(answer, field);
  return text == nullptr ? "" : text;
}

bool IsReady(int socket, short events) {
  pollfd wait{socket, events, 0};
  return poll(&wait, 1, 0) > 0;
}

}  // namespace

WriterOptions WriterOptions::GateOff() {
  WriterOptions options;
  options.user = "";
  options.options = "-c pg_baton.bypass_gate=on";
  return options;
}

struct Lane::Session {
  enum class Phase { kConnecting, kIdle, kBusy, kBroken };

  explicit Session(PGconn* started) : connection(started, &PQfinish) {}

  // Takes what the server has said, and notes the attempt's outcome when it is known.
  void Listen(Pen& pen) {
    const bool alive = PQconsumeInput(connection.get()) == 1;
    while (phase == Phase::kBusy && PQisBusy(connection.get()) == 0) {
      const ResultOwner answer(PQgetResult(connection.get()), &PQclear);
      if (answer == nullptr) {
        phase = PQstatus(connection.get()) == CONNECTION_OK ? Phase::kIdle : Phase::kBroken;
      } else {
        Take(answer.get(), pen);
      }
    }
    if (alive) return;
    if (phase == Phase::kBusy) Finish(pen);
    phase = Phase::kBroken;
  }

  void Take(const PGresult* answer, Pen& pen) {
    if (is_finished) return;
    if (PQresultStatus(answer) == PGRES_TUPLES_OK) {
      FillIn(attempt, answer);
      attempt.server = server;
    } else {
      attempt.sqlstate = Field(answer, PG_DIAG_SQLSTATE);
      // What ends the session may have come after the commit.
      if (Field(answer, PG_DIAG_SEVERITY_NONLOCALIZED) == "ERROR") {
        attempt.outcome = Outcome::kRefused;
      }
    }
    Finish(pen);
  }

  // With the outcome that the attempt has now.
  void Finish(Pen& pen) {
    if (is_finished) return;
    is_finished = true;
    attempt.unanswered_at = std::max(attempt.sent_at, pen.last_turn);
    attempt.ended_at = pen.now();
    pen.note(attempt);
  }

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection;
  Phase phase = Phase::kConnecting;
  PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
  std::string port;         // of the server that is connected to, or tried
  std::string server;       // its name
  Attempt::Moment since{};  // when that began
  Attempt attempt;
  bool is_finished = true;  // the attempt's outcome is noted
};

Lane::Lane(std::string path, std::vector<Door> doors, WriterOptions options)
    : path_(std::move(path)), doors_(std::move(doors)), options_(std::move(options)) {}

Lane::~Lane() = default;

void Lane::Connect(Moment now) {
  std::string hosts;
  std::string ports;
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    const Door& door = doors_[(first_door_ + i) % doors_.size()];
    hosts += i == 0 ? "127.0.0.1" : ",127.0.0.1";
    ports += fmt::format("{}{}", i == 0 ? "" : ",", door.port);
  }
  const char* const attributes = path_ == kAnyNode ? "read-write" : "any";
  const char* const keywords[] = {"host",    "port",    "dbname",     "target_session_attrs",
                                  "sslmode", "options", "gssencmode", "user",
                                  nullptr};
  const char* const values[] = {hosts.c_str(), ports.c_str(),
                                "postgres",    attributes,
                                "disable",     options_.options.c_str(),
                                "disable",     options_.user.c_str(),
                                nullptr};
  session_ = std::make_unique<Session>(PQconnectStartParams(keywords, values, 0));
  // What a server says while nobody asked it, as that it ends, is seen by the session's end.
  PQsetNoticeReceiver(
      session_->connection.get(), [](void*, const PGresult*) {}, nullptr);
  session_->since = now;
  if (PQstatus(session_->connection.get()) == CONNECTION_BAD) Close(now + options_.retry);
}

std::size_t Lane::DoorOf(const std::string& port) const {
  const auto found = std::find_if(doors_.begin(), doors_.end(), [&](const Door& door) {
    return std::to_string(door.port) == port;
  });
  return found == doors_.end() ? 0 : static_cast<std::size_t>(found - doors_.begin());
}

void Lane::GoOnConnecting(Moment now) {
  PGconn* const connection = session_->connection.get();
  while (
      IsReady(PQsocket(connection), session_->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
    session_->wants = PQconnectPoll(connection);
    if (session_->wants == PGRES_POLLING_FAILED) return Close(now + options_.retry);
    if (session_->wants == PGRES_POLLING_OK) {
      PQsetnonblocking(connection, 1);
      session_->phase = Session::Phase::kIdle;
      session_->server = doors_[DoorOf(PQport(connection))].node;
      first_door_ = 0;
      return;
    }
  }
  if (session_->port != PQport(connection)) {
    session_->port = PQport(connection);
    session_->since = now;
  }
  if (now - session_->since < options_.connect_limit) return;
  first_door_ = (DoorOf(session_->port) + 1) % doors_.size();
  Close(now);
}

void Lane::Send(Pen& pen) {
  Attempt attempt;
  attempt.number = pen.next_number();
  attempt.path = path_;
  attempt.sent_at = pen.now();
  send_at_ = attempt.sent_at + options_.interval;
  session_->attempt = attempt;
  session_->is_finished = false;
  session_->phase = Session::Phase::kBusy;
  const std::string statement = fmt::format(fmt::runtime(kInsert), attempt.number);
  PGconn* const connection = session_->connection.get();
  if (PQsendQuery(connection, statement.c_str()) == 1 && PQflush(connection) >= 0) return;
  session_->Finish(pen);
  session_->phase = Session::Phase::kBroken;
}

void Lane::Close(Moment retry_at) {
  session_.reset();
  retry_at_ = retry_at;
}

void Lane::LeaveBehind(Pen& pen) {
  // Noted as open, in case that nothing more is heard of it.
  session_->Finish(pen);
  session_->is_finished = false;
  left_behind_.push_back(std::move(session_));
}

void Lane::Turn(Pen& pen) {
  using Phase = Session::Phase;
  for (auto late = left_behind_.begin(); late != left_behind_.end();) {
    (*late)->Listen(pen);
    late = (*late)->phase == Phase::kBusy ? std::next(late) : left_behind_.erase(late);
  }
  const Moment now = pen.now();
  if (session_ == nullptr && pen.writes && now >= retry_at_) Connect(now);
  if (session_ != nullptr && session_->phase == Phase::kConnecting) GoOnConnecting(now);
  if (session_ == nullptr || session_->phase == Phase::kConnecting) return;

  session_->Listen(pen);
  // As a client does that looks for the primary; one that has a certain server stays with it.
  const bool was_refused = session_->is_finished && session_->attempt.outcome == Outcome::kRefused;
  if (session_->phase == Phase::kBroken || (was_refused && path_ == kAnyNode)) return Close(now);
  if (session_->phase == Phase::kIdle && pen.writes && now >= send_at_) Send(pen);
  if (session_->phase == Phase::kBusy && !session_->is_finished &&
      now >= session_->attempt.sent_at + options_.answer_limit &&
      left_behind_.size() < kLeftBehindAtMost) {
    LeaveBehind(pen);
  }
}

void Lane::AddWaits(std::vector<pollfd>& waits) const {
  const auto add = [&](const Session& session) {
    const bool writes =
        session.phase == Session::Phase::kConnecting && session.wants == PGRES_POLLING_WRITING;
    const short events = writes ? POLLOUT : POLLIN;
    waits.push_back({PQsocket(session.connection.get()), events, 0});
  };
  if (session_ != nullptr) add(*session_);
  for (const auto& late : left_behind_) add(*late);
}

bool Lane::AwaitsAnswers() const {
  return !left_behind_.empty() || (session_ != nullptr && !session_->is_finished);
}

void Lane::GiveUp(Pen& pen) {
  if (session_ != nullptr) session_->Finish(pen);
  for (const auto& late : left_behind_) late->Finish(pen);
  session_.reset();
  left_behind_.clear();
}

}  // namespace baton::test
