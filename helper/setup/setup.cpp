#include "helper/setup/setup.hpp"

#include "core/node_name.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/setup/record_file.hpp"
#include "helper/setup/server_settings.hpp"

namespace baton::helper {
namespace {

// Bad input is told before anything is connected to.
const SetupRequest& Valid(const SetupRequest& request) {
  if (request.undo) return request;
  core::RequireNodeName(request.node_name);
  HbaAddress(request.advertise);
  for (const std::string& address : request.allow) HbaAddress(address);
  return request;
}

std::optional<LocalServer> Find(const SetupRequest& request) {
  if (request.directory.empty() && request.cluster.empty()) return std::nullopt;
  return FindLocalServer(request.directory, request.cluster, request.bindir);
}

}  // namespace

Setup::Setup(const SetupRequest& given, Output& out)
    : request(Valid(given)),
      output(out),
      passfile(ResolvePassfile(given.passfile)),
      local_server(Find(given)),
      server(Connect()) {}

Connection Setup::Connect() const {
  Parameters parameters = request.connection.Given();
  if (local_server) parameters.insert(local_server->address.begin(), local_server->address.end());
  parameters.emplace("dbname", "postgres");
  std::optional<std::string> password;
  return ConnectAsking(parameters, !request.connection.no_password,
                       request.connection.force_password, password);
}

void Setup::Change(const std::string& text) {
  changed_ = true;
  output.Line((dry_run() ? "would " : "") + text);
  output.result()["changes"].push_back(text);
}

void Setup::ShowDiff(const std::string& name, std::string diff) {
  output.result()[name] = diff;
  if (output.is_json()) return;
  diff.pop_back();
  output.Line(diff);
}

std::optional<core::SetupRecord> Setup::OwnRecord() {
  auto record = ReadRecord(places.data_directory);
  if (!record || record->system_identifier != SystemIdentifier()) return std::nullopt;
  // A copy of another node's data directory has that one's; this one may be getting a new name.
  const bool is_own = record->node_name == request.node_name ||
                      record->node_name == ValueInFiles(server, "pg_baton.node_name");
  return is_own ? record : std::nullopt;
}

void Setup::Remember(const std::function<void(core::SetupRecord& record)>& enter) {
  if (dry_run()) return;
  if (!record_) {
    record_ = OwnRecord();
    if (!record_) record_.emplace();
    record_->node_name = request.node_name;
    record_->system_identifier = SystemIdentifier();
  }
  const core::SetupRecord before = *record_;
  enter(*record_);
  if (*record_ != before) WriteRecord(places.data_directory, *record_);
}

}  // namespace baton::helper
