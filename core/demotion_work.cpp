#include <fmt/format.h>

#include "core/archive_command.hpp"
#include "core/demotion_rules.hpp"

namespace baton::core::rule {
namespace {

constexpr std::string_view kNotRead = "the catalog could not be read";

}  // namespace

Finding TriggerFile(const DemotionFacts& facts) {
  if (!facts.trigger_files) {
    return Judged("trigger_file", Status::kUnknown, "",
                  "it could not be seen whether there is a trigger file",
                  "Let the server's user search the folder of pg_baton.promote_trigger_file.");
  }
  if (facts.trigger_files->count == 0) {
    return Judged("trigger_file", Status::kOk, "none", "no file asks for a promotion");
  }
  const std::string& names = facts.trigger_files->names;
  return Judged("trigger_file", Status::kCritical, names,
                fmt::format("there is a file that asks for a promotion: {}", names),
                "The demoted server would be promoted at once; remove the file.");
}

Finding TwoPhaseSubscriptions(const DemotionFacts& facts) {
  if (!facts.two_phase_subscriptions) {
    return Judged("two_phase_subscriptions", Status::kUnknown, "", kNotRead);
  }
  if (facts.two_phase_subscriptions->count == 0) {
    return Judged("two_phase_subscriptions", Status::kOk, "none",
                  "no subscription prepares transactions");
  }
  const std::string& names = facts.two_phase_subscriptions->names;
  return Judged("two_phase_subscriptions", Status::kCritical, names,
                fmt::format("subscriptions with two_phase, whose workers commit past the write "
                            "gate: {}",
                            names),
                "Drop them, or make them anew without two_phase.");
}

// 16: a standby can have logical slots (src/backend/replication/logical/logical.c).
Finding LogicalSlots(const DemotionFacts& facts) {
  if (!facts.logical_slots) {
    return Judged("logical_slots", Status::kUnknown, "", kNotRead);
  }
  if (facts.logical_slots->count == 0) {
    return Judged("logical_slots", Status::kOk, "none", "there is no logical slot");
  }
  const std::string& names = facts.logical_slots->names;
  if (facts.major_version < 16) {
    return Judged("logical_slots", Status::kCritical, names,
                  fmt::format("logical slots would be left on the demoted server: {}", names),
                  "Let their subscribers catch up, and drop them; make them anew on the next "
                  "primary.");
  }
  return Judged("logical_slots", Status::kWarning, names,
                fmt::format("logical slots stay on the demoted server: {}", names),
                "Their subscribers go on there, or need slots of that name on the next primary.");
}

Finding BaseBackup(const DemotionFacts& facts) {
  if (!facts.base_backups) {
    return Judged("base_backup", Status::kUnknown, "", kNotRead);
  }
  if (facts.base_backups->count == 0) {
    return Judged("base_backup", Status::kOk, "none", "no base backup is being sent");
  }
  const std::string& names = facts.base_backups->names;
  return Judged("base_backup", Status::kCritical, names,
                fmt::format("a base backup is being sent, and would be ended: {}", names),
                "Wait until it is finished, or end it.");
}

Finding PreparedTransactions(const DemotionFacts& facts) {
  if (!facts.prepared_transactions) {
    return Judged("prepared_transactions", Status::kUnknown, "", kNotRead);
  }
  const std::int64_t count = *facts.prepared_transactions;
  Finding row = Judged("prepared_transactions", Status::kOk, std::to_string(count), "");
  row.value_number = static_cast<double>(count);
  row.unit = "transactions";
  if (facts.overflowed.count > 0) {
    row.status = Status::kCritical;
    row.message = fmt::format(
        "prepared transactions with more than 64 subtransactions: {}; no standby would take "
        "sessions while they are there",
        facts.overflowed.names);
    row.hint = "Commit or roll them back first.";
  } else {
    row.message = count == 0 ? "there is no prepared transaction"
                             : "prepared transactions move along to the next primary";
  }
  return row;
}

Finding ArchiveBacklog(const DemotionFacts& facts) {
  if (!facts.archiving) {
    return Judged("archive_backlog", Status::kOk, "", "archiving is off on this server");
  }
  if (!facts.ready_files) {
    return Judged("archive_backlog", Status::kUnknown, "",
                  "it could not be counted how many files wait for the archiver",
                  "See the folder archive_status of pg_wal.");
  }
  const std::int64_t count = *facts.ready_files;
  Finding row = Judged("archive_backlog", Status::kOk, std::to_string(count),
                       fmt::format("{} files wait for the archiver", count));
  row.value_number = static_cast<double>(count);
  row.unit = "files";
  row.threshold = fmt::format("critical above {}", facts.ready_files_allowed);
  if (count > facts.ready_files_allowed) {
    row.status = Status::kCritical;
    row.message = fmt::format(
        "{} files wait for the archiver, and pg_baton.switchover_archive_backlog allows {}", count,
        facts.ready_files_allowed);
    row.hint = "Let the archiver catch up; see pg_stat_archiver.";
  }
  return row;
}

Finding ArchiveLibrary(const DemotionFacts& facts) {
  if (!facts.archiving || facts.archive_library.empty()) {
    return Judged("archive_library", Status::kOk, "none", "no library archives for this server");
  }
  if (!IsOwnArchiveLibrary(facts.archive_library)) {
    return Judged("archive_library", Status::kCritical, facts.archive_library,
                  "what the archiver has not taken cannot be archived by this library afterwards",
                  "Archive by archive_library = 'pg_baton' or by archive_command, or demote this "
                  "server by a restart.");
  }
  if (facts.archive_directory.empty()) {
    return Judged("archive_library", Status::kCritical, facts.archive_library,
                  "pg_baton.archive_directory is not set, so nothing is archived",
                  "Set it, or turn archiving off.");
  }
  return Judged("archive_library", Status::kOk, facts.archive_library,
                "what the archiver has not taken is archived afterwards");
}

Finding NewerHistory(const DemotionFacts& facts) {
  if (!facts.newest_history) {
    return Judged("newer_history", Status::kUnknown, "",
                  "pg_wal could not be searched for history files");
  }
  if (*facts.newest_history == 0) {
    return Judged("newer_history", Status::kOk, "none",
                  fmt::format("pg_wal has no history of a timeline above {}", facts.timeline));
  }
  return Judged("newer_history", Status::kCritical, std::to_string(*facts.newest_history),
                fmt::format("pg_wal has the history of timeline {}, and this server is on {}",
                            *facts.newest_history, facts.timeline),
                "Recovery would look for that timeline; find out whose it is, and move the file "
                "away.");
}

}  // namespace baton::core::rule
