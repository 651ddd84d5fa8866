// archive-check: the audit of a WAL archive in a folder, by itself or beside what the server says;
// or its proofs, a round trip of the primary and a restore.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "archive/auditor.hpp"
#include "core/backup_label.hpp"
#include "core/error.hpp"
#include "helper/archive/restore_test.hpp"
#include "helper/archive/round_trip.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/reader_access.hpp"
#include "helper/command/restore_test_options.hpp"
#include "helper/server/archiving_server.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

constexpr std::chrono::seconds kLimit{10};

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string passfile;
  std::string directory;
  bool quick = false;
  std::string backup_start;
  std::string backup_label;
  std::string bindir;
  bool round_trip = false;
  int timeout_s = 60;
  RestoreTestOptions restore_test;

  bool AsksServer() const {
    return !connection.host.empty() || !connection.port.empty() || !connection.user.empty() ||
           !connection.dbname.empty();
  }
};

class CheckArchive {
 public:
  explicit CheckArchive(const Options& options)
      : options_(options), output_(options.common.output) {}

  int Run() {
    archive::AuditRequest request;
    request.folder = options_.directory;
    request.quick = options_.quick;
    request.backups = Backups();
    output_.result()["findings"] = nlohmann::json::array();
    if (options_.AsksServer()) AskServer(request);
    archive::Audit(request, {[this](const core::ArchiveFinding& finding) { Tell(finding); },
                             [] { CheckInterrupt(); }});
    return Judge();
  }

 private:
  std::vector<core::BackupNote> Backups() const {
    std::vector<core::BackupNote> backups;
    if (!options_.backup_start.empty()) {
      const auto start = core::Lsn::Parse(options_.backup_start);
      if (!start || start->IsNone()) {
        throw core::Error(core::ErrorCode::kUsage,
                          fmt::format("\"{}\" is no position in the WAL", options_.backup_start),
                          "", "It looks like 0/3000028, as in the backup's backup_label.");
      }
      backups.push_back({"", 0, *start, core::Lsn()});
    }
    if (!options_.backup_label.empty()) {
      const auto label = core::ParseBackupLabel(ReadFile(options_.backup_label));
      if (!label) {
        throw core::Error(core::ErrorCode::kFailed,
                          fmt::format("\"{}\" is no backup_label", options_.backup_label));
      }
      backups.push_back({"", label->timeline, label->start, core::Lsn()});
    }
    return backups;
  }

  void AskServer(archive::AuditRequest& request) {
    Connection server =
        ReaderAccess(options_.connection, options_.passfile, kLimit).Connect(/*may_prompt=*/true);
    ArchivingServerFacts facts = AskArchivingServer(server);
    request.server = facts.server;
    request.histories = std::move(facts.histories);
    if (facts.unread.empty()) return;
    output_.Warning("the server's history of its timelines is not known", facts.unread,
                    "Those of the archive are compared with each other alone; ask as a role that "
                    "may read the server's files, such as baton_node.");
  }

  void Tell(const core::ArchiveFinding& finding) {
    ++counts_[finding.severity];
    const std::string_view severity = core::StatusText(finding.severity);
    if (output_.is_json()) {
      output_.result()["findings"].push_back({{"severity", severity},
                                              {"kind", finding.kind},
                                              {"file", finding.file},
                                              {"message", finding.message},
                                              {"meaning", finding.meaning}});
      return;
    }
    const std::string file = finding.file.empty() ? "" : finding.file + ": ";
    output_.Line(fmt::format("{}: {}{} ({})", severity, file, finding.message, finding.kind));
    if (!finding.meaning.empty()) output_.Line("  " + finding.meaning);
  }

  // What could not be looked at is not fine.
  int Judge() {
    const auto critical = counts_[core::Status::kCritical];
    const auto unknown = counts_[core::Status::kUnknown];
    const int code = critical > 0 ? 3 : unknown > 0 ? 1 : 0;
    output_.result()["critical"] = critical;
    output_.result()["warning"] = counts_[core::Status::kWarning];
    output_.result()["unknown"] = unknown;
    output_.result()["exit_code"] = code;
    if (!output_.is_json()) {
      output_.Line(fmt::format("{} critical, {} warning, {} unknown", critical,
                               counts_[core::Status::kWarning], unknown));
    }
    return code;
  }

  const Options& options_;
  Output& output_;
  std::map<core::Status, std::uint64_t> counts_;
};

int TryRoundTrip(const Options& options) {
  const std::chrono::seconds timeout(options.timeout_s);
  Connection server =
      ReaderAccess(options.connection, options.passfile, timeout + std::chrono::seconds(5))
          .Connect(true);
  return RunRoundTrip(server, timeout, options.common.output);
}

void TestRestore(const Options& options) {
  RestoreTestRequest request = options.restore_test.request;
  request.archive_directory = options.directory;
  request.bindir = options.bindir;
  request.timeout = std::chrono::seconds(options.restore_test.timeout_s);
  request.source = options.connection.Given();
  request.passfile = options.passfile;
  RunRestoreTest(request, options.common.output);
}

// The audit, unless a proof was asked for.
int Run(const Options& options) {
  if (!options.round_trip && !options.restore_test.wanted) {
    if (!options.directory.empty()) return CheckArchive(options).Run();
    throw core::Error(core::ErrorCode::kUsage, "nothing to check", "",
                      "Name the archive with --archive-directory, or say --round-trip.");
  }
  if (options.round_trip && options.restore_test.request.dry_run) {
    throw core::Error(core::ErrorCode::kUsage, "a round trip cannot be tried without being made",
                      "", "Leave --round-trip out with --dry-run.");
  }
  const int code = options.round_trip ? TryRoundTrip(options) : 0;
  if (code == 0 && options.restore_test.wanted) TestRestore(options);
  return code;
}

}  // namespace

Action AddArchiveCheck(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  command.add_option("--archive-directory", options->directory, "folder of the archive")
      ->type_name("DIR");
  command.add_flag("--quick", options->quick, "look at names, sizes and histories alone");
  command
      .add_option("--backup-start", options->backup_start,
                  "where the oldest base backup begins, besides those noted in the archive")
      ->type_name("LSN");
  command
      .add_option("--backup-label", options->backup_label,
                  "the backup_label of a base backup, for the same")
      ->type_name("FILE");
  AddReaderOptions(command, options->connection, options->passfile,
                   "the server that archives there; none is asked unless one of these is given");
  options->common.AddTo(command, false);
  command.add_option("--bindir", options->bindir, "folder of PostgreSQL's server programs");
  command.add_flag("--round-trip", options->round_trip,
                   "let the primary archive a segment, get it back, and compare");
  command.add_option("-t,--timeout", options->timeout_s, "seconds that the round trip may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  options->restore_test.AddTo(command);
  return [options] { return Run(*options); };
}

}  // namespace baton::helper
