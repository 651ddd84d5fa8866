// What every server is asked about what its archive would lack, and how it archives.
#include <fmt/format.h>

#include "core/archive_command.hpp"
#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {

void ArchiveGap(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled || !archiver.configured) return;
  if (!archiver.missing_time || !archiver.missing_bytes) {
    out.push_back(Judged(Check::kArchiveGap, Status::kUnknown, "",
                         "what the archive lacks is not known: " + archiver.missing_reason.str()));
    return;
  }
  Finding finding =
      Measured(Check::kArchiveGap, Seconds(*archiver.missing_time), policy.Of(Check::kArchiveGap));
  finding.message = *archiver.missing_bytes == 0
                        ? "the archive has all WAL of this server"
                        : fmt::format("if this server vanished now, the archive would lack {}, {}",
                                      BytesText(*archiver.missing_bytes), finding.value.view());
  if (finding.status != Status::kOk) {
    finding.hint = archiver.ready_files == 0
                       ? "A segment is archived when it is full; set archive_timeout to have it "
                         "archived earlier."
                       : "See baton.archive_status for why the archive does not keep up.";
  }
  out.push_back(finding);
}

void ArchiveCommand(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled || archiver.method != ArchiveMethod::kCommand) return;
  const auto advice = AdviseArchiveCommand(archiver.target.view(), archiver.data_directory.view());
  if (!advice) {
    out.push_back(Judged(Check::kArchiveCommand, Status::kOk, "",
                         "nothing is known against archive_command"));
    return;
  }
  out.push_back(Judged(Check::kArchiveCommand, advice->status, "",
                       "archive_command: " + advice->reason, advice->hint));
}

}  // namespace baton::core::rule
