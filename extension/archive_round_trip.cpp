#include "archive_round_trip.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

#include "archive_reading.hpp"
#include "core/lsn.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "gate.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/volumes.hpp"
#include "pg/worker.hpp"
#include "scratch_folder.hpp"
#include "segment_comparison.hpp"
#include "shell_command.hpp"

namespace baton {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kMoment{20};

// A segment that no cluster ever reaches.
constexpr core::Lsn kNever(~std::uint64_t{0});

core::RoundTripServer LookAtServer() {
  core::RoundTripServer server;
  server.in_recovery = RecoveryInProgress();
  const core::GateWords words = gate::Read();
  const core::Instant now = pg::Now();
  server.gate = core::GateText(words, now);
  for (const std::string_view reason : core::ReasonTexts(core::ReasonsAt(words, now))) {
    server.gate_reasons += (server.gate_reasons.empty() ? "" : ", ") + std::string(reason);
  }
  server.archive_mode = pg::Setting("archive_mode").value_or("");
  if (!pg::Setting("archive_library").value_or("").empty()) {
    server.archive_method = "archive_library";
  } else if (!pg::Setting("archive_command").value_or("").empty()) {
    server.archive_method = "archive_command";
  }
  return server;
}

// A named point is seen by nobody but recovery, and needs no transaction.
std::string EndSegmentWithRecord() {
  const XLogRecPtr end = pg::Call([] {
    const XLogRecPtr after = XLogRestorePoint("pg_baton round trip");
    RequestXLogSwitch(false);
    return after;
  });
  return core::SegmentName(pg::Call([] { return GetWALInsertionTimeLine(); }), core::Lsn(end - 1),
                           static_cast<std::uint64_t>(wal_segment_size));
}

struct ArchiverCount {
  std::int64_t failures = 0;
  char last_failed[MAX_XFN_CHARS + 1] = "";
};

ArchiverCount CountFailures() {
  return pg::Call([] {
    pgstat_clear_snapshot();
    const PgStat_ArchiverStats* const stats = pgstat_fetch_stat_archiver();
    ArchiverCount count;
    count.failures = stats->failed_count;
    strlcpy(count.last_failed, stats->last_failed_wal, sizeof(count.last_failed));
    return count;
  });
}

std::optional<std::int64_t> SizeOf(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_size;
}

core::Bringing::End EndOf(const ShellCommand& command) {
  switch (command.result().end) {
    case ShellCommand::End::kExited:
      return core::Bringing::End::kExited;
    case ShellCommand::End::kSignalled:
      return core::Bringing::End::kSignalled;
    case ShellCommand::End::kNotStarted:
      return core::Bringing::End::kNotStarted;
    default:
      return core::Bringing::End::kTimedOut;
  }
}

class RoundTrip {
 public:
  explicit RoundTrip(Milliseconds limit) : ends_at_(pg::Now() + limit) {}

  std::vector<core::RoundTripStep> Run() {
    if (!Say(core::JudgeServer(LookAtServer()))) return steps_;
    before_ = CountFailures();
    segment_ = EndSegmentWithRecord();
    if (!Say(core::JudgeArchiving(AwaitArchiving()))) return steps_;
    const ScratchFolder scratch("round_trip");
    const std::string command = pg::RestoreCommand();
    if (command.empty()) {
      ReadDirectory(scratch);
      return steps_;
    }
    Say(core::JudgeBringing(Ask(command, segment_, scratch), wal_segment_size));
    if (steps_.back().status == core::Status::kOk) Say(Compare(scratch));
    AskForMissing(command, scratch);
    return steps_;
  }

 private:
  // Whether the next step has a meaning.
  bool Say(core::RoundTripStep step) {
    steps_.push_back(std::move(step));
    const core::Status status = steps_.back().status;
    return status == core::Status::kOk || status == core::Status::kWarning;
  }

  Milliseconds Left() const {
    return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(ends_at_ - pg::Now()));
  }

  core::Archiving AwaitArchiving() {
    static const std::uint32_t event =
        pg::Call([] { return pg::NewWaitEvent("PgBatonRoundTrip"); });
    core::Archiving archiving;
    archiving.segment = segment_;
    const core::Instant began = pg::Now();
    const char* const name = segment_.c_str();
    for (;;) {
      archiving.archived = !pg::Call([name] { return XLogArchiveIsBusy(name); });
      if (archiving.archived || Left() == Milliseconds(0)) break;
      pg::WaitForLatch(std::min(kMoment, Left()), event);
    }
    archiving.took = pg::Now() - began;
    const ArchiverCount after = CountFailures();
    archiving.failures = after.failures - before_.failures;
    if (archiving.failures > 0) archiving.last_failed = after.last_failed;
    archiving.ahead = std::max<std::int64_t>(pg::CountReadyFiles(core::Lsn()).count, 0);
    return archiving;
  }

  core::Bringing Ask(const std::string& command, const std::string& file,
                     const ScratchFolder& scratch) const {
    core::Bringing bringing;
    bringing.file = file;
    const std::string path = scratch.PathOf(file);
    const core::Instant began = pg::Now();
    ShellCommand run(core::ExpandRestoreCommand(command, file, path), {}, Left());
    while (!run.Finished()) run.Wait(kMoment);
    bringing.took = pg::Now() - began;
    bringing.end = EndOf(run);
    bringing.exit_code = run.result().exit_code;
    bringing.signal = run.result().signal;
    bringing.errors = run.errors();
    bringing.left_bytes = SizeOf(path);
    return bringing;
  }

  void AskForMissing(const std::string& command, const ScratchFolder& scratch) {
    if (Left() == Milliseconds(0)) {
      Say(core::NoTimeLeft("missing"));
      return;
    }
    const core::TimelineId timeline = core::TimelineOf(segment_);
    Say(core::JudgeRefusal(Ask(
        command, core::SegmentName(timeline, kNever, static_cast<std::uint64_t>(wal_segment_size)),
        scratch)));
  }

  void ReadDirectory(const ScratchFolder& scratch) {
    const std::string directory = pg::Setting("pg_baton.archive_directory").value_or("");
    Say(core::NoRestoreCommand(!directory.empty()));
    if (directory.empty()) return;
    Say(core::JudgeDirectory(
        ReadFromArchive(directory, segment_, scratch.PathOf(segment_), Left())));
    if (steps_.back().status == core::Status::kOk) Say(Compare(scratch));
  }

  core::RoundTripStep Compare(const ScratchFolder& scratch) const {
    return core::JudgeComparison(CompareSegment(segment_, fmt::format("{}/{}", XLOGDIR, segment_),
                                                scratch.PathOf(segment_)));
  }

  core::Instant ends_at_;
  std::string segment_;
  ArchiverCount before_;
  std::vector<core::RoundTripStep> steps_;
};

}  // namespace

std::vector<core::RoundTripStep> TryArchiveRoundTrip(Milliseconds limit) {
  return RoundTrip(limit).Run();
}

}  // namespace baton
