#include "helper/command/reader_access.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "helper/command/node_access.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

bool IsLocal(const Parameters& given) {
  if (given.contains("hostaddr") || given.contains("service")) return false;
  const char* const environment = std::getenv("PGHOST");
  std::string host = environment == nullptr ? "" : environment;
  if (const auto found = given.find("host"); found != given.end()) host = found->second;
  return host.empty() || host.front() == '/';
}

// Whether somebody with this way in comes as baton_node.
bool IsForNode(const Parameters& given) { return !given.contains("user") && !IsLocal(given); }

}  // namespace

void AddReaderOptions(CLI::App& command, ConnectionOptions& connection, std::string& passfile,
                      const std::string& whose) {
  connection.AddTo(command, whose + " (default role: baton_node; your own over a socket)");
  command.add_option("--passfile", passfile, "password file (default: PGPASSFILE or ~/.pgpass)");
}

ReaderAccess::ReaderAccess(const ConnectionOptions& options, const std::string& passfile,
                           std::chrono::seconds limit)
    : given_(options.Given()),
      passfile_(passfile),
      limit_(limit),
      may_prompt_(!options.no_password && !IsForNode(given_)),
      parameters_(Completed(given_, limit)) {
  if (options.force_password) password_ = PromptPassword("Password: ");
}

Parameters ReaderAccess::Completed(Parameters given, std::chrono::seconds limit) const {
  given.emplace("dbname", "postgres");
  if (IsForNode(given)) {
    given = NodeParameters(given, ResolvePassfile(passfile_));
  } else if (!passfile_.empty()) {
    given["passfile"] = ResolvePassfile(passfile_).string();
  }
  given.emplace("connect_timeout", std::to_string(limit.count()));
  return given;
}

Connection ReaderAccess::Connect(bool may_prompt) const {
  std::optional<std::string> password = password_;
  Connection connection =
      ConnectAsking(parameters_, may_prompt && may_prompt_, /*force_prompt=*/false, password);
  if (may_prompt) password_ = password;
  connection.LimitAnswers(limit_);
  return connection;
}

Connection ReaderAccess::ConnectTo(const Parameters& there, std::chrono::seconds limit) const {
  Parameters given = WithAddressOf(given_, there);
  given["connect_timeout"] = std::to_string(limit.count());
  // A password that was typed is that of the role for which it was typed.
  const bool same_role = IsForNode(given) == IsForNode(given_);
  Connection connection(Completed(given, limit),
                        same_role ? password_ : std::optional<std::string>());
  connection.LimitAnswers(limit);
  connection.UseNoSearchPath();
  return connection;
}

Parameters ReaderAccess::AddressOf(const Connection& connection) const {
  Parameters there = {{"host", connection.host()}, {"port", connection.port()}};
  if (given_.contains("hostaddr")) there["hostaddr"] = PQhostaddr(connection.get());
  return there;
}

}  // namespace baton::helper
