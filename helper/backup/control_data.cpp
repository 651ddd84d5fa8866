#include "helper/backup/control_data.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <sstream>

#include "core/error.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

// By their lines in what pg_controldata prints.
constexpr std::pair<const char*, const char*> kMinimums[] = {
    {"max_connections", "max_connections setting"},
    {"max_worker_processes", "max_worker_processes setting"},
    {"max_wal_senders", "max_wal_senders setting"},
    {"max_prepared_transactions", "max_prepared_xacts setting"},
    {"max_locks_per_transaction", "max_locks_per_xact setting"},
};

core::TimelineId TimelineFrom(const std::string& text) {
  return static_cast<core::TimelineId>(std::strtoul(text.c_str(), nullptr, 10));
}

}  // namespace

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
  // A server that crashed right after its promotion has not made a checkpoint since; recovery goes
  // to the larger of the two all the same (readRecoverySignalFile in xlogrecovery.c).
  data.timeline = std::max(TimelineFrom(values["Latest checkpoint's TimeLineID"]),
                           TimelineFrom(values["Min recovery ending loc's timeline"]));
  data.checkpoint = core::Lsn::Parse(values["Latest checkpoint location"]).value_or(core::Lsn());
  data.redo = core::Lsn::Parse(values["Latest checkpoint's REDO location"]).value_or(core::Lsn());
  data.minimum_recovery =
      core::Lsn::Parse(values["Minimum recovery ending location"]).value_or(core::Lsn());
  data.segment_bytes = std::strtoull(values["Bytes per WAL segment"].c_str(), nullptr, 10);
  data.block_bytes = std::strtoull(values["Database block size"].c_str(), nullptr, 10);
  data.wal_log_hints = values["wal_log_hints setting"] == "on";
  const std::string checksums = values["Data page checksum version"];
  data.data_checksums = !checksums.empty() && checksums != "0";
  for (const auto& [name, line] : kMinimums) {
    if (!values[line].empty()) data.minimums[name] = values[line];
  }
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
