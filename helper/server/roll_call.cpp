#include "helper/server/roll_call.hpp"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <memory>
#include <mutex>
#include <poll.h>
#include <thread>

#include "helper/server/connection.hpp"
#include "helper/server/trace.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Handle = std::unique_ptr<PGconn, void (*)(PGconn*)>;

constexpr auto kAskAgainAfter = 200ms;

std::string OneLine(const char* message) {
  std::string text = message == nullptr ? "out of memory" : message;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::erase(text, '\t');
  return text;
}

// Waits until the socket is ready for that; false when the time is over.
bool Await(int socket, short events, Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  if (left <= 0ms) return false;
  pollfd wait{socket, events, 0};
  return poll(&wait, 1, static_cast<int>(left.count())) != 0;
}

// One server, in a thread of its own.
class Call {
 public:
  Call(Parameters server, std::string statements, Clock::time_point end)
      : server_(std::move(server)), statements_(std::move(statements)), end_(end) {}

  RollCallAnswer Make() {
    for (;;) {
      if (Connect(false)) return Ask();
      // A server whose connections are all taken has some for replication, of their own.
      if (reached_ && Connect(true)) return Ask();
      if (!reached_ || Clock::now() + kAskAgainAfter >= end_ || !IsStarting()) return answer_;
      std::this_thread::sleep_for(kAskAgainAfter);
    }
  }

 private:
  bool Fail(const std::string& error) {
    answer_.error = error;
    return false;
  }

  bool Connect(bool by_reserve) {
    Parameters parameters = server_;
    if (by_reserve) parameters["replication"] = "database";
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
      return Fail(OneLine(PQerrorMessage(connection_.get())));
    }
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    while (wanted == PGRES_POLLING_READING || wanted == PGRES_POLLING_WRITING) {
      const short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      if (!Await(PQsocket(connection_.get()), events, end_)) return Fail("no answer in time");
      wanted = PQconnectPoll(connection_.get());
      NoteHowFar();
    }
    if (wanted != PGRES_POLLING_OK) return Fail(OneLine(PQerrorMessage(connection_.get())));
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    return true;
  }

  void NoteHowFar() {
    const ConnStatusType status = PQstatus(connection_.get());
    reached_ = reached_ || status == CONNECTION_OK || status == CONNECTION_MADE ||
               status == CONNECTION_AWAITING_RESPONSE || status == CONNECTION_AUTH_OK ||
               status == CONNECTION_SSL_STARTUP;
  }

  bool IsStarting() const { return LookForServer(server_, 2s) == Presence::kRejects; }

  // By the simple protocol: a connection for replication knows no other.
  RollCallAnswer Ask() {
    PGconn* const connection = connection_.get();
    if (PQsendQuery(connection, statements_.c_str()) == 0) {
      return Failed(OneLine(PQerrorMessage(connection)));
    }
    for (;;) {
      while (PQisBusy(connection) != 0) {
        if (!Await(PQsocket(connection), POLLIN, end_)) return Failed("no answer in time");
        if (PQconsumeInput(connection) == 0) return Failed(OneLine(PQerrorMessage(connection)));
      }
      const Result result(PQgetResult(connection));
      if (result.get() == nullptr) break;
      if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
        return Failed(OneLine(PQresultErrorMessage(result.get())));
      }
      auto& rows = answer_.rows.emplace_back();
      for (int r = 0; r < result.rows(); ++r) {
        auto& row = rows.emplace_back();
        for (int c = 0; c < result.columns(); ++c) row.push_back(result.Text(r, c));
      }
    }
    answer_.answered = true;
    answer_.error.clear();
    return answer_;
  }

  RollCallAnswer Failed(const std::string& error) { return {false, error, {}}; }

  Parameters server_;
  std::string statements_;
  Clock::time_point end_;
  Handle connection_{nullptr, &PQfinish};
  bool reached_ = false;  // a server's process took the connection
  RollCallAnswer answer_;
};

// Outlives the call: a thread may hang in the look-up of a name.
struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<RollCallAnswer> answers;
  std::size_t left = 0;
};

}  // namespace

std::vector<RollCallAnswer> CallRoll(const std::vector<Parameters>& servers,
                                     const std::string& statements,
                                     std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  if (!servers.empty()) TraceStatement(statements);
  const auto board = std::make_shared<Board>();
  board->answers.assign(servers.size(), {false, "no answer in time", {}});
  board->left = servers.size();
  for (std::size_t i = 0; i < servers.size(); ++i) {
    std::thread([board, i, call = Call(servers[i], statements, end)]() mutable {
      RollCallAnswer answer = call.Make();
      const std::lock_guard lock(board->mutex);
      board->answers[i] = std::move(answer);
      --board->left;
      board->changed.notify_all();
    }).detach();
  }
  std::unique_lock lock(board->mutex);
  // A little longer than they wait themselves, since they say more.
  while (board->left > 0 && Clock::now() < end + 100ms) {
    board->changed.wait_for(lock, 50ms);
    CheckInterrupt();
  }
  return board->answers;
}

}  // namespace baton::helper
