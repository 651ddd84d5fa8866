#include "helper/rejoin/lost_work_folder.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/wal_segment.hpp"
#include "helper/rejoin/unarchived.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

std::string ForkName(core::Lsn fork) {
  std::string text = fork.ToString();
  std::replace(text.begin(), text.end(), '/', '-');
  return text;
}

// A copy of this file of pg_wal in `folder`.
void Keep(const Workplace& place, const std::string& name, const fs::path& copies,
          const fs::path& folder) {
  CheckInterrupt();
  const fs::path kept = folder / name;
  std::error_code error = std::make_error_code(std::errc::no_such_file_or_directory);
  if (!copies.empty()) {
    fs::remove(kept);
    fs::create_hard_link(copies / name, kept, error);
  }
  if (error) CopyFile(place.directory / "pg_wal" / name, kept);
}

core::LostWork WithUnarchived(Workplace& place, core::LostWork work, const fs::path& copies,
                              const fs::path& folder) {
  fs::remove_all(folder);
  const Unarchived left = ArchiveCommonHistory(place);
  work.unarchived = left.segments;
  work.unarchived_because = left.because;
  place.output.result()["unarchived_segments"] = left.segments;
  if (left.segments.empty()) return work;
  fs::create_directory(folder);
  for (const std::string& name : left.segments) Keep(place, name, copies, folder);
  Flush(folder);
  place.output.Warning(
      fmt::format("{} WAL segments from before the fork could not be archived",
                  left.segments.size()),
      fmt::format("The first is {}: {}.", left.segments.front(), left.because),
      fmt::format("They are kept in \"{}\"; bring them to the archive.", folder.string()));
  return work;
}

}  // namespace

fs::path LostWorkFolder(const Workplace& place) {
  return place.folder.lost_work(place.journal.fork.IsNone()
                                    ? fmt::format("timeline_{}", place.target.timeline)
                                    : fmt::format("timeline_{}_from_{}", place.target.timeline,
                                                  ForkName(place.journal.fork)));
}

fs::path StrangeFilesFolder(const Workplace& place) {
  return LostWorkFolder(place) / "strange_files";
}

void KeepLostWork(Workplace& place, const Survey& survey, const fs::path& copies) {
  const fs::path wal = place.directory / "pg_wal";
  const std::uint64_t bytes = place.control.segment_bytes;
  const fs::path folder = LostWorkFolder(place);
  fs::create_directories(folder / "wal");
  SetMode(folder.parent_path(), 0700);
  for (const fs::directory_entry& entry : fs::directory_iterator(wal)) {
    const std::string name = entry.path().filename();
    const bool is_segment =
        core::IsSegmentName(name) &&
        core::BeginOf(name, bytes).bytes() + bytes > place.journal.fork.bytes() &&
        (place.target.end.IsNone() || core::BeginOf(name, bytes) <= place.target.end);
    if (!is_segment && !name.ends_with(".history")) continue;
    Keep(place, name, copies, folder / "wal");
  }
  Flush(folder / "wal");
  if (fs::exists(StrangeFilesFolder(place))) FlushTree(StrangeFilesFolder(place));
  const core::LostWork work = WithUnarchived(place, survey.lost, copies, folder / "unarchived");
  ReplaceFile(folder / "summary.txt", core::LostWorkText(work));
  ReplaceFile(folder / "summary.json", core::LostWorkJson(work));
  Flush(folder.parent_path());
  Flush(folder.parent_path().parent_path());
  place.output.result()["lost_work_folder"] = folder.string();
  place.output.Line(fmt::format("kept what is given up, {}, in \"{}\"", core::LostWorkInShort(work),
                                folder.string()));
}

}  // namespace baton::helper
