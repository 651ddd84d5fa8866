#include "helper/backup/control_data.hpp"

#include <fmt/format.h>
#include <map>
#include <sstream>

#include "core/error.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

ControlData ParseControlData(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    values[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
  }
  ControlData data;
  data.state = values["Database cluster state"];
  data.system_identifier = values["Database system identifier"];
  data.timeline = static_cast<core::TimelineId>(
      std::strtoul(values["Latest checkpoint's TimeLineID"].c_str(), nullptr, 10));
  data.wal_log_hints = values["wal_log_hints setting"] == "on";
  const std::string checksums = values["Data page checksum version"];
  data.data_checksums = !checksums.empty() && checksums != "0";
  return data;
}

ControlData ReadControlData(const std::string& program, const std::string& directory) {
  const ProcessResult result = RunProcess({program, "-D", directory});
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not read the control file of \"{}\"", directory),
                      result.output);
  }
  return ParseControlData(result.output);
}

}  // namespace baton::helper
