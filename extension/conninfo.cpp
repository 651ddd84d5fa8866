#include "conninfo.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "core/error.hpp"

namespace baton {
namespace {

constexpr std::size_t kMaxConninfo = 511;  // what RegisteredNode has room for

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

// An operator may register nodes, and the servers connect to what is registered: so nothing may
// stand there that makes a server log in as somebody else, or read files of its own.
constexpr std::string_view kAllowed[] = {"host",
                                         "hostaddr",
                                         "port",
                                         "dbname",
                                         "user",
                                         "sslmode",
                                         "keepalives",
                                         "sslrootcert",
                                         "connect_timeout",
                                         "tcp_user_timeout",
                                         "channel_binding",
                                         "gssencmode"};

void AddPair(std::string_view keyword, std::string_view value, std::string& text) {
  std::string quoted;
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  text += fmt::format("{}{}='{}'", text.empty() ? "" : " ", keyword, quoted);
}

bool IsAllowed(std::string_view keyword) {
  return std::find(std::begin(kAllowed), std::end(kAllowed), keyword) != std::end(kAllowed);
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

std::string Redirected(const std::string& conninfo, const std::string& to) {
  std::string error;
  const Options options = Parse(conninfo, error);
  const Options target = Parse(to, error);
  if (options == nullptr || target == nullptr) return "";
  std::string text;
  const auto add = [&text](std::string_view keyword, std::string_view value) {
    AddPair(keyword, value, text);
  };
  constexpr std::string_view kPlace[] = {"host", "hostaddr", "port"};
  constexpr std::string_view kTls[] = {"sslmode", "sslrootcert"};
  const auto is_in = [](const auto& keywords, std::string_view keyword) {
    return std::find(std::begin(keywords), std::end(keywords), keyword) != std::end(keywords);
  };
  const auto is_of_target = [&](std::string_view keyword) {
    return is_in(kPlace, keyword) || (is_in(kTls, keyword) && !Value(target, keyword).empty());
  };
  for (const PQconninfoOption* option = target.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && is_of_target(option->keyword)) add(option->keyword, option->val);
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && !is_of_target(option->keyword)) add(option->keyword, option->val);
  }
  return text;
}

std::string ReplicationConninfo(const std::string& to, std::string_view standby,
                                std::string_view passfile) {
  std::string error;
  const Options options = Parse(to, error);
  if (options == nullptr) return "";
  std::string text;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || keyword == "dbname" || keyword == "user") continue;
    AddPair(keyword, option->val, text);
  }
  AddPair("user", kNodeRole, text);
  if (!passfile.empty()) AddPair("passfile", passfile, text);
  AddPair("application_name", standby, text);
  return text;
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
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || IsAllowed(option->keyword)) continue;
    throw Error(ErrorCode::kInvalidName,
                fmt::format("a node's connection string must not have \"{}\"", option->keyword),
                "It may say where the node is and how to reach it, nothing else.",
                "Leave it out; user and password file are the same for all nodes.");
  }
  const std::string user = Value(options, "user");
  if (!user.empty() && user != kNodeRole) {
    throw Error(ErrorCode::kInvalidName, "nodes reach each other as role \"baton_node\" only",
                fmt::format("The connection string has user \"{}\".", user),
                "Write user=baton_node, or leave it out.");
  }
  const std::string host = Value(options, "host");
  if (host.starts_with('/') || host.starts_with('@')) {
    throw Error(ErrorCode::kInvalidName, "a node's host must not be a socket directory",
                "The other nodes could not reach it.", "Give a host name or an address.");
  }
  if (conninfo.size() > kMaxConninfo) {
    throw Error(ErrorCode::kInvalidName, "the connection string is too long",
                fmt::format("It has {} bytes; {} is the most.", conninfo.size(), kMaxConninfo));
  }
  if (host.empty() && Value(options, "hostaddr").empty()) {
    throw Error(ErrorCode::kInvalidName, "the connection string names no host",
                "The other nodes could not reach this one.", "Add host=...");
  }
}

}  // namespace baton
