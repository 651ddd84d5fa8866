#include "helper/command/reader_access.hpp"

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

}  // namespace

void AddReaderOptions(CLI::App& command, ConnectionOptions& connection, std::string& passfile,
                      const std::string& whose) {
  connection.AddTo(command, whose + " (default role: baton_node; your own over a socket)");
  command.add_option("--passfile", passfile, "password file (default: PGPASSFILE or ~/.pgpass)");
}

ReaderAccess::ReaderAccess(const ConnectionOptions& options, const std::string& passfile,
                           std::chrono::seconds limit)
    : parameters_(options.Given()), limit_(limit), may_prompt_(!options.no_password) {
  parameters_.emplace("dbname", "postgres");
  if (!parameters_.contains("user") && !IsLocal(parameters_)) {
    parameters_ = NodeParameters(parameters_, ResolvePassfile(passfile));
    may_prompt_ = false;
  } else if (!passfile.empty()) {
    parameters_["passfile"] = ResolvePassfile(passfile).string();
  }
  parameters_.emplace("connect_timeout", std::to_string(limit.count()));
  if (options.force_password) password_ = PromptPassword("Password: ");
}

Connection ReaderAccess::Connect(bool may_prompt) const {
  std::optional<std::string> password = password_;
  Connection connection =
      ConnectAsking(parameters_, may_prompt && may_prompt_, /*force_prompt=*/false, password);
  connection.LimitAnswers(limit_);
  return connection;
}

}  // namespace baton::helper
