#include "archive_probe.hpp"

#include "pg/postgres.hpp"

#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "durable_file.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"

namespace baton {
namespace {

using Kind = core::ArchiveAnswer::Kind;

// Bytes of the file; negative if there is none.
std::int64_t SizeOf(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_size : -1;
}

// Why nothing follows from the end of this command; empty if something does.
std::string FailureOf(const ShellCommand& command, std::chrono::milliseconds limit) {
  const ShellCommand::Result& result = command.result();
  const std::string said = command.errors().empty() ? "" : ": " + command.errors();
  switch (result.end) {
    case ShellCommand::End::kNotStarted:
      return "could not be started" + said;
    case ShellCommand::End::kTimedOut:
      return "no answer within " + core::DurationText(limit) + said;
    case ShellCommand::End::kSignalled:
      return fmt::format("ended by signal {}{}", result.signal, said);
    case ShellCommand::End::kExited:
      return command.Failed() ? fmt::format("exit code {}{}", result.exit_code, said) : "";
    default:
      return "not finished";
  }
}

// Files that commands of this process may be bringing.  A session that ends by FATAL destroys
// nothing of C++; registered before any command, this runs after their end.
std::vector<std::string> expected;

extern "C" void RemoveExpected(int, Datum) {
  for (const std::string& path : expected) unlink(path.c_str());
}

void RegisterExit() {
  static bool registered = false;
  if (registered) return;
  pg::Call([] { on_proc_exit(RemoveExpected, Datum{0}); });
  registered = true;
}

bool Brought(const ShellCommand& command) { return command.result().exit_code == 0; }

}  // namespace

ArchiveProbe::ArchiveProbe(const core::Position& position, std::chrono::milliseconds limit)
    : timeline_(position.timeline), limit_(limit) {
  const std::string command = pg::RestoreCommand();
  if (command.empty()) return;
  RegisterExit();
  mkdir(kFolder, pg_dir_create_mode);
  const core::Lsn next = std::max(position.received, position.replayed);
  segment_.file = core::SegmentName(timeline_, next, static_cast<std::uint64_t>(wal_segment_size));
  history_.file = core::HistoryName(timeline_ + 1);
  for (Question* const question : {&segment_, &history_}) {
    // One process asks one question at a time, so its number makes the name its own.
    question->path = fmt::format("{}/archived.{}.{}", kFolder, getpid(), question->file);
    unlink(question->path.c_str());
    expected.push_back(question->path);
    question->command = std::make_unique<ShellCommand>(
        core::ExpandRestoreCommand(command, question->file, question->path),
        std::map<std::string, std::string>{}, limit);
  }
}

ArchiveProbe::~ArchiveProbe() {
  for (Question* const question : {&segment_, &history_}) {
    question->command.reset();
    if (!question->path.empty()) unlink(question->path.c_str());
    std::erase(expected, question->path);
  }
}

void ArchiveProbe::Advance() {
  for (Question* const question : {&segment_, &history_}) {
    if (question->command != nullptr) question->command->Advance();
  }
}

bool ArchiveProbe::Finish(std::chrono::milliseconds moment) {
  for (Question* const question : {&segment_, &history_}) {
    if (question->command == nullptr || question->command->Finished()) continue;
    question->command->Wait(moment);
    return false;
  }
  return true;
}

core::ArchiveAnswer ArchiveProbe::Answer() const {
  core::ArchiveAnswer answer;
  if (segment_.command == nullptr || history_.command == nullptr) return answer;
  answer.segment = segment_.file;
  answer.kind = Kind::kNoAnswer;
  answer.error = FailureOf(*history_.command, limit_);
  if (answer.error.empty() && Brought(*history_.command) && SizeOf(history_.path) > 0) {
    answer.kind = Kind::kNewTimeline;
    answer.timeline = timeline_ + 1;
    return answer;
  }
  if (answer.error.empty()) answer.error = FailureOf(*segment_.command, limit_);
  if (!answer.error.empty()) return answer;
  if (!Brought(*segment_.command)) {
    answer.kind = Kind::kNothing;
  } else if (SizeOf(segment_.path) == wal_segment_size) {
    answer.kind = Kind::kSegment;
  } else {
    answer.error =
        fmt::format("it ended well, and what it brought for {} is no segment", segment_.file);
  }
  return answer;
}

}  // namespace baton
