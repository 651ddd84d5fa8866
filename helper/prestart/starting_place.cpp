#include "helper/prestart/starting_place.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/server/debian_cluster.hpp"

namespace baton::helper {
namespace {

std::string Environment(const char* name, const std::string& otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

Programs RequirePrograms(const std::string& bindir, int major) {
  Programs programs = FindPrograms(bindir, major);
  if (!programs.bindir.empty() && programs.major == major) return programs;
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("no server programs of PostgreSQL {} found", major), "",
                    fmt::format("Install postgresql-{}, or name the folder with --bindir.", major));
}

}  // namespace

void RequireSameDirectory(const StartingPlace& place) {
  if (place.arguments == std::vector<std::string>{"-D", place.directory.string()}) return;
  const fs::path used = OwnSettings(place.programs, place.arguments).Value("data_directory");
  std::error_code error;
  if (fs::equivalent(used, place.directory, error)) return;
  throw core::Error(
      core::ErrorCode::kUsage,
      fmt::format("the server would not use data directory \"{}\"", place.directory.string()),
      fmt::format("Its configuration says \"{}\".", used.string()),
      "Give the two that belong together.");
}

fs::path ConfigurationIn(const std::vector<std::string>& server_arguments) {
  for (std::size_t i = 0; i < server_arguments.size(); ++i) {
    std::string text = server_arguments[i];
    if (text == "-c" && i + 1 < server_arguments.size()) {
      text = server_arguments[++i];
    } else if (text.starts_with("-c") || text.starts_with("--")) {
      text = text.substr(2);
    } else {
      continue;
    }
    for (const std::string_view name : {"config_file=", "config-file="}) {
      if (text.starts_with(name)) return fs::path(text.substr(name.size())).parent_path();
    }
  }
  return {};
}

StartingPlace FindPlace(const PrestartOptions& options) {
  StartingPlace place;
  place.configuration = options.config_directory;
  const fs::path named = ConfigurationIn(options.server_arguments);
  std::string directory = options.directory;
  if (!options.cluster.empty()) {
    place.configuration = ConfigurationOf(options.cluster);
    place.programs =
        RequirePrograms(options.bindir, MajorFrom(ParseCluster(options.cluster).first).value_or(0));
    directory =
        OwnSettings(place.programs, {"-D", place.configuration.string()}).Value("data_directory");
  } else if (directory.empty()) {
    directory = Environment("PGDATA", "");
  }
  if (directory.empty()) {
    throw core::Error(core::ErrorCode::kUsage, "no data directory was named", "",
                      "Name it with -D, by PGDATA, or as a cluster of Debian with --cluster.");
  }
  place.directory = PlainPath(directory);
  place.arguments = {
      "-D", (place.configuration.empty() ? place.directory : place.configuration).string()};
  place.arguments.insert(place.arguments.end(), options.server_arguments.begin(),
                         options.server_arguments.end());
  const DirectoryFacts facts = LookAtDirectory(place.directory);
  const auto version = ReadFileIfThere(place.directory / "PG_VERSION");
  place.is_foreign = facts.exists && !facts.is_own;
  place.has_data = version.has_value() || place.is_foreign;
  if (!version || place.is_foreign) return place;
  if (place.programs.bindir.empty()) {
    place.programs = RequirePrograms(options.bindir, MajorFrom(*version).value_or(0));
  }
  if (place.configuration.empty()) place.configuration = named;
  return place;
}

}  // namespace baton::helper
