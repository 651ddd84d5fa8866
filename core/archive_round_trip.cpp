#include "core/archive_round_trip.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

using End = Bringing::End;

constexpr int kHighestNo = 125;  // a higher one ends recovery
constexpr const char* kTryIt = "Run it by hand, as the user who runs the server, and mend it.";

std::string Said(const Bringing& bringing) {
  return bringing.errors.empty() ? "" : fmt::format("It said: {}.", bringing.errors);
}

RoundTripStep Step(const char* step, Status status, std::string message, std::string detail = "",
                   std::string hint = "") {
  return {step, status, std::move(message), std::move(detail), std::move(hint), std::nullopt};
}

// Of a command that ended in a way from which recovery would not go on; nullopt for the others.
std::optional<RoundTripStep> JudgeEnd(const char* step, const Bringing& bringing) {
  std::string message;
  switch (bringing.end) {
    case End::kNotStarted:
      message = "restore_command could not be started";
      break;
    case End::kTimedOut:
      message = fmt::format("restore_command was still at work on {} after {}, and was ended",
                            bringing.file, DurationText(bringing.took));
      break;
    case End::kSignalled:
      message = fmt::format("restore_command was ended by signal {} when asked for {}",
                            bringing.signal, bringing.file);
      break;
    case End::kExited:
      if (bringing.exit_code <= kHighestNo) return std::nullopt;
      message = fmt::format("restore_command ended with exit code {} when asked for {}",
                            bringing.exit_code, bringing.file);
      break;
  }
  const bool hangs = bringing.end == End::kTimedOut;
  const bool unknown_command = bringing.end == End::kExited && bringing.exit_code == 127;
  RoundTripStep row =
      Step(step, Status::kCritical, std::move(message), Said(bringing),
           hangs             ? "A restore would wait as long; look at what it waits for."
           : unknown_command ? "The shell does not find the program; name it with its whole path."
                             : kTryIt);
  row.took = bringing.took;
  return row;
}

}  // namespace

RoundTripStep JudgeServer(const RoundTripServer& server) {
  constexpr const char* kStep = "server";
  if (server.in_recovery) {
    return Step(kStep, Status::kUnknown, "this server is a standby",
                "The round trip begins with a record that is written.",
                "Call baton.archive_round_trip() on the primary.");
  }
  if (server.gate != "open") {
    return Step(kStep, Status::kUnknown, fmt::format("the write gate is {}", server.gate),
                fmt::format("The reason is: {}.  Nothing was written.", server.gate_reasons),
                "Try again when the gate is open; baton.node_status tells.");
  }
  if (server.archive_mode == "off") {
    return Step(kStep, Status::kCritical, "this server archives nothing", "archive_mode is off.",
                "Set archive_mode = on, and archive_library or archive_command; restart.");
  }
  if (server.archive_method.empty()) {
    return Step(kStep, Status::kCritical, "this server archives nothing",
                "Neither archive_library nor archive_command is set.",
                "Set one of them and reload, or WAL piles up.");
  }
  return Step(kStep, Status::kOk,
              fmt::format("a primary that archives by {}", server.archive_method));
}

RoundTripStep JudgeArchiving(const Archiving& archiving) {
  constexpr const char* kStep = "archive";
  const std::string time = DurationText(archiving.took);
  const std::string waiting =
      archiving.ahead == 1 ? "1 file waits" : fmt::format("{} files wait", archiving.ahead);
  RoundTripStep row;
  if (!archiving.archived) {
    row = Step(kStep, Status::kCritical,
               fmt::format("{} was not archived within {}", archiving.segment, time),
               archiving.failures > 0
                   ? fmt::format("The archiver failed meanwhile, with {}; {}.",
                                 archiving.last_failed, waiting)
                   : fmt::format("The archiver counted no failure meanwhile; {}.", waiting),
               archiving.failures > 0
                   ? "See the server log for the reason."
                   : "It is slow, hangs, or ends before it counts: see the server log, or wait "
                     "longer.");
  } else if (archiving.failures > 0) {
    row = Step(kStep, Status::kWarning,
               fmt::format("{} was archived after {}, and {} tries failed", archiving.segment, time,
                           archiving.failures),
               fmt::format("The file that failed last is {}.", archiving.last_failed),
               "See the server log for the reason.");
  } else {
    row =
        Step(kStep, Status::kOk, fmt::format("{} was archived after {}", archiving.segment, time));
  }
  row.took = archiving.took;
  return row;
}

RoundTripStep JudgeBringing(const Bringing& bringing, std::int64_t segment_bytes) {
  constexpr const char* kStep = "restore";
  if (auto row = JudgeEnd(kStep, bringing)) return *row;
  RoundTripStep row;
  if (bringing.exit_code != 0) {
    row =
        Step(kStep, Status::kCritical,
             fmt::format("restore_command does not find {} in the archive", bringing.file),
             fmt::format("It ended with exit code {}, and the archiver says that it is there.{}",
                         bringing.exit_code, bringing.errors.empty() ? "" : "  " + Said(bringing)),
             "Let restore_command read where archive_library or archive_command writes.");
  } else if (!bringing.left_bytes) {
    row = Step(kStep, Status::kCritical,
               fmt::format("restore_command says that it brought {}, and did not", bringing.file),
               "It ended with exit code 0, and there is no file.", kTryIt);
  } else if (*bringing.left_bytes != segment_bytes) {
    row = Step(
        kStep, Status::kCritical,
        fmt::format("restore_command brought {} bytes for {}", *bringing.left_bytes, bringing.file),
        fmt::format("A segment has {} bytes.", segment_bytes),
        "Where the archive is compressed, restore_command has to decompress.");
  } else {
    row = Step(kStep, Status::kOk,
               fmt::format("restore_command brought {} in {}", bringing.file,
                           DurationText(bringing.took)));
  }
  row.took = bringing.took;
  return row;
}

RoundTripStep JudgeRefusal(const Bringing& bringing) {
  constexpr const char* kStep = "missing";
  if (auto row = JudgeEnd(kStep, bringing)) {
    if (bringing.end != End::kTimedOut) {
      row->detail = "A restore asks for files that do not exist, and would end there." +
                    (row->detail.empty() ? "" : "  " + row->detail);
    }
    return *row;
  }
  RoundTripStep row;
  if (bringing.exit_code == 0) {
    const bool brought = bringing.left_bytes.has_value();
    row = Step(kStep, Status::kCritical,
               fmt::format("restore_command {} a file that no archive has",
                           brought ? "brought" : "says that it brought"),
               fmt::format("It was asked for {}.", bringing.file),
               brought ? "It does not heed %f, or makes up what is missing; mend it."
                       : "It ends with 0 whatever happens; it must fail where it finds nothing.");
  } else if (bringing.left_bytes) {
    row = Step(kStep, Status::kWarning,
               "restore_command said no to a file that no archive has, and left one all the same",
               fmt::format("{} bytes were left, with exit code {}.", *bringing.left_bytes,
                           bringing.exit_code),
               "It should write a temporary file and rename it when it is whole.");
  } else {
    row = Step(kStep, Status::kOk,
               fmt::format("restore_command said no to a file that no archive has, in {}",
                           DurationText(bringing.took)));
  }
  row.took = bringing.took;
  return row;
}

RoundTripStep JudgeComparison(const Comparison& comparison) {
  constexpr const char* kStep = "compare";
  using Outcome = Comparison::Outcome;
  switch (comparison.outcome) {
    case Outcome::kSame:
      return Step(kStep, Status::kOk,
                  fmt::format("{} came back as it is in pg_wal, byte by byte", comparison.segment));
    case Outcome::kDiffers:
      return Step(kStep, Status::kCritical,
                  fmt::format("{} came back with other content", comparison.segment),
                  fmt::format("It differs from pg_wal from byte {} on.", comparison.differs_at),
                  "Another server may archive to the same place; pg_baton archive-check tells.");
    case Outcome::kGone:
      return Step(kStep, Status::kUnknown,
                  fmt::format("{} is no longer in pg_wal", comparison.segment),
                  "A checkpoint has removed it meanwhile, so there was nothing to compare with.",
                  "Try again, or raise wal_keep_size.");
    case Outcome::kUnreadable:
      break;
  }
  return Step(kStep, Status::kUnknown, fmt::format("{} could not be compared", comparison.segment),
              comparison.error);
}

RoundTripStep NoRestoreCommand(bool has_directory) {
  return Step("restore", Status::kUnknown, "restore_command is empty",
              has_directory ? "So only reading pg_baton.archive_directory is tried."
                            : "So nobody knows how to get a file back from the archive.",
              "Set it as it would be for a restore; a primary does not use it.");
}

RoundTripStep JudgeDirectory(const DirectoryReading& reading) {
  constexpr const char* kStep = "directory";
  RoundTripStep row;
  if (!reading.error.empty()) {
    row = Step(kStep, Status::kCritical,
               fmt::format("could not read {} from \"{}\": {}", reading.segment, reading.directory,
                           reading.error),
               reading.detail);
  } else if (!reading.found) {
    row = Step(kStep, Status::kCritical,
               fmt::format("{} is not in \"{}\"", reading.segment, reading.directory),
               "The archiver says that it is archived.",
               "Set pg_baton.archive_directory to where this server archives.");
  } else {
    row = Step(kStep, Status::kOk,
               fmt::format("{} was read from \"{}\" in {}", reading.segment, reading.directory,
                           DurationText(reading.took)));
  }
  row.took = reading.took;
  return row;
}

RoundTripStep NoTimeLeft(const std::string& step) {
  return Step(step.c_str(), Status::kUnknown, "there was no time left for this step", "",
              "Call it with a longer timeout.");
}

}  // namespace baton::core
