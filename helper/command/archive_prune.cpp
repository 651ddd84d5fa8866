// archive-prune: removes from an archive what neither a base backup that is kept nor a standby
// needs any more.  The whole plan is made and shown before the first file goes.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "core/archive_retention.hpp"
#include "core/quantity.hpp"
#include "core/wal_segment.hpp"
#include "helper/archive/archive_listing.hpp"
#include "helper/archive/base_backups.hpp"
#include "helper/archive/server_needs.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  CommonOptions common;
  ConnectionOptions connection;
  std::string passfile;
  std::string archive;
  std::vector<std::string> backup_directories;
  int keep_backups = 0;
  std::string keep_from;
  int timeout_s = 10;

  bool has_server() const {
    return !connection.host.empty() || !connection.port.empty() || !connection.user.empty() ||
           !connection.dbname.empty();
  }
};

std::string SpanText(const core::ArchiveSpan& span) {
  return fmt::format("  timeline {}: {} {}, {}, {} to {}", span.timeline, span.files,
                     span.files == 1 ? "file" : "files",
                     core::BytesText(static_cast<std::int64_t>(span.bytes)), span.first, span.last);
}

nlohmann::json SpansJson(const std::vector<core::ArchiveSpan>& spans) {
  nlohmann::json list = nlohmann::json::array();
  for (const core::ArchiveSpan& span : spans) {
    list.push_back({{"timeline", span.timeline},
                    {"files", span.files},
                    {"bytes", span.bytes},
                    {"first", span.first},
                    {"last", span.last}});
  }
  return list;
}

class Prune {
 public:
  explicit Prune(const Options& options)
      : options_(options), output_(options.common.output), listing_(ListArchive(options.archive)) {}

  void Run() {
    core::RetentionFacts facts;
    facts.needs = Needs();
    facts.files = listing_.files;
    facts.histories = listing_.histories;
    facts.segment_bytes = listing_.segment_bytes;
    const core::Retention retention = core::DecideRetention(facts);
    Show(retention, facts.needs);
    if (options_.common.dry_run) {
      output_.Line("nothing was removed: this is a dry run");
      return;
    }
    const Removal removal = RemoveFiles(options_.archive, retention.doomed);
    output_.result()["removed"] = {{"files", removal.files}, {"bytes", removal.bytes}};
    output_.Line(fmt::format("removed: {} {}, {}", removal.files,
                             removal.files == 1 ? "file" : "files",
                             core::BytesText(static_cast<std::int64_t>(removal.bytes))));
  }

 private:
  std::vector<core::WalNeed> Needs() {
    std::vector<core::WalNeed> needs;
    if (options_.has_server()) AskServer(needs);
    // Without a single segment nothing can be told apart, nor is there anything to remove.
    if (listing_.segment_bytes == 0) {
      throw core::Error(core::ErrorCode::kRefused,
                        fmt::format("no segment of WAL in \"{}\" can be read", options_.archive));
    }
    const auto backups = Backups();
    if (!options_.keep_from.empty()) {
      needs.push_back(KeepFrom());
    } else if (backups.empty()) {
      throw core::Error(
          core::ErrorCode::kRefused, "no base backup is known, so what is needed is not either",
          options_.backup_directories.empty() ? "The archive has no note of one."
                                              : "None is in the folders of --backup-directory.",
          "Name folders with base backups by --backup-directory, or say --keep-from.");
    }
    needs.insert(needs.end(), backups.begin(), backups.end());
    return needs;
  }

  void AskServer(std::vector<core::WalNeed>& needs) {
    Connection server = ReaderAccess(options_.connection, options_.passfile,
                                     std::chrono::seconds(options_.timeout_s))
                            .Connect(true);
    const ServerNeeds answer = AskForNeeds(server);
    if (listing_.system_identifier != 0 && answer.system_identifier != listing_.system_identifier) {
      throw core::Error(core::ErrorCode::kRefused, "the archive is of another cluster",
                        fmt::format("Its WAL has system identifier {}, the server has {}.",
                                    listing_.system_identifier, answer.system_identifier));
    }
    core::RequireNone(answer.problems);
    if (!answer.knows_nodes) {
      output_.Warning(
          "the server has no pg_baton, so only standbys that are connected or have a "
          "slot are known");
    }
    needs = answer.needs;
  }

  // Those that are kept.  What is in a folder is surer than a note, which every copy of the server
  // leaves, standbys too, and which stays when the copy is gone.
  std::vector<core::WalNeed> Backups() const {
    std::vector<core::WalNeed> backups;
    for (const std::string& folder : options_.backup_directories) {
      const auto found = FindBaseBackups(folder, listing_.system_identifier);
      backups.insert(backups.end(), found.begin(), found.end());
    }
    if (options_.backup_directories.empty() && options_.keep_from.empty()) {
      for (const core::ArchivedFile& file : listing_.files) {
        const auto need = core::NeedOfBackupNote(file.name.name, listing_.segment_bytes);
        if (need) backups.push_back(*need);
      }
    }
    return core::NewestBackups(backups, options_.keep_backups);
  }

  core::WalNeed KeepFrom() const {
    const std::string& text = options_.keep_from;
    core::WalNeed need{"--keep-from=" + text, {}, 0};
    if (const auto note = core::NeedOfBackupNote(text, listing_.segment_bytes)) {
      need.from = note->from;
      need.timeline = note->timeline;
    } else if (core::IsSegmentName(text)) {
      need.from = core::BeginOf(text, listing_.segment_bytes);
      need.timeline = core::TimelineOf(text);
    } else if (const auto lsn = core::Lsn::Parse(text)) {
      need.from = *lsn;
    } else {
      throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid --keep-from \"{}\"", text),
                        "",
                        "Give the name of a segment or of a note of a base backup, or a position "
                        "such as 0/3000028.");
    }
    return need;
  }

  void Show(const core::Retention& retention, const std::vector<core::WalNeed>& needs) {
    ShowNeeds(retention, needs);
    const auto show = [&](const char* title, const std::vector<core::ArchiveSpan>& spans) {
      output_.Line(spans.empty() ? fmt::format("{}: nothing", title) : fmt::format("{}:", title));
      for (const core::ArchiveSpan& span : spans) output_.Line(SpanText(span));
    };
    show("no longer needed", retention.going);
    show("kept", retention.staying);
    output_.Line(fmt::format("kept: {} timeline {}", retention.histories,
                             retention.histories == 1 ? "history" : "histories"));
    for (const core::TimelineId timeline : retention.spared) {
      output_.Line(fmt::format(
          "kept as a whole: timeline {}, which left before the limit, or has no history here",
          timeline));
    }
    if (!listing_.unknown.empty()) {
      output_.Line(fmt::format("left alone: {} that no server archives, such as \"{}\"",
                               listing_.unknown.size(), listing_.unknown.front()));
    }
    std::vector<std::string> doomed;
    for (const core::ArchivedFile& file : retention.doomed) {
      doomed.push_back(file.file);
      output_.Detail(fmt::format("no longer needed: {}", file.file));
    }
    output_.result().update({{"dry_run", options_.common.dry_run},
                             {"doomed", doomed},
                             {"going", SpansJson(retention.going)},
                             {"staying", SpansJson(retention.staying)},
                             {"histories", retention.histories},
                             {"spared_timelines", retention.spared},
                             {"unknown", listing_.unknown}});
  }

  void ShowNeeds(const core::Retention& retention, const std::vector<core::WalNeed>& needs) {
    nlohmann::json list = nlohmann::json::array();
    for (const core::WalNeed& need : needs) {
      output_.Line(
          fmt::format("{} needs WAL from {}{}", need.who, need.from.ToString(),
                      need.timeline == 0 ? "" : fmt::format(" on timeline {}", need.timeline)));
      list.push_back(
          {{"who", need.who}, {"lsn", need.from.ToString()}, {"timeline", need.timeline}});
    }
    output_.result()["needs"] = list;
    output_.result()["limit"] = {{"who", retention.limit.who},
                                 {"lsn", retention.limit.from.ToString()},
                                 {"segment", retention.limit_segment}};
    output_.Line(fmt::format(
        "the oldest that is needed is {}, by {}",
        retention.limit_segment.empty() ? retention.limit.from.ToString() : retention.limit_segment,
        retention.limit.who));
    if (!options_.has_server()) {
      output_.Line("no server was asked for its standbys; -d names one");
    }
  }

  const Options& options_;
  Output& output_;
  ArchiveListing listing_;
};

}  // namespace

Action AddArchivePrune(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  command.add_option("--archive-directory", options->archive, "folder of the archive")
      ->required()
      ->type_name("DIR");
  auto* const backups =
      command
          .add_option("--keep-backups", options->keep_backups,
                      "so many base backups, the newest; without it all that are known")
          ->check(CLI::Range(1, 1'000'000))
          ->type_name("N");
  command
      .add_option("--keep-from", options->keep_from,
                  "all from here on, whatever base backups the archive has notes of")
      ->excludes(backups)
      ->type_name("SEGMENT|BACKUPNOTE|LSN");
  command
      .add_option("--backup-directory", options->backup_directories,
                  "folder of a base backup or of several; then those count, and no notes")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("DIR");
  AddReaderOptions(command, options->connection, options->passfile, "the primary");
  options->common.AddTo(command, true);
  command
      .add_option("-t,--timeout", options->timeout_s, "seconds for connecting, and for each answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  return [options] {
    Prune(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
