#include "archive/auditor.hpp"

#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <sys/stat.h>

#include "archive/foreign_archive.hpp"
#include "archive/segment_audit.hpp"
#include "archive/segment_file.hpp"
#include "archive/store.hpp"
#include "core/backup_label.hpp"
#include "core/origin_vote.hpp"
#include "core/restore_command.hpp"

namespace baton::archive {
namespace {

using core::ArchiveFinding;
using core::Status;

constexpr std::size_t kMostSmallFileBytes = std::size_t{1024} * 1024;
constexpr std::uint64_t kUsualSegmentBytes = std::uint64_t{16} * 1024 * 1024;
// Longer than any server needs to write a segment.
constexpr std::chrono::hours kLeftAfter{1};

class Auditor {
 public:
  Auditor(const AuditRequest& request, const AuditHooks& hooks)
      : request_(request), hooks_(hooks), server_(request.server) {}

  void Run() {
    ReadNames();
    if (listing_.segments() == 0) {
      if (const std::string tool = ForeignTool(request_.folder); !tool.empty()) {
        TellTool(tool);
        return;
      }
    }
    ReadHistories();
    FindOrigin();
    ReadBackups();
    const core::ArchivePlan plan(listing_, lineage_, backups_, server_,
                                 server_.origin.segment_bytes);
    TellNames();
    Tell(lineage_.Findings());
    Tell(plan.TimelineFindings());
    if (listing_.segments() == 0) {
      Tell({Status::kCritical, "empty_archive", "", "there is no segment of WAL",
            "Nothing can be restored beyond the end of a base backup."});
      return;
    }
    AuditSegments segments(request_, hooks_, listing_, lineage_, plan, server_.origin);
    segments.Run();
    Tell(plan.EndFindings(segments.reached()));
    TellCoverage(plan, segments);
  }

 private:
  void Tell(const ArchiveFinding& finding) const { hooks_.found(finding); }
  void Tell(const std::vector<ArchiveFinding>& findings) const {
    for (const ArchiveFinding& finding : findings) hooks_.found(finding);
  }
  void TellTool(const std::string& tool) const {
    Tell({Status::kUnknown, "foreign_archive", "", fmt::format("this is an archive of {}", tool),
          "It is not judged here; its own program tells whether it can be restored from."});
  }
  void ReadNames();
  void ReadLeftovers() const;
  void TellNames() const;
  void TellSome(const core::SomeNames& names, const char* kind, const char* message,
                const char* meaning) const;
  // Empty, and told, if it cannot be read.
  std::optional<std::string> ReadSmall(const std::string& name, core::Stored stored) const;
  void ReadHistories();
  void ReadBackups();
  void FindOrigin();
  template <typename F>
  void ForEachSegment(const F& look) const;
  void Vote(core::OriginVote& vote, std::uint64_t most) const;
  std::uint64_t SizeOfMost() const;
  void TellCoverage(const core::ArchivePlan& plan, const AuditSegments& segments) const;

  const AuditRequest& request_;
  const AuditHooks& hooks_;
  core::ArchivingServer server_;
  core::ArchiveListing listing_;
  core::ArchiveLineage lineage_;
  std::vector<core::BackupNote> backups_;
};

void Auditor::ReadNames() {
  std::error_code error;
  fs::directory_iterator entry(request_.folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    hooks_.pause();
    const std::string name = entry->path().filename().string();
    if (name == kIncomingFolder) continue;
    std::error_code ignored;
    listing_.Add(name, fs::is_directory(entry->symlink_status(ignored)));
  }
  if (!error) return;
  throw core::Error(error == std::errc::no_such_file_or_directory ? core::ErrorCode::kNotFound
                                                                  : core::ErrorCode::kFailed,
                    fmt::format("could not read archive directory \"{}\": {}",
                                request_.folder.string(), error.message()));
}

// Of servers that were cut off while they archived.
void Auditor::ReadLeftovers() const {
  const std::time_t now = std::time(nullptr);
  core::SomeNames names;
  std::error_code error;
  fs::directory_iterator entry(request_.folder / kIncomingFolder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    struct stat status {};
    const bool is_old = lstat(entry->path().c_str(), &status) == 0 &&
                        now - status.st_mtime > std::chrono::seconds(kLeftAfter).count();
    if (is_old) {
      names.Add(fmt::format("{}/{}", kIncomingFolder, entry->path().filename().string()));
    }
  }
  TellSome(names, "temporary_file", "it was left by a server that was cut off while it archived",
           "No restore reads it; the next server that archives removes it.");
}

void Auditor::TellSome(const core::SomeNames& names, const char* kind, const char* message,
                       const char* meaning) const {
  for (const std::string& name : names.first()) {
    Tell({Status::kWarning, kind, core::ShownName(name), message, meaning});
  }
  if (names.more() == 0) return;
  Tell({Status::kWarning, kind, "", fmt::format("there are {} more of this kind", names.more()),
        meaning});
}

void Auditor::TellNames() const {
  TellSome(listing_.foreign(), "foreign_file", "it is nothing that a server archives",
           "No restore reads it.");
  TellSome(listing_.temporary(), "temporary_file", "its name is that of a file being written",
           "No restore reads it; if nobody writes it now, it was left half-written.");
  ReadLeftovers();
}

std::optional<std::string> Auditor::ReadSmall(const std::string& name, core::Stored stored) const {
  const std::string file = name + std::string(core::StoredEnding(stored));
  const fs::path path = request_.folder / file;
  const auto packing = core::PackingOf(stored);
  if (!packing) {
    Tell({Status::kUnknown, "cannot_check", file,
          "it is packed in a way that cannot be unpacked here", ""});
    return std::nullopt;
  }
  FileFault fault = EntryFault(path);
  if (fault.kind.empty()) {
    try {
      return HeadOf(path, *packing, kMostSmallFileBytes);
    } catch (const core::Error& error) {
      fault = FaultOf(error);
    }
  }
  Tell({Status::kCritical, fault.kind, file, fault.message,
        "A restore cannot read it where it needs it."});
  return std::nullopt;
}

void Auditor::ReadHistories() {
  for (const auto& [timeline, history] : request_.histories) {
    lineage_.AddServers(timeline, history);
  }
  std::string before;
  std::string before_text;
  for (const auto& [name, stored] : listing_.histories()) {
    hooks_.pause();
    const core::TimelineId timeline = core::TimelineOf(name);
    const auto text = ReadSmall(name, stored);
    const std::string file = name + std::string(core::StoredEnding(stored));
    if (!text) {
      lineage_.AddUnread(timeline);
      continue;
    }
    if (name == before) {
      Tell(TwiceFinding(before, file, *text == before_text));
      continue;
    }
    before = name;
    before_text = *text;
    lineage_.AddFile(timeline, file, core::ParseTimelineHistory(*text, timeline));
  }
}

void Auditor::ReadBackups() {
  backups_ = request_.backups;
  for (const auto& [name, stored] : listing_.backups()) {
    hooks_.pause();
    auto note = core::BackupNoteNamed(name, server_.origin.segment_bytes);
    if (!note) continue;
    const auto text = request_.quick ? std::nullopt : ReadSmall(name, stored);
    const auto said = text ? core::ParseBackupLabel(*text) : std::nullopt;
    if (said && said->start == note->start) note->stop = said->stop;
    if (text && (!said || said->start != note->start)) {
      Tell({Status::kWarning, "damaged_backup_note", name + std::string(core::StoredEnding(stored)),
            said ? fmt::format("it is about a backup that begins at {}", said->start.ToString())
                 : "it is no note of a base backup",
            "No restore reads it; where the backup ends cannot be told."});
    }
    backups_.push_back(std::move(*note));
  }
}

template <typename F>
void Auditor::ForEachSegment(const F& look) const {
  for (const auto& [timeline, files] : listing_.timelines()) {
    for (auto place = files.NextWhole(0); place; place = files.NextWhole(*place + 1)) {
      for (const core::Stored stored : core::kAllStored) {
        if (!files.whole[static_cast<std::size_t>(stored)].Has(*place)) continue;
        const auto packing = core::PackingOf(stored);
        const std::string name = core::NameAt(timeline, *place);
        if (!packing) continue;
        hooks_.pause();
        const fs::path path = request_.folder / (name + std::string(core::StoredEnding(stored)));
        if (EntryFault(path).kind.empty() && !look(name, path, *packing)) return;
      }
    }
  }
}

void Auditor::Vote(core::OriginVote& vote, std::uint64_t most) const {
  ForEachSegment([&](const std::string& name, const fs::path& path, core::Packing packing) {
    try {
      vote.Add(name, HeadOf(path, packing, core::kLongPageHeaderBytes));
    } catch (const core::Error& error) {
      FaultOf(error);  // it is told of when the file's turn comes
    }
    return --most > 0;
  });
}

// 0 if no plain file has a size that segments can have.
std::uint64_t Auditor::SizeOfMost() const {
  std::map<std::uint64_t, std::uint64_t> counts;
  ForEachSegment([&](const std::string&, const fs::path& path, core::Packing packing) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (packing == core::Packing::kPlain && !error && core::IsSegmentSize(size)) ++counts[size];
    return true;
  });
  std::uint64_t size = 0;
  for (const auto& [bytes, count] : counts) {
    if (size == 0 || count > counts[size]) size = bytes;
  }
  return size;
}

void Auditor::FindOrigin() {
  core::SegmentOrigin& origin = server_.origin;
  if (origin.segment_bytes == 0 && request_.quick) origin.segment_bytes = SizeOfMost();
  const bool must_ask = origin.system_identifier == 0 && !request_.quick;
  if (must_ask || origin.segment_bytes == 0) {
    core::OriginVote vote;
    constexpr std::uint64_t kFew = 8;
    Vote(vote, request_.quick ? kFew : ~std::uint64_t{0});
    const core::SegmentOrigin winner = vote.Winner();
    if (origin.segment_bytes == 0) origin.segment_bytes = winner.segment_bytes;
    if (must_ask && winner.system_identifier != 0) {
      origin = winner;
      Tell({Status::kOk, "origin", "",
            fmt::format("no server was asked: the archive is taken for that of the cluster with "
                        "system identifier {} and segments of {} bytes, as most of it is",
                        origin.system_identifier, origin.segment_bytes),
            ""});
    }
  }
  if (origin.segment_bytes == 0) origin.segment_bytes = kUsualSegmentBytes;
}

void Auditor::TellCoverage(const core::ArchivePlan& plan, const AuditSegments& segments) const {
  Tell({Status::kOk, "coverage", "",
        fmt::format("{} file{} of WAL {} looked at{}; a restore goes to timeline {}",
                    listing_.segments(), listing_.segments() == 1 ? "" : "s",
                    listing_.segments() == 1 ? "was" : "were",
                    request_.quick ? " by name and size alone" : "", plan.target()),
        segments.spans().Text(plan.start(), segments.reached())});
}

}  // namespace

void Audit(const AuditRequest& request, const AuditHooks& hooks) { Auditor(request, hooks).Run(); }

}  // namespace baton::archive
