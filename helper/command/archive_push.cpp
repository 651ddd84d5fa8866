// archive-push: takes one file of the server's WAL to one or more archives, as archive_command.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "archive/store.hpp"
#include "core/problem.hpp"
#include "helper/archive/apart.hpp"
#include "helper/archive/wal_home.hpp"
#include "helper/command/archive_options.hpp"
#include "helper/command/command.hpp"

namespace baton::helper {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string path;
  std::vector<std::string> archives;
  std::string data;
  core::Packing packing = core::Packing::kPlain;
  int timeout_s = kArchiveTimeoutSeconds;
};

WalHome HomeOf(const fs::path& file, const Options& options) {
  auto home = FindWalHome(file, options.data);
  if (home) return *home;
  throw core::Error(core::ErrorCode::kFailed,
                    fmt::format("no data directory is above \"{}\"", file.string()),
                    "Which cluster an archived file must be of is read there.",
                    "Name it with -D, or run this in it, as the server does.");
}

core::Problem ProblemOf(const std::string& name, const std::string& archive,
                        const core::Error& error) {
  return {fmt::format("could not archive \"{}\" in \"{}\": {}", name, archive, error.message()),
          error.detail(), error.hint()};
}

// All of them at once, so that one that hangs holds up no other.
core::Problems PutInAll(const fs::path& file, const WalHome& home, const Options& options) {
  const std::string name = file.filename().string();
  core::Problems problems;
  std::vector<std::pair<std::string, std::unique_ptr<Apart>>> under_way;
  for (const std::string& folder : options.archives) {
    under_way.emplace_back(folder, std::make_unique<Apart>([&] {
                             archive::RequireOutside(folder, home.data);
                             archive::Store(folder).Put(file, name, options.packing, home.origin);
                             return std::string();
                           }));
  }
  for (const auto& [folder, work] : under_way) {
    try {
      work->Await(std::chrono::seconds(options.timeout_s));
    } catch (const core::Error& error) {
      if (error.code() == core::ErrorCode::kInterrupted) throw;
      problems.push_back(ProblemOf(name, folder, error));
    }
  }
  return problems;
}

}  // namespace

Action AddArchivePush(CLI::App& command, Output& /*output*/) {
  auto options = std::make_shared<Options>();
  command.add_option("PATH", options->path, "the file, as %p of archive_command has it")
      ->required()
      ->type_name("");
  AddArchiveDirectories(command, options->archives, "folder of an archive; more than one: all");
  command
      .add_option_function<std::string>(
          "--compression",
          [options](const std::string& name) {
            options->packing = name == "zstd"  ? core::Packing::kZstd
                               : name == "lz4" ? core::Packing::kLz4
                                               : core::Packing::kPlain;
          },
          "how the file is stored")
      ->check(CLI::IsMember({"none", "zstd", "lz4"}))
      ->type_name("none|zstd|lz4")
      ->default_str("none");
  AddWalHomeOptions(command, options->data, options->timeout_s);
  return [options] {
    const fs::path file = AsTheServerMeans(options->path, options->data);
    core::RequireNone(PutInAll(file, HomeOf(file, *options), *options));
    return 0;
  };
}

}  // namespace baton::helper
