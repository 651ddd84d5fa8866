#include "helper/archive/restore_test.hpp"

#include <fmt/format.h>
#include <optional>
#include <thread>

#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "core/restore_log.hpp"
#include "core/wal_segment.hpp"
#include "helper/archive/archive_folder.hpp"
#include "helper/archive/backup_source.hpp"
#include "helper/archive/backup_unpacking.hpp"
#include "helper/archive/restore_guard.hpp"
#include "helper/archive/restore_reading.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/archive/scratch_server.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/backup/control_data.hpp"
#include "helper/progress.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kMoment = 50ms;
// What recovery keeps in pg_wal beside the backup, at the usual size of segments.
constexpr std::int64_t kRoomForWal = std::int64_t{160} * 1024 * 1024;
// Each time the WAL may raise what a server must have at least.
constexpr int kMostStarts = 5;
// Of timelines: the server asks for the next one as long as there is one.
constexpr int kMostHistories = 300;

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
    RequirePlace();
    RestoreScratch scratch(request_.scratch_directory);
    Unpack(scratch);
    Prepare(scratch);
    Replay(scratch);
    output_.Line(
        fmt::format("all of it took {}, and is removed again", core::DurationText(Since(began))));
    output_.result()["seconds"] = core::Seconds(Since(began));
  }

 private:
  void LookAtServer() {
    Parameters parameters = request_.source;
    parameters.emplace("dbname", "postgres");
    if (!request_.passfile.empty()) parameters["passfile"] = request_.passfile;
    server_.emplace(std::move(parameters));
    const Result size = server_->Query("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace");
    source_.bytes = size.Number(0, 0);
  }

  void RequirePlace() {
    std::vector<fs::path> others;
    if (!request_.take_backup) others.push_back(source_.path);
    if (!request_.archive_directory.empty()) others.push_back(request_.archive_directory);
    core::ScratchFolderFacts facts = LookAtScratchFolder(request_.scratch_directory, others);
    facts.needed_bytes = source_.bytes + kRoomForWal;
    core::RequireNone(core::CheckScratchFolder(facts));
  }

  void Unpack(const RestoreScratch& scratch) {
    const auto began = Clock::now();
    if (request_.take_backup) {
      TakeBackup(scratch);
    } else {
      TellBackup(fmt::format("backup: \"{}\"", source_.path.string()));
      UnpackBackup(source_, scratch);
    }
    CheckInterrupt();
    output_.Line(fmt::format("{} {} in {}", request_.take_backup ? "took" : "unpacked",
                             core::BytesText(source_.bytes), core::DurationText(Since(began))));
  }

  void TellBackup(const std::string& which) {
    output_.Line(fmt::format("{}, begun at {} on timeline {}, {}", which,
                             source_.label.start.ToString(), source_.label.timeline,
                             source_.label.start_time));
    output_.result()["backup"] = {{"directory", source_.path.string()},
                                  {"start_lsn", source_.label.start.ToString()},
                                  {"timeline", source_.label.timeline},
                                  {"start_time", source_.label.start_time}};
  }

  // Without its WAL: that has to come from the archive.
  void TakeBackup(const RestoreScratch& scratch) {
    BaseBackupOptions options;
    programs_ = FindPrograms(request_.bindir, server_->major());
    RequirePrograms(server_->major());
    options.program = programs_.Path("pg_basebackup");
    options.directory = scratch.data();
    options.source = request_.source;
    options.source.erase("dbname");
    options.source["host"] = server_->host();
    options.source["port"] = server_->port();
    options.source["user"] = server_->user();
    options.passfile = request_.passfile;
    options.wal_method = "none";
    const Result spaces = server_->Query(
        "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace"
        " WHERE pg_tablespace_location(oid) LIKE '/%'");
    for (int row = 0; row < spaces.rows(); ++row) {
      options.tablespace_mappings.push_back(spaces.Text(row, 1) + "=" +
                                            scratch.tablespace(spaces.Text(row, 0)).string());
    }
    Progress progress("copying", output_.is_json());
    RunBaseBackup(options,
                  [&](std::int64_t done, std::int64_t total) { progress.Update(done, total); });
    progress.Finish();
    source_.has_manifest = true;
    source_.label =
        core::ParseBackupLabel(ReadFile(scratch.data() / "backup_label")).value_or(source_.label);
    TellBackup(
        fmt::format("backup: of the server at {} port {}", server_->host(), server_->port()));
  }

  void RequirePrograms(int major) {
    if (!programs_.bindir.empty() && programs_.major == major) return;
    throw core::Refusal({{fmt::format("no server programs of PostgreSQL {} found", major),
                          "The backup is of that version.", "Name their folder with --bindir."}});
  }

  void Prepare(const RestoreScratch& scratch) {
    const auto text = ReadFileIfThere(scratch.data() / "PG_VERSION");
    const int major = std::atoi(text.value_or("").c_str());
    if (major == 0) {
      throw core::Error(core::ErrorCode::kRefused, "the base backup is damaged",
                        "It has no PG_VERSION.");
    }
    programs_ = FindPrograms(request_.bindir, major);
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

  core::ScratchServerFacts ServerFacts(const RestoreScratch& scratch,
                                       const ControlData& control) const {
    core::ScratchServerFacts facts;
    facts.major = programs_.major;
    facts.socket_directory = scratch.sockets().string();
    facts.restore_command = Guarded(
        request_.restore_command.empty()
            ? core::ArchiveGetCommand(OwnProgram(), PlainPath(request_.archive_directory).string())
            : core::WithoutRemoval(request_.restore_command),
        scratch);
    facts.preload_libraries = request_.preload_libraries;
    facts.target_lsn = request_.target_lsn;
    facts.target_time = request_.target_time;
    facts.minimums = control.minimums;
    return facts;
  }

  ControlData Configure(const RestoreScratch& scratch) const {
    const ControlData control =
        ReadControlData(programs_.Path("pg_controldata"), scratch.data().string());
    ReplaceFile(scratch.data() / "postgresql.conf",
                core::ScratchConfiguration(ServerFacts(scratch, control)));
    return control;
  }

  void Replay(const RestoreScratch& scratch) {
    const auto began = Clock::now();
    for (int start = 1;; ++start) {
      const ControlData control = Configure(scratch);
      ScratchServer server(programs_, scratch);
      ScratchSessions sessions(scratch, request_.username);
      auto session = AwaitEnd(server, sessions, scratch, began);
      if (!session) {
        if (start < kMostStarts && server.Stop()) continue;
        throw core::Error(core::ErrorCode::kFailed,
                          "the WAL raises what a server must have at least again and again");
      }
      TellEnd(*session, scratch, control, Since(began));
      ReadAll(sessions, output_);
      session.reset();
      if (request_.deep) {
        ReadDeeply(programs_, scratch, sessions, output_);
        if (server.Stop() && control.data_checksums) {
          VerifyChecksums(programs_, scratch, output_);
        }
      }
      if (shortfall_) {
        throw core::Error(core::ErrorCode::kFailed, shortfall_->message, shortfall_->detail,
                          shortfall_->hint);
      }
      return;
    }
  }

  // A session of the server when its recovery has ended; nullopt where it waits for settings that
  // are as high as the primary has raised its own meanwhile.
  std::optional<Connection> AwaitEnd(ScratchServer& server, ScratchSessions& sessions,
                                     const RestoreScratch& scratch, Clock::time_point began) {
    std::optional<Connection> session;
    for (;;) {
      CheckInterrupt();
      if (!server.IsRunning()) throw WhyItEnded(scratch);
      RequireProgress(scratch);
      if (Since(began) > request_.timeout) {
        throw core::Error(
            core::ErrorCode::kFailed,
            fmt::format("recovery did not end within {}", core::DurationText(request_.timeout)),
            fmt::format("{} segments were restored.", ReadLog(scratch).restored_segments),
            "See whether restore_command hangs, or brings a file whatever it is asked for; "
            "or wait longer with --restore-timeout.");
      }
      std::this_thread::sleep_for(kMoment);
      if (!session) {
        session = sessions.TryTo("postgres");
        if (!session) continue;
        if (!consistent_) {
          consistent_ = true;
          output_.Line(fmt::format("consistent after {}", core::DurationText(Since(began))));
        }
      }
      try {
        const std::string state = session->Value(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END");
        if (state.empty()) return session;
        if (state == "paused") return std::nullopt;
      } catch (const core::Error&) {
        session.reset();  // it has ended, or recovery has just now
      }
    }
  }

  // A command that brings histories for ever would keep the server from its first record.
  void RequireProgress(const RestoreScratch& scratch) {
    if (consistent_ || Clock::now() < looks_at_log_) return;
    looks_at_log_ = Clock::now() + 2s;
    if (ReadLog(scratch).restored_histories < kMostHistories) return;
    throw core::Error(core::ErrorCode::kFailed,
                      "restore_command brings a file whatever it is asked for",
                      fmt::format("It has brought histories of {} timelines.", kMostHistories),
                      "It has to heed %f, and to fail where it finds nothing.");
  }

  core::RestoreLog ReadLog(const RestoreScratch& scratch) const {
    const std::string text = ReadFileIfThere(scratch.log()).value_or("");
    return core::ParseRestoreLog(text);
  }

  void ShowLog(const RestoreScratch& scratch) const {
    output_.Detail("the server's log:\n" + ReadFileIfThere(scratch.log()).value_or(""));
  }

  core::Error WhyItEnded(const RestoreScratch& scratch) {
    ShowLog(scratch);
    if (auto problem = FoundByGuard(scratch)) {
      return {core::ErrorCode::kRefused, problem->message, problem->detail, problem->hint};
    }
    const core::RestoreLog log = ReadLog(scratch);
    const std::string got =
        log.last_segment.empty()
            ? "No segment came from the archive."
            : fmt::format("The last segment that came from the archive is {}.", log.last_segment);
    return {
        core::ErrorCode::kFailed, "the base backup cannot be restored with this archive",
        fmt::format("The server said: {}.  {}{}", log.fatal.empty() ? "nothing" : log.fatal, got,
                    log.end_reason.empty() ? "" : "  Before that: " + log.end_reason + "."),
        "pg_baton archive-check tells what the archive lacks."};
  }

  void TellEnd(Connection& session, const RestoreScratch& scratch, const ControlData& control,
               std::chrono::microseconds took) {
    const Result row =
        session.Query("SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()");
    const core::RestoreLog log = ReadLog(scratch);
    core::RestoreEnd end;
    end.end = core::Lsn::Parse(row.Text(0, 0)).value_or(core::Lsn());
    end.timeline =
        log.last_segment.empty() ? source_.label.timeline : core::TimelineOf(log.last_segment);
    end.segment_bytes = control.segment_bytes;
    end.last_words = log.end_reason;
    end.had_target = !request_.target_lsn.empty() || !request_.target_time.empty();
    if (!request_.archive_directory.empty()) {
      end.newest_archived = NewestSegment(request_.archive_directory);
    }
    shortfall_ = core::FindShortfall(end);
    if (shortfall_) ShowLog(scratch);
    const std::string commit = row.Text(0, 1);
    output_.Line(fmt::format(
        "restored up to {} on timeline {}, {}, from {} segments in {}", end.end.ToString(),
        end.timeline,
        commit.empty() ? "with no commit beyond the backup" : "the last commit of " + commit,
        log.restored_segments, core::DurationText(took)));
    output_.result()["restored"] = {{"lsn", end.end.ToString()},
                                    {"timeline", end.timeline},
                                    {"commit_time", commit},
                                    {"segments", log.restored_segments},
                                    {"seconds", core::Seconds(took)}};
  }

  const RestoreTestRequest& request_;
  Output& output_;
  std::optional<Connection> server_;
  BackupSource source_;
  Programs programs_;
  bool consistent_ = false;
  Clock::time_point looks_at_log_{};
  std::optional<core::Problem> shortfall_;
};

core::Error Usage(std::string message, std::string hint) {
  return {core::ErrorCode::kUsage, std::move(message), "", std::move(hint)};
}

}  // namespace

void RequireSensible(const RestoreTestRequest& request) {
  if (request.take_backup != request.backup_directory.empty()) {
    throw Usage("a restore test needs one base backup",
                "Give --backup-directory, or --take-backup, and not both.");
  }
  if (request.archive_directory.empty() && request.restore_command.empty()) {
    throw Usage("a restore test needs the archive",
                "Give --archive-directory, or --restore-command, or both.");
  }
  if (request.scratch_directory.empty()) {
    throw Usage("a restore test needs a folder with room for the backup",
                "Give --scratch-directory.");
  }
  if (!request.target_lsn.empty() && !request.target_time.empty()) {
    throw Usage("recovery can have one target only", "Give --target-lsn or --target-time.");
  }
  if (!request.target_lsn.empty() && !core::Lsn::Parse(request.target_lsn)) {
    throw Usage(fmt::format("invalid LSN \"{}\"", request.target_lsn),
                "Write it as PostgreSQL does, such as 0/3000060.");
  }
}

void RunRestoreTest(const RestoreTestRequest& request, Output& output) {
  RestoreTest(request, output).Run();
}

}  // namespace baton::helper
