// What every server is asked about its disks and its archive.
#include <fmt/format.h>

#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {
namespace {

// How long nobody has looked, after "has not been measured".
std::string SinceWhen(const StorageFacts& storage) {
  return storage.age ? "for " + DurationText(*storage.age) : "yet";
}

void AddSpace(Check check, const StorageFacts& storage, const VolumeFacts& volume,
              std::string_view hint, const HealthPolicy& policy, Findings& out) {
  if (!volume.Measured()) {
    out.push_back(Judged(check, Status::kUnknown, "",
                         "free space has not been measured " + SinceWhen(storage)));
    return;
  }
  Finding finding = Measured(check, volume.FreePercent(), policy.Of(check));
  finding.message = fmt::format("{}: {} of {} free", volume.name.view(),
                                BytesText(volume.free_bytes), BytesText(volume.total_bytes));
  if (finding.status != Status::kOk) finding.hint = hint;
  out.push_back(finding);
}

std::string FailedPages(std::int64_t count) {
  if (count == 0) return "no data page failed its";
  return count == 1 ? "1 data page failed its" : fmt::format("{} data pages failed their", count);
}

constexpr std::string_view kMakeRoom =
    "Make room: PostgreSQL stops when it cannot write WAL. Look at checks slot_retained and "
    "archive_backlog for what holds WAL back.";

}  // namespace

void WalSpace(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  AddSpace(Check::kWalSpace, facts.storage, facts.storage.wal, kMakeRoom, policy, out);
}

void WalFullIn(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const StorageFacts& storage = facts.storage;
  // Without a rate there is nothing to say yet, and check wal_space says how much is left.
  if (!storage.wal_rate_known) return;
  if (!storage.wal_full_in) {
    out.push_back(
        Judged(Check::kWalFullIn, Status::kOk, "", "the file system of the WAL does not fill"));
    return;
  }
  Finding finding =
      Measured(Check::kWalFullIn, Seconds(*storage.wal_full_in), policy.Of(Check::kWalFullIn));
  finding.message = fmt::format("the file system of the WAL is full in {} at the present rate",
                                finding.value.view());
  if (finding.status != Status::kOk) finding.hint = kMakeRoom;
  out.push_back(finding);
}

void DiskSpace(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  AddSpace(Check::kDiskSpace, facts.storage, facts.storage.fullest,
           "Make room, or move a tablespace.", policy, out);
}

void Storage(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const StorageFacts& storage = facts.storage;
  const Threshold& threshold = policy.Of(Check::kStorage);
  constexpr std::string_view kHint =
      "Look at the storage and at the kernel's log; commits wait for the same disk.";
  // A write under way counts as soon as it has lasted longer than it should.
  if (storage.pending && threshold.Judge(Seconds(*storage.pending)) != Status::kOk) {
    Finding finding = Measured(Check::kStorage, Seconds(*storage.pending), threshold);
    finding.message = fmt::format("a small write to the data directory has been under way for {}",
                                  finding.value.view());
    finding.hint = kHint;
    out.push_back(finding);
    return;
  }
  if (!storage.took) {
    out.push_back(Judged(Check::kStorage, Status::kUnknown, "",
                         "no write to the data directory has been tried " + SinceWhen(storage)));
    return;
  }
  if (!storage.error.empty()) {
    out.push_back(Judged(Check::kStorage, Status::kCritical, "failed",
                         "could not write to the data directory: " + storage.error.str(), kHint));
    return;
  }
  Finding finding = Measured(Check::kStorage, Seconds(*storage.took), threshold);
  finding.message =
      fmt::format("a small write to the data directory was durable in {}", finding.value.view());
  if (finding.status != Status::kOk) finding.hint = kHint;
  out.push_back(finding);
}

void Archiver(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled) {
    out.push_back(Judged(Check::kArchiver, Status::kOk, "off", "this server archives nothing now"));
  } else if (!archiver.configured) {
    out.push_back(Judged(Check::kArchiver, Status::kCritical, "not configured",
                         "archive_mode is on, but neither a command nor a library is set",
                         "WAL piles up until archive_command or archive_library is set."));
  } else if (archiver.failing) {
    out.push_back(Judged(Check::kArchiver, Status::kWarning, "failing",
                         fmt::format("archiving \"{}\" failed", archiver.last_failed.view()),
                         "See pg_stat_archiver and the server log for what the command said."));
  } else if (!archiver.running) {
    // It ends, uncounted, when its command was not found or killed by a signal, and is started
    // again.
    out.push_back(Judged(Check::kArchiver, Status::kWarning, "not running",
                         "the archiver process is not there",
                         "See the server log for what ended it; a command that is not found or "
                         "is killed by a signal is counted nowhere."));
  } else {
    out.push_back(Judged(Check::kArchiver, Status::kOk, "at work", "the archiver is at work"));
  }
}

void ArchiveBacklog(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled) return;
  if (!archiver.counted) {
    out.push_back(Judged(Check::kArchiveBacklog, Status::kUnknown, "",
                         "the waiting files have not been counted " + SinceWhen(facts.storage)));
    return;
  }
  Finding finding = Measured(Check::kArchiveBacklog, static_cast<double>(archiver.ready_files),
                             policy.Of(Check::kArchiveBacklog));
  finding.message = archiver.ready_files == 1
                        ? "1 file waits to be archived"
                        : fmt::format("{} files wait to be archived", archiver.ready_files);
  if (finding.status != Status::kOk) {
    finding.hint = "See pg_stat_archiver and the server log for what the command said.";
  }
  out.push_back(finding);
}

void ArchiveAge(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled || !archiver.counted) return;
  Finding finding =
      Measured(Check::kArchiveAge, Seconds(archiver.oldest_ready), policy.Of(Check::kArchiveAge));
  finding.message = archiver.ready_files == 0
                        ? "nothing waits to be archived"
                        : fmt::format("the oldest file has waited for {}", finding.value.view());
  if (finding.status != Status::kOk) {
    finding.hint =
        "The archive command hangs, fails or is too slow; what hangs or is killed is counted "
        "nowhere, so look at the process and the server log.";
  }
  out.push_back(finding);
}

void ChecksumFailures(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (!facts.data_checksums) return;
  if (!facts.checksum_failures) {
    out.push_back(Judged(Check::kChecksumFailures, Status::kUnknown, "",
                         "the statistics of checksums have not been read yet"));
    return;
  }
  Finding finding =
      Measured(Check::kChecksumFailures, static_cast<double>(*facts.checksum_failures),
               policy.Of(Check::kChecksumFailures));
  finding.message =
      fmt::format("{} checksum since the statistics began", FailedPages(*facts.checksum_failures));
  if (finding.status != Status::kOk) {
    finding.hint =
        "See pg_stat_database.checksum_last_failure and the server log; the disk cannot be "
        "trusted.";
  }
  out.push_back(finding);
}

}  // namespace baton::core::rule
