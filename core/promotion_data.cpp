#include <algorithm>
#include <fmt/format.h>

#include "core/promotion_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {

Finding MissingWork(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  const Lsn here = std::max(node.position.received, node.position.replayed);
  if (node.position.upstream_end.IsNone() || !node.since_heard) {
    return Judged("missing_work", Status::kUnknown, "",
                  "this standby never heard from its primary, so what is missing cannot be told",
                  "Compare with the primary's last backup or archive before promoting.");
  }
  const std::int64_t bytes = node.position.upstream_end.BytesSince(here);
  Finding row =
      Judged("missing_work", bytes > 0 ? Status::kWarning : Status::kOk, BytesText(bytes), "");
  row.value_number = static_cast<double>(bytes);
  row.unit = "bytes";
  if (bytes > 0) {
    row.message = fmt::format(
        "{} of WAL that the primary was known to have never arrived; it was "
        "last heard {} ago",
        BytesText(bytes), DurationText(*node.since_heard));
  } else {
    row.message = fmt::format(
        "nothing is known to be missing; what the primary committed after it "
        "was last heard, {} ago, is not known",
        DurationText(*node.since_heard));
  }
  row.hint = "With synchronous replication no acknowledged commit can be missing.";
  return row;
}

// In seconds: from when on work may be missing.
Finding MissingTime(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  if (!node.receive_lag) {
    return Judged("missing_time", Status::kUnknown, "",
                  "it is not known when the WAL was written that never arrived");
  }
  const std::string age = DurationText(*node.receive_lag);
  const Lsn here = std::max(node.position.received, node.position.replayed);
  const bool known_to_miss = node.position.upstream_end > here;
  Finding row =
      Judged("missing_time", known_to_miss ? Status::kWarning : Status::kOk, age,
             fmt::format("what the primary acknowledged more than {} ago is here", age),
             "If commits waited for this standby, none that was acknowledged is missing.");
  row.value_number = std::chrono::duration<double>(*node.receive_lag).count();
  row.unit = "s";
  return row;
}

Finding ReplayPaused(const PromotionFacts& facts) {
  if (facts.node.replay == Replay::kRunning) {
    return Judged("replay_paused", Status::kOk, "running", "replay is running");
  }
  return Judged("replay_paused", Status::kCritical, "paused",
                "replay is paused; somebody wanted to keep this state",
                "SELECT pg_wal_replay_resume() goes on; promoting ends the pause and replays all.");
}

Finding ReplayPending(const PromotionFacts& facts) {
  const Position& position = facts.node.position;
  const std::int64_t bytes = position.received.BytesSince(position.replayed);
  Finding row = Judged("replay_pending", Status::kOk, BytesText(bytes),
                       bytes == 0 ? "all received WAL is replayed"
                                  : "received WAL is replayed before the promotion ends");
  row.value_number = static_cast<double>(bytes);
  row.unit = "bytes";
  if (bytes > 256 * 1024 * 1024) {
    row.status = Status::kWarning;
    row.hint = "The promotion takes as long as this replay does.";
  }
  return row;
}

Finding ArchiveWal(const PromotionFacts& facts) {
  const ArchiveAnswer& archive = facts.archive;
  switch (archive.kind) {
    case ArchiveAnswer::Kind::kNoCommand:
      return Judged("archive_wal", Status::kOk, "", "no restore_command is set");
    case ArchiveAnswer::Kind::kNothing:
      return Judged("archive_wal", Status::kOk, "none",
                    "the archive has nothing beyond what is here");
    case ArchiveAnswer::Kind::kSegment:
      return Judged(
          "archive_wal", Status::kWarning, archive.segment,
          fmt::format("segment {} is in the archive; it is replayed before the promotion ends",
                      archive.segment),
          "The promotion takes as long as replaying all that the archive has.");
    case ArchiveAnswer::Kind::kNewTimeline:
      return Judged(
          "archive_wal", Status::kCritical, std::to_string(archive.timeline),
          fmt::format("the archive has timeline {}: another server was promoted", archive.timeline),
          "Find that server; this standby must follow it, or rejoin it.");
    case ArchiveAnswer::Kind::kNoAnswer:
      break;
  }
  return Judged("archive_wal", Status::kUnknown, "",
                "restore_command did not tell whether there is more: " + archive.error,
                "Look into the archive by hand before promoting.");
}

}  // namespace baton::core::rule
