// archive-get: brings one file of the WAL from the first archive that has it whole, as
// restore_command, and lets the next ones be fetched meanwhile.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>
#include <vector>

#include "archive/store.hpp"
#include "core/problem.hpp"
#include "helper/archive/apart.hpp"
#include "helper/archive/prefetch.hpp"
#include "helper/archive/spool.hpp"
#include "helper/archive/wal_home.hpp"
#include "helper/command/archive_options.hpp"
#include "helper/command/command.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

constexpr int kNotThere = 1;
constexpr const char* kBrought = "brought";
constexpr const char* kNothing = "nothing";

struct Options {
  explicit Options(Output& target) : output(target) {}

  Output& output;
  std::string name;
  std::string path;
  std::vector<std::string> archives;
  std::string data;
  std::string spool;
  int timeout_s = kArchiveTimeoutSeconds;
  int prefetch = 8;
  int jobs = 2;
};

class Get {
 public:
  explicit Get(const Options& options)
      : options_(options), to_(PlainPath(AsTheServerMeans(options.path, options.data))) {
    if (const auto home = FindWalHome(to_, options.data)) {
      origin_ = home->origin;
      if (options.spool.empty()) spool_.emplace(home->data / "pg_baton" / "spool", origin_);
    }
    if (!options.spool.empty()) spool_.emplace(PlainPath(options.spool), origin_);
    // A spool is for a server, and has to know which.
    const bool is_spooled = options.prefetch > 0 && core::IsSegmentName(options.name);
    if (!is_spooled || origin_.system_identifier == 0) spool_.reset();
  }

  int Run() {
    core::Problems problems;
    for (const std::string& folder : options_.archives) {
      try {
        if (!BringFrom(folder)) continue;
        for (const core::Problem& one : problems) {
          options_.output.Warning(one.message, one.detail, one.hint);
        }
        PrefetchMore();
        return 0;
      } catch (const core::Error& error) {
        problems.push_back({fmt::format("could not get \"{}\" from \"{}\": {}", options_.name,
                                        folder, error.message()),
                            error.detail(), error.hint()});
        RemoveUnfinished();
      }
    }
    core::RequireNone(problems);
    // The server asks again and again at the end of the archive, so this is the time to tidy up.
    RemoveUnfinished();
    if (spool_) spool_->DropAllBut({});
    options_.output.Detail(fmt::format("\"{}\" is in no archive", options_.name));
    return kNotThere;
  }

 private:
  bool BringFrom(const std::string& folder) {
    Apart work([&]() -> std::string {
      const archive::Store store(folder);
      const auto entry = store.Find(options_.name);
      if (!entry) return kNothing;
      if (spool_ && spool_->Take(options_.name, *entry, to_)) return kBrought;
      archive::Store::Bring(*entry, options_.name, to_, origin_);
      return kBrought;
    });
    return work.Await(std::chrono::seconds(options_.timeout_s)) == kBrought;
  }

  void PrefetchMore() {
    if (!spool_) return;
    PrefetchPlan plan{{},
                      options_.name,
                      SegmentBytes(),
                      options_.prefetch,
                      options_.jobs,
                      std::chrono::seconds(options_.timeout_s)};
    for (const std::string& folder : options_.archives) plan.archives.push_back(PlainPath(folder));
    try {
      StartPrefetch(*spool_, plan);
    } catch (const core::Error& error) {
      // The server has what it asked for.
      options_.output.Warning(
          fmt::format("no segments are fetched before they are asked for: {}", error.message()), "",
          "Name another folder with --spool, or say --prefetch=0.");
    }
  }

  std::uint64_t SegmentBytes() const { return fs::file_size(to_); }

  // What was left beside PATH when this command, or another before it, was killed.
  void RemoveUnfinished() const {
    std::error_code error;
    for (fs::directory_iterator entry(to_.parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
      if (IsUnfinished(entry->path().filename().string(), to_.filename().string())) {
        unlink(entry->path().c_str());
      }
    }
  }

  const Options& options_;
  fs::path to_;
  core::SegmentOrigin origin_;
  std::optional<Spool> spool_;
};

void RequireName(const std::string& name) {
  const auto parsed = core::ParseArchivedName(name);
  if (parsed && parsed->packing == core::Packing::kPlain) return;
  throw core::Error(core::ErrorCode::kUsage,
                    fmt::format("\"{}\" is no file that a server archives", name), "",
                    "Give the name as %f of restore_command has it.");
}

}  // namespace

Action AddArchiveGet(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  command.add_option("NAME", options->name, "the file, as %f of restore_command has it")
      ->required()
      ->type_name("");
  command.add_option("PATH", options->path, "where it is to be, as %p has it")
      ->required()
      ->type_name("");
  AddArchiveDirectories(command, options->archives,
                        "folder of an archive; more than one: tried in this order");
  command
      .add_option("--prefetch", options->prefetch,
                  "segments to fetch before they are asked for; 0: none")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("-j,--jobs", options->jobs, "so many of them at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      .add_option("--spool", options->spool,
                  "folder for them; without it pg_baton/spool in the data directory")
      ->type_name("DIR");
  AddWalHomeOptions(command, options->data, options->timeout_s);
  return [options] {
    RequireName(options->name);
    // A server that shuts down has to see that its command was ended, not that a file is missing.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
    return Get(*options).Run();
  };
}

}  // namespace baton::helper
