// A connection to a server and its results, over libpq.  Errors are thrown with the server's own
// message, detail and hint.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "helper/server/conninfo.hpp"

namespace baton::helper {

// An SQL error; the code says what kind.
class SqlError : public core::Error {
 public:
  SqlError(std::string sqlstate, std::string message, std::string detail, std::string hint)
      : Error(core::ErrorCode::kFailed, std::move(message), std::move(detail), std::move(hint)),
        sqlstate_(std::move(sqlstate)) {}
  const std::string& sqlstate() const { return sqlstate_; }

 private:
  std::string sqlstate_;
};

class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}
  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // NULL is "".
  std::string Text(int row, int column) const { return PQgetvalue(result_.get(), row, column); }
  std::int64_t Number(int row, int column) const;
  bool Bool(int row, int column) const { return Text(row, column) == "t"; }
  const PGresult* get() const { return result_.get(); }

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

class Connection {
 public:
  // Connects, within 10 s unless the parameters say otherwise.  Throws kFailed with the reason as
  // detail and a hint that fits it.  `password`, if given, is used where the server asks for one.
  explicit Connection(Parameters parameters, const std::optional<std::string>& password = {});

  // Each statement is handed to this, if set, before it runs (--verbose).
  static void SetTrace(std::function<void(const std::string& sql)> trace);

  Result Query(const std::string& sql, const std::vector<std::string>& arguments = {});
  std::string Value(const std::string& sql, const std::vector<std::string>& arguments = {});
  void Run(const std::string& sql, const std::vector<std::string>& arguments = {});

  // The same, never traced: for statements with a secret in them.
  void RunSecret(const std::string& sql);
  // Only qualified names and pg_catalog from here on: for sessions of a superuser in a database
  // where others may have made operators and functions.
  void UseNoSearchPath() { Run("SELECT pg_catalog.set_config('search_path', '', false)"); }

  // From here on a statement that takes longer is cancelled by the server, and one that is not
  // answered at all, as by a host that hangs, fails with kFailed; use the connection no more then.
  void LimitAnswers(std::chrono::milliseconds limit);

  std::string Quoted(const std::string& text) const;  // as a literal

  std::string host() const { return Or(PQhost(get()), ""); }
  std::string port() const { return Or(PQport(get()), "5432"); }
  std::string user() const { return Or(PQuser(get()), ""); }
  std::string database() const { return Or(PQdb(get()), ""); }
  int major() const { return PQserverVersion(get()) / 10000; }
  PGconn* get() const { return connection_.get(); }

 private:
  void AwaitAnswer();
  static std::string Or(const char* text, const char* otherwise) {
    return text == nullptr ? otherwise : text;
  }
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
  std::optional<std::chrono::milliseconds> answer_limit_;
};

// Whether a server is there, whoever may get in.
enum class Presence { kAccepts, kRejects, kSilent, kNotTried };

// Asks within `limit`, which is at least two seconds in libpq.
Presence LookForServer(Parameters parameters, std::chrono::seconds limit);

// True if a connection failed because no password, or a wrong one, was given.
bool IsPasswordFailure(const core::Error& error);

// Connects, and asks for the password on the terminal where it is needed and `may_prompt`; the
// password that was typed is left in `password`.
Connection ConnectAsking(const Parameters& parameters, bool may_prompt, bool force_prompt,
                         std::optional<std::string>& password);

}  // namespace baton::helper
