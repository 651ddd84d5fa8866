#include "helper/server/connection.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <poll.h>

#include "helper/server/trace.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

using Clock = std::chrono::steady_clock;
// So long an answer is awaited at most once somebody wants an end.
constexpr std::chrono::seconds kAfterAnInterrupt{10};

std::function<void(const std::string& sql)>& Tracer() {
  static std::function<void(const std::string& sql)> trace;
  return trace;
}

std::string Trimmed(const char* text) {
  std::string trimmed = text == nullptr ? "" : text;
  while (!trimmed.empty() && trimmed.back() == '\n') trimmed.pop_back();
  for (std::size_t i = 0; (i = trimmed.find("\n", i)) != std::string::npos;) trimmed[i] = ' ';
  for (std::size_t i = 0; (i = trimmed.find('\t', i)) != std::string::npos;) trimmed.erase(i, 1);
  return trimmed;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr std::string_view kNoPassword = "no password supplied";
constexpr std::string_view kWrongPassword = "password authentication failed";

std::string HintFor(const std::string& reason) {
  if (Has(reason, kNoPassword)) {
    return "Put the password into the password file (PGPASSFILE, ~/.pgpass), set PGPASSWORD, or "
           "use -W.";
  }
  if (Has(reason, kWrongPassword)) {
    return "Check the user name and the password; the role may not exist.";
  }
  if (Has(reason, "pg_hba.conf")) {
    return "Allow this host in pg_hba.conf of that server: pg_baton setup-primary --allow=ADDRESS.";
  }
  if (Has(reason, "does not exist")) return "Check the name with psql.";
  if (Has(reason, "too many connections") || Has(reason, "remaining connection slots")) {
    return "End a session there, or raise the limit.";
  }
  return "Check host and port, that the server runs, its listen_addresses, and the firewall.";
}

// Parameters as libpq takes them, for as long as they live.
struct Arrays {
  explicit Arrays(const Parameters& parameters) {
    for (const auto& [keyword, value] : parameters) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
  }
  std::vector<const char*> keywords;
  std::vector<const char*> values;
};

}  // namespace

std::int64_t Result::Number(int row, int column) const {
  const std::string text = Text(row, column);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void Connection::SetTrace(std::function<void(const std::string& sql)> trace) {
  Tracer() = std::move(trace);
}

void TraceStatement(const std::string& sql) {
  if (Tracer()) Tracer()(sql);
}

Connection::Connection(Parameters parameters, const std::optional<std::string>& password)
    : connection_(nullptr, &PQfinish) {
  parameters.emplace("connect_timeout", "10");
  parameters.emplace("fallback_application_name", "pg_baton");
  if (password) parameters["password"] = *password;
  const Arrays arrays(parameters);
  connection_.reset(PQconnectdbParams(arrays.keywords.data(), arrays.values.data(), 0));
  if (PQstatus(get()) == CONNECTION_OK) {
    PQsetNoticeProcessor(
        get(), [](void*, const char*) {}, nullptr);
    return;
  }
  const std::string reason = Trimmed(PQerrorMessage(get()));
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("could not connect to the server at \"{}\", port {}",
                                host().empty() ? "local socket" : host(), port()),
                    reason, HintFor(reason));
}

Result Connection::Query(const std::string& sql, const std::vector<std::string>& arguments) {
  TraceStatement(sql);
  std::vector<const char*> values;
  for (const std::string& argument : arguments) values.push_back(argument.c_str());
  // The answer to one that was interrupted is still to come, and a session takes one at a time.
  if (WasInterrupted() && PQtransactionStatus(get()) == PQTRANS_ACTIVE) {
    AwaitAnswer();
    while (PGresult* const left = PQgetResult(get())) PQclear(left);
  }
  Result result(nullptr);
  if (PQsendQueryParams(get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 1) {
    AwaitAnswer();
    // The last result counts; an unnamed statement has only one.
    while (PGresult* const next = PQgetResult(get())) result = Result(next);
  }
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  const auto field = [&result](int code) {
    return Trimmed(PQresultErrorField(result.get(), code));
  };
  std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = Trimmed(PQerrorMessage(get()));
  throw SqlError(field(PG_DIAG_SQLSTATE), message, field(PG_DIAG_MESSAGE_DETAIL),
                 field(PG_DIAG_MESSAGE_HINT));
}

// libpq's own waiting goes on after a signal, so that nobody could interrupt it.  Where interrupts
// are held off, one ends the waiting all the same, if later.
void Connection::AwaitAnswer() {
  auto began = Clock::now();
  auto limit = answer_limit_;
  bool was_interrupted = false;
  while (PQisBusy(get()) != 0) {
    CheckInterrupt();
    if (WasInterrupted() && !was_interrupted) {
      was_interrupted = true;
      began = Clock::now();
      limit =
          std::min<std::chrono::milliseconds>(limit.value_or(kAfterAnInterrupt), kAfterAnInterrupt);
    }
    if (limit && Clock::now() - began >= *limit) {
      throw core::Error(core::ErrorCode::kFailed, "the server does not answer",
                        fmt::format("It took longer than {} ms.", limit->count()),
                        "See whether its host hangs.");
    }
    pollfd wait{PQsocket(get()), POLLIN, 0};
    poll(&wait, 1, 200);
    if (wait.revents != 0 && PQconsumeInput(get()) == 0) return;
  }
}

void Connection::LimitAnswers(std::chrono::milliseconds limit) {
  // The server is to be the first to give up, since it says more.
  answer_limit_ = limit + std::chrono::seconds(1);
  Run("SELECT pg_catalog.set_config('statement_timeout', $1, false)",
      {std::to_string(limit.count())});
}

void Connection::RunSecret(const std::string& sql) {
  const auto trace = Tracer();
  Tracer() = nullptr;
  try {
    Run(sql);
  } catch (...) {
    Tracer() = trace;
    throw;
  }
  Tracer() = trace;
}

std::string Connection::Value(const std::string& sql, const std::vector<std::string>& arguments) {
  const Result result = Query(sql, arguments);
  return result.rows() == 0 ? "" : result.Text(0, 0);
}

void Connection::Run(const std::string& sql, const std::vector<std::string>& arguments) {
  Query(sql, arguments);
}

std::string Connection::Quoted(const std::string& text) const {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(get(), text.data(), text.size()), &PQfreemem);
  return quoted == nullptr ? "''" : quoted.get();
}

Presence LookForServer(Parameters parameters, std::chrono::seconds limit) {
  parameters["connect_timeout"] = std::to_string(limit.count());
  const Arrays arrays(parameters);
  switch (PQpingParams(arrays.keywords.data(), arrays.values.data(), 0)) {
    case PQPING_OK:
      return Presence::kAccepts;
    case PQPING_REJECT:
      return Presence::kRejects;
    case PQPING_NO_RESPONSE:
      return Presence::kSilent;
    case PQPING_NO_ATTEMPT:
      break;
  }
  return Presence::kNotTried;
}

bool IsPasswordFailure(const core::Error& error) {
  return Has(error.detail(), kNoPassword) || Has(error.detail(), kWrongPassword);
}

Connection ConnectAsking(const Parameters& parameters, bool may_prompt, bool force_prompt,
                         std::optional<std::string>& password) {
  const auto user = parameters.find("user");
  const std::string prompt = user == parameters.end()
                                 ? std::string("Password: ")
                                 : fmt::format("Password for user {}: ", user->second);
  if (force_prompt && !password) password = PromptPassword(prompt);
  const auto connect = [&] {
    Connection connection(parameters, password);
    connection.UseNoSearchPath();
    return connection;
  };
  try {
    return connect();
  } catch (const core::Error& error) {
    if (!may_prompt || password || !Has(error.detail(), kNoPassword) || !HasTerminal()) throw;
  }
  password = PromptPassword(prompt);
  return connect();
}

}  // namespace baton::helper
