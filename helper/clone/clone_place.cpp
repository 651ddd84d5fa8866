#include "helper/clone/clone_place.hpp"

#include <fmt/format.h>

#include "core/node_name.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

ClonePlace::ClonePlace(const CloneRequest& request_, Output& output_)
    : request(request_),
      output(output_),
      directory(PlainPath(request.server.directory)),
      passfile(ResolvePassfile(request.server.passfile)),
      given(request.connection.Given()),
      source(Connect()) {}

Connection ClonePlace::Connect() {
  RequireOptions();
  if (request.connection.user.empty() && !given.contains("user")) {
    return ConnectAsNode(request.connection, given, passfile, !request.dry_run, password_stored);
  }
  Parameters parameters = given;
  parameters.emplace("dbname", "postgres");
  std::optional<std::string> password;
  Connection connection = ConnectAsking(parameters, !request.connection.no_password,
                                        request.connection.force_password, password);
  // The standby itself will come as baton_node, so that has to work too.
  ConnectAsNode({}, {{"host", connection.host()}, {"port", connection.port()}}, passfile,
                !request.dry_run, password_stored);
  return connection;
}

void ClonePlace::RequireOptions() const {
  core::RequireNodeName(request.node_name);
  if (!request.upstream.empty()) core::RequireNodeName(request.upstream);
  HbaAddress(request.advertise);
  ParsedSettings();
}

std::map<std::string, std::string> ClonePlace::ParsedSettings() const {
  std::map<std::string, std::string> settings;
  for (const std::string& setting : request.settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid setting \"{}\"", setting), "",
                        "Write it as --set name=value.");
    }
    settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return settings;
}

std::string ClonePlace::OwnSetting(const std::string& name) const {
  const fs::path configuration = Configuration().empty() ? directory : Configuration();
  const ProcessResult result =
      RunProcess({programs.Path("postgres"), "-D", configuration.string(), "-C", name});
  CheckInterrupt();
  const std::string value = result.output.substr(0, result.output.find('\n'));
  if (result.exit_code == 0 && !value.empty() &&
      value.find_first_not_of("0123456789") == std::string::npos) {
    return value;
  }
  throw core::Error(core::ErrorCode::kFailed, "the configuration of the new server is not valid",
                    result.output, "Look at what --set or --config-dir gave it.");
}

}  // namespace baton::helper
