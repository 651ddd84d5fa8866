#include "helper/archive/restore_test.hpp"

#include <fmt/format.h>
#include <optional>

#include "core/quantity.hpp"
#include "helper/archive/archive_folder.hpp"
#include "helper/archive/backup_source.hpp"
#include "helper/archive/backup_taking.hpp"
#include "helper/archive/backup_unpacking.hpp"
#include "helper/archive/restore_guard.hpp"
#include "helper/archive/restore_replay.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {
namespace {

using Clock = std::chrono::steady_clock;

// What recovery keeps in pg_wal beside the backup, at the usual size of segments.
constexpr std::int64_t kRoomForWal = std::int64_t{160} * 1024 * 1024;

std::chrono::microseconds Since(Clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
}

class RestoreTest {
 public:
  RestoreTest(const RestoreTestRequest& request, Output& output)
      : request_(request), output_(output) {}

  void Run() {
    RequireSensible(request_);
    const auto began = Clock::now();
    if (request_.take_backup) {
      LookAtServer();
    } else {
      source_ = FindNewestBackup(request_.backup_directory);
    }
    const core::ScratchFolderFacts place = RequirePlace();
    // Of a tar file the version is known when it is unpacked.
    if (source_.major != 0) RequirePrograms(source_.major);
    if (request_.dry_run) {
      Plan(place);
      return;
    }
    RestoreScratch scratch(request_.scratch_directory);
    Unpack(scratch);
    Prepare(scratch);
    ReplayAndRead(request_, programs_, scratch, source_.label.timeline, output_);
    const bool is_gone = scratch.Remove();
    output_.Line(fmt::format("all of it took {}{}", core::DurationText(Since(began)),
                             is_gone ? ", and is removed again" : ""));
    output_.result()["seconds"] = core::Seconds(Since(began));
    if (is_gone) return;
    output_.Warning("could not remove all of \"" + request_.scratch_directory.string() + "\"",
                    "Something still writes there.", "The next restore test there removes it.");
  }

 private:
  void LookAtServer() {
    Parameters parameters = request_.source;
    parameters.emplace("dbname", "postgres");
    if (!request_.passfile.empty()) parameters["passfile"] = request_.passfile;
    server_.emplace(std::move(parameters));
    const Result size = server_->Query("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace");
    source_.bytes = size.Number(0, 0);
    source_.major = server_->major();
  }

  core::ScratchFolderFacts RequirePlace() const {
    std::vector<fs::path> others;
    if (!request_.take_backup) others.push_back(source_.path);
    if (!request_.archive_directory.empty()) others.push_back(request_.archive_directory);
    core::ScratchFolderFacts facts = LookAtScratchFolder(request_.scratch_directory, others);
    facts.needed_bytes = source_.bytes + kRoomForWal;
    core::RequireNone(core::CheckScratchFolder(facts));
    return facts;
  }

  void RequirePrograms(int major) {
    programs_ = FindPrograms(request_.bindir, major);
    if (!programs_.bindir.empty() && programs_.major == major) return;
    throw core::Refusal({{fmt::format("no server programs of PostgreSQL {} found", major),
                          "The backup is of that version.", "Name their folder with --bindir."}});
  }

  void Plan(const core::ScratchFolderFacts& place) const {
    if (request_.take_backup) {
      output_.Line(fmt::format("would take a base backup of the server at {} port {}, now {}",
                               server_->host(), server_->port(), core::BytesText(source_.bytes)));
    } else {
      TellBackup(fmt::format("would restore \"{}\"", source_.path.string()));
    }
    output_.Line(WhereFrom());
    if (!programs_.bindir.empty()) {
      output_.Line(fmt::format("would run the server programs of PostgreSQL {} in \"{}\"",
                               programs_.major, programs_.bindir));
    }
    output_.Line(fmt::format("needs {} in \"{}\", where {}", core::BytesText(place.needed_bytes),
                             place.path,
                             place.free_bytes ? core::BytesText(*place.free_bytes) + " are free"
                                              : "it is not known how much is free"));
    output_.result()["dry_run"] = true;
    output_.result()["needed_bytes"] = place.needed_bytes;
    output_.result()["free_bytes"] =
        place.free_bytes ? nlohmann::json(*place.free_bytes) : nlohmann::json();
    output_.Line("dry run: nothing was done");
  }

  std::string WhereFrom() const {
    std::string by = request_.restore_command.empty()
                         ? "with the archive"
                         : "with what restore_command \"" + request_.restore_command + "\" brings";
    if (!request_.archive_directory.empty()) {
      const std::string newest = NewestSegment(request_.archive_directory);
      by += fmt::format(", \"{}\" {}", request_.archive_directory.string(),
                        newest.empty() ? "having no segment" : "having segments up to " + newest);
    }
    if (!request_.target_lsn.empty()) return by + "; up to " + request_.target_lsn;
    if (!request_.target_time.empty()) return by + "; up to " + request_.target_time;
    return by + "; up to its end";
  }

  void Unpack(const RestoreScratch& scratch) {
    const auto began = Clock::now();
    if (request_.take_backup) {
      Take(scratch);
    } else {
      TellBackup(fmt::format("backup: \"{}\"", source_.path.string()));
      UnpackBackup(source_, scratch);
    }
    CheckInterrupt();
    output_.Line(fmt::format("{} {} in {}", request_.take_backup ? "took" : "unpacked",
                             core::BytesText(source_.bytes), core::DurationText(Since(began))));
  }

  void TellBackup(const std::string& which) const {
    output_.Line(fmt::format("{}, begun at {} on timeline {}, {}", which,
                             source_.label.start.ToString(), source_.label.timeline,
                             source_.label.start_time));
    output_.result()["backup"] = {{"directory", source_.path.string()},
                                  {"start_lsn", source_.label.start.ToString()},
                                  {"timeline", source_.label.timeline},
                                  {"start_time", source_.label.start_time}};
  }

  void Take(const RestoreScratch& scratch) {
    TakeBackup(*server_, request_, programs_, scratch, output_);
    source_.has_manifest = true;
    source_.label =
        core::ParseBackupLabel(ReadFile(scratch.data() / "backup_label")).value_or(source_.label);
    TellBackup(
        fmt::format("backup: of the server at {} port {}", server_->host(), server_->port()));
  }

  void Prepare(const RestoreScratch& scratch) {
    const int major = MajorOf(scratch.data());
    if (major == 0) {
      throw core::Error(core::ErrorCode::kRefused, "the base backup is damaged",
                        "It has no PG_VERSION.");
    }
    RequirePrograms(major);
    if (source_.has_manifest) {
      VerifyBackup(programs_, scratch);
      output_.Line("pg_verifybackup finds it as its manifest says");
    } else {
      output_.Warning("the base backup has no manifest", "So damage in it may go unseen.");
    }
    Detach(scratch);
    WriteGuard(programs_, scratch);
    ReplaceFile(scratch.data() / "pg_hba.conf", "local all all trust\n");
    ReplaceFile(scratch.data() / "pg_ident.conf", "");
    ReplaceFile(scratch.data() / "postgresql.auto.conf", "");
    ReplaceFile(scratch.data() / "recovery.signal", "");
  }

  const RestoreTestRequest& request_;
  Output& output_;
  std::optional<Connection> server_;
  BackupSource source_;
  Programs programs_;
};

}  // namespace

void RunRestoreTest(const RestoreTestRequest& request, Output& output) {
  RestoreTest(request, output).Run();
}

}  // namespace baton::helper
