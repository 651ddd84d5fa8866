#include "helper/server/local_server.hpp"

#include <array>
#include <fmt/format.h>
#include <sstream>

#include "core/error.hpp"
#include "helper/server/debian_cluster.hpp"
#include "helper/server/own_settings.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

fs::path DataDirectoryOf(const fs::path& configuration, int major, const std::string& bindir) {
  const Programs programs = FindPrograms(bindir, major);
  if (programs.bindir.empty()) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("no server programs of PostgreSQL {} found", major),
                      fmt::format("They tell which data belongs to \"{}\".",
                                  (configuration / "postgresql.conf").string()),
                      "Name their folder with --bindir.");
  }
  return OwnSettings(programs, {"-D", configuration.string()}).Value("data_directory");
}

fs::path FindDirectory(const std::string& directory, const std::string& cluster,
                       const std::string& bindir) {
  if (!cluster.empty()) {
    const fs::path configuration = ConfigurationOf(cluster);
    return DataDirectoryOf(configuration, MajorFrom(ParseCluster(cluster).first).value_or(0),
                           bindir);
  }
  const fs::path path = PlainPath(directory);
  if (fs::exists(path / "PG_VERSION")) return path;
  if (fs::exists(path / "postgresql.conf")) {
    // On Debian the version is the name of the folder above.
    const std::string above = path.parent_path().filename();
    return DataDirectoryOf(path, MajorFrom(above).value_or(0), bindir);
  }
  std::error_code error;
  fs::directory_iterator(path, error);
  if (error == std::errc::permission_denied) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("cannot look into \"{}\"", path.string()), error.message(),
                      "Run pg_baton as the user who runs the server.");
  }
  throw core::Error(core::ErrorCode::kNotFound,
                    fmt::format("there is no server in \"{}\"", path.string()),
                    "It has neither PG_VERSION nor postgresql.conf.",
                    "Name the data directory, or the cluster of Debian with --cluster.");
}

}  // namespace

std::optional<Parameters> AddressInPidFile(const std::string& text) {
  std::array<std::string, 6> lines;
  std::istringstream all(text);
  for (std::string& line : lines) {
    if (!std::getline(all, line)) return std::nullopt;
  }
  const std::string& port = lines[3];
  std::string host = lines[4];
  if (host.empty()) host = lines[5] == "*" || lines[5] == "0.0.0.0" ? "127.0.0.1" : lines[5];
  if (host == "::") host = "::1";
  if (port.empty() || host.empty()) return std::nullopt;
  return Parameters{{"host", host}, {"port", port}};
}

LocalServer FindLocalServer(const std::string& directory, const std::string& cluster,
                            const std::string& bindir) {
  const fs::path data = FindDirectory(directory, cluster, bindir);
  if (!RunningPostmaster(data)) {
    throw core::Error(core::ErrorCode::kWrongState,
                      fmt::format("the server of \"{}\" is not running", data.string()), "",
                      "Start it first.");
  }
  const auto address = AddressInPidFile(ReadFileIfThere(data / "postmaster.pid").value_or(""));
  if (!address) {
    throw core::Error(
        core::ErrorCode::kFailed,
        fmt::format("could not tell where the server of \"{}\" listens", data.string()),
        "Its postmaster.pid does not say so yet.", "Run it again.");
  }
  return {data, *address};
}

}  // namespace baton::helper
