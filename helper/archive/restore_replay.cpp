#include "helper/archive/restore_replay.hpp"

#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <thread>

#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "core/restore_log.hpp"
#include "core/restore_test.hpp"
#include "core/wal_segment.hpp"
#include "helper/archive/archive_folder.hpp"
#include "helper/archive/restore_guard.hpp"
#include "helper/archive/restore_reading.hpp"
#include "helper/archive/scratch_server.hpp"
#include "helper/backup/control_data.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kMoment = 50ms;
// Each time the WAL may raise what a server must have at least.
constexpr int kMostStarts = 5;
// Of timelines: the server asks for the next one as long as there is one.
constexpr int kMostHistories = 300;

class Replay {
 public:
  Replay(const RestoreTestRequest& request, const Programs& programs, const RestoreScratch& scratch,
         core::TimelineId begun_on, Output& output)
      : request_(request),
        programs_(programs),
        scratch_(scratch),
        begun_on_(begun_on),
        output_(output) {}

  void Run() {
    for (int start = 1;; ++start) {
      const ControlData control = Configure();
      ScratchServer server(programs_, scratch_);
      ScratchSessions sessions(scratch_, request_.username);
      auto session = AwaitEnd(server, sessions);
      if (!session) {
        if (start < kMostStarts && server.Stop()) continue;
        throw core::Error(core::ErrorCode::kFailed,
                          "the WAL raises what a server must have at least again and again");
      }
      const auto shortfall = TellEnd(*session, control);
      ReadAll(sessions, output_);
      session.reset();
      if (request_.deep) {
        ReadDeeply(programs_, scratch_, sessions, output_);
        if (server.Stop() && control.data_checksums) {
          VerifyChecksums(programs_, scratch_, output_);
        }
      }
      if (!shortfall) return;
      throw core::Error(core::ErrorCode::kRefused, shortfall->message, shortfall->detail,
                        shortfall->hint);
    }
  }

 private:
  std::chrono::microseconds Took() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
  }

  ControlData Configure() const {
    ControlData control =
        ReadControlData(programs_.Path("pg_controldata"), scratch_.data().string());
    core::ScratchServerFacts facts;
    facts.major = programs_.major;
    facts.socket_directory = scratch_.sockets().string();
    facts.restore_command = Guarded(
        request_.restore_command.empty()
            ? core::ArchiveGetCommand(OwnProgram(), PlainPath(request_.archive_directory).string())
            : core::WithoutRemoval(request_.restore_command),
        scratch_);
    facts.preload_libraries = request_.preload_libraries;
    facts.target_lsn = request_.target_lsn;
    facts.target_time = request_.target_time;
    facts.minimums = control.minimums;
    ReplaceFile(scratch_.data() / "postgresql.conf", core::ScratchConfiguration(facts));
    return control;
  }

  // A session of the server when its recovery has ended; nullopt where it waits for settings that
  // are as high as the primary has raised its own meanwhile.
  std::optional<Connection> AwaitEnd(ScratchServer& server, ScratchSessions& sessions) {
    std::optional<Connection> session;
    for (;;) {
      CheckInterrupt();
      if (!server.IsRunning()) throw WhyItEnded();
      RequireProgress();
      if (Took() > request_.timeout) throw NoEnd();
      std::this_thread::sleep_for(kMoment);
      if (!session) {
        session = sessions.TryTo("postgres");
        if (!session) continue;
        TellConsistent();
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

  void TellConsistent() {
    if (is_consistent_) return;
    is_consistent_ = true;
    output_.Line(fmt::format("consistent after {}", core::DurationText(Took())));
  }

  // A command that brings histories for ever would keep the server from its first record.
  void RequireProgress() {
    if (is_consistent_ || Clock::now() < looks_at_log_) return;
    looks_at_log_ = Clock::now() + 2s;
    if (ReadLog().restored_histories < kMostHistories) return;
    throw core::Error(core::ErrorCode::kRefused,
                      "restore_command brings a file whatever it is asked for",
                      fmt::format("It has brought histories of {} timelines.", kMostHistories),
                      "It has to heed %f, and to fail where it finds nothing.");
  }

  core::Error NoEnd() const {
    return {core::ErrorCode::kFailed,
            fmt::format("recovery did not end within {}", core::DurationText(request_.timeout)),
            fmt::format("{} segments were restored.", ReadLog().restored_segments),
            "See whether restore_command hangs, or brings a file whatever it is asked for; "
            "or wait longer with --restore-timeout."};
  }

  core::RestoreLog ReadLog() const { return core::ParseRestoreLog(LogText()); }
  std::string LogText() const { return ReadFileIfThere(scratch_.log()).value_or(""); }
  void ShowLog() const { output_.Detail("the server's log:\n" + LogText()); }

  core::Error WhyItEnded() const {
    ShowLog();
    if (auto problem = FoundByGuard(scratch_)) {
      return {core::ErrorCode::kRefused, problem->message, problem->detail, problem->hint};
    }
    const core::RestoreLog log = ReadLog();
    const std::string got =
        log.last_segment.empty()
            ? "No segment came from the archive."
            : fmt::format("The last segment that came from the archive is {}.", log.last_segment);
    const std::string before = core::LastWords(log);
    return {core::ErrorCode::kRefused, "the base backup cannot be restored with this archive",
            fmt::format("The server said: {}.  {}{}", log.fatal.empty() ? "nothing" : log.fatal,
                        got, before.empty() ? "" : "  Before that: " + before),
            "pg_baton archive-check tells what the archive lacks."};
  }

  // Returns what the archive has and recovery did not reach.
  std::optional<core::Problem> TellEnd(Connection& session, const ControlData& control) const {
    const Result row =
        session.Query("SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()");
    const core::RestoreLog log = ReadLog();
    core::RestoreEnd end;
    end.end = core::Lsn::Parse(row.Text(0, 0)).value_or(core::Lsn());
    end.timeline = log.last_segment.empty() ? begun_on_ : core::TimelineOf(log.last_segment);
    end.segment_bytes = control.segment_bytes;
    end.last_words = core::LastWords(log);
    end.had_target = request_.has_target();
    if (!request_.archive_directory.empty()) {
      end.newest_archived = NewestSegment(request_.archive_directory);
    }
    auto shortfall = core::FindShortfall(end);
    if (shortfall) ShowLog();
    const std::string commit = row.Text(0, 1);
    output_.Line(fmt::format(
        "restored up to {} on timeline {}, {}, from {} segments in {}", end.end.ToString(),
        end.timeline,
        commit.empty() ? "with no commit beyond the backup" : "the last commit of " + commit,
        log.restored_segments, core::DurationText(Took())));
    output_.result()["restored"] = {{"lsn", end.end.ToString()},
                                    {"timeline", end.timeline},
                                    {"commit_time", commit},
                                    {"segments", log.restored_segments},
                                    {"seconds", core::Seconds(Took())}};
    return shortfall;
  }

  const RestoreTestRequest& request_;
  const Programs& programs_;
  const RestoreScratch& scratch_;
  core::TimelineId begun_on_;
  Output& output_;
  Clock::time_point began_ = Clock::now();
  bool is_consistent_ = false;
  Clock::time_point looks_at_log_{};
};

}  // namespace

void ReplayAndRead(const RestoreTestRequest& request, const Programs& programs,
                   const RestoreScratch& scratch, core::TimelineId begun_on, Output& output) {
  Replay(request, programs, scratch, begun_on, output).Run();
}

}  // namespace baton::helper
