#include "conninfo.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <memory>
#include <optional>

#include "core/error.hpp"

namespace baton {
namespace {

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

Options Parse(const std::string& conninfo, std::string& error) {
  char* message = nullptr;
  Options options(PQconninfoParse(conninfo.c_str(), &message), &PQconninfoFree);
  if (message != nullptr) {
    error = message;
    PQfreemem(message);
    while (!error.empty() && error.back() == '\n') error.pop_back();
  }
  return options;
}

std::string Value(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return "";
}

}  // namespace

Endpoint EndpointOf(const std::string& conninfo) {
  std::string error;
  const Options options = Parse(conninfo, error);
  if (options == nullptr) return {};
  std::string host = Value(options, "host");
  if (host.empty()) host = Value(options, "hostaddr");
  std::string port = Value(options, "port");
  return {std::move(host), port.empty() ? "5432" : std::move(port)};
}

void RequireRegistrable(const std::string& conninfo) {
  using core::Error;
  using core::ErrorCode;
  std::string problem;
  const Options options = Parse(conninfo, problem);
  if (options == nullptr) {
    throw Error(ErrorCode::kInvalidName, "invalid connection string", problem,
                "Write it as \"host=10.0.0.2 port=5432 user=baton_node dbname=postgres\".");
  }
  if (!Value(options, "password").empty()) {
    throw Error(ErrorCode::kInvalidName, "a node's connection string must not have a password",
                "Every member of pg_monitor can read it.",
                "Put the password into the password file of each host's server user.");
  }
  if (Value(options, "host").empty() && Value(options, "hostaddr").empty()) {
    throw Error(ErrorCode::kInvalidName, "the connection string names no host",
                "The other nodes could not reach this one.", "Add host=...");
  }
}

}  // namespace baton
