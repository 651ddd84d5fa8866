#include "helper/setup/setup.hpp"

#include "core/node_name.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/hba_file.hpp"

namespace baton::helper {
namespace {

// Bad input is told before anything is connected to.
const SetupRequest& Valid(const SetupRequest& request) {
  core::RequireNodeName(request.node_name);
  HbaAddress(request.advertise);
  for (const std::string& address : request.allow) HbaAddress(address);
  return request;
}

}  // namespace

Setup::Setup(const SetupRequest& given, Output& out)
    : request(Valid(given)),
      output(out),
      passfile(ResolvePassfile(given.passfile)),
      server(Connect()) {}

Connection Setup::Connect() const {
  Parameters parameters = request.connection.Given();
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

}  // namespace baton::helper
