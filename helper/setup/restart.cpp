#include "helper/setup/restart.hpp"

#include <chrono>
#include <fmt/format.h>

#include "helper/server/server_control.hpp"

namespace baton::helper {

bool RestartIfAllowed(Setup& setup, const std::string& then) {
  const SetupRequest& request = setup.request;
  if (!request.restart && request.restart_command.empty()) {
    setup.output.result()["restart_needed"] = true;
    setup.output.Line(
        fmt::format("a restart is needed; restart the server{}, or run it with --restart",
                    then.empty() ? "" : " and " + then));
    return false;
  }
  setup.Change("restart the server");
  RestartServer({setup.places.programs,
                 setup.places.data_directory,
                 {},
                 {},
                 request.restart_command,
                 std::chrono::seconds(request.timeout_s)});
  setup.Reconnect();
  return true;
}

}  // namespace baton::helper
