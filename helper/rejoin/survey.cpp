#include "helper/rejoin/survey.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "core/error.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "helper/backup/relation_names.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

// A file that cannot be judged ends the rejoin: the wrong history leads to wrong data.
core::TimelineHistory Parsed(const std::optional<std::string>& text, core::TimelineId timeline,
                             std::string_view whose) {
  std::optional<core::TimelineHistory> history;
  if (text || timeline == 1) history = core::ParseTimelineHistory(text.value_or(""), timeline);
  if (history) return *history;
  throw core::Error(
      core::ErrorCode::kFailed,
      fmt::format("the history of timeline {} of {} is not known", timeline, whose),
      fmt::format("File \"{}\" is {}.", core::HistoryName(timeline),
                  text ? "damaged" : "neither in pg_wal nor in the archive"),
      "Bring it back from the archive, or let a new copy be made with pg_baton clone.");
}

}  // namespace

Surveyor::Surveyor(Workplace& place)
    : place_(place),
      missing_(place.source(), place.directory,
               [&place] { return place.OwnSetting("restore_command"); },
               {place.control.segment_bytes, place.control.system_identifier}),
      wal_(place.directory / "pg_wal"),
      fetched_folder_(place.directory.string() + ".pg_baton_fetched") {
  std::error_code error;
  fs::remove_all(fetched_folder_, error);
}

Surveyor::~Surveyor() {
  std::error_code error;
  fs::remove_all(fetched_folder_, error);
}

Survey Surveyor::Look() {
  Survey survey;
  own_ = OwnHistory();
  const core::TimelineHistory of_source = SourceHistory();
  survey.common = core::FindCommonTimeline(own_, of_source);
  ReadOwnWal(survey);
  survey.lost = NameLostWork(survey);
  survey.verdict = core::JudgeRejoin(place_.source_facts, place_.target, survey.common);
  if (!hole_.empty() && place_.target.end.IsNone()) {
    survey.verdict = {core::RejoinWay::kCopy, {MissingWalProblem(hole_)}};
  }
  survey.inspection = Inspect(place_.directory);
  survey.tablespaces =
      PlanTablespaces(place_.source(), place_.directory, place_.request.tablespaces);
  if (survey.verdict.way == core::RejoinWay::kRewind) PlanRewind(survey);
  if (survey.verdict.way != core::RejoinWay::kCopy) CheckSourceWal(of_source, survey);
  if (survey.verdict.way != core::RejoinWay::kCopy) PlaceTablespaces(survey);
  return survey;
}

// Recovery makes a tablespace at the source's path, whatever link is there before
// (create_tablespace_directories in src/backend/commands/tablespace.c).  On one host the two
// servers would write to the same files.
void Surveyor::PlaceTablespaces(Survey& survey) {
  for (const PlannedTablespace& tablespace : survey.tablespaces) {
    if (tablespace.is_here || tablespace.location == tablespace.on_source) continue;
    survey.verdict = {core::RejoinWay::kCopy,
                      {{fmt::format("tablespace {} cannot be made at \"{}\" by recovery",
                                    tablespace.oid, tablespace.location),
                        fmt::format("Replay of its creation makes it at \"{}\", as on the source.",
                                    tablespace.on_source),
                        "It can come back by a new copy of the source."}}};
    return;
  }
  const core::Problems taken = CheckTablespaces(survey.tablespaces);
  survey.in_the_way.insert(survey.in_the_way.end(), taken.begin(), taken.end());
}

core::TimelineHistory Surveyor::OwnHistory() {
  const core::TimelineId timeline = place_.target.timeline;
  const std::string name = core::HistoryName(timeline);
  if (timeline > 1) Bring(name);
  const auto file = Folders().Find(name);
  return Parsed(file ? ReadFileIfThere(*file) : std::nullopt, timeline, "this node");
}

core::TimelineHistory Surveyor::SourceHistory() {
  const core::TimelineId timeline = place_.source_facts.timeline;
  std::optional<std::string> text;
  if (timeline > 1) {
    text = ReadFromSource(place_.source(), "pg_wal/" + core::HistoryName(timeline));
  }
  return Parsed(text, timeline, "the source");
}

WalFolders Surveyor::Folders() const {
  std::vector<fs::path> folders = {wal_};
  if (fs::exists(fetched_folder_)) folders.push_back(fetched_folder_);
  return WalFolders(folders);
}

bool Surveyor::Bring(const std::string& name) {
  if (Folders().Find(name)) return true;
  if (!fs::exists(fetched_folder_)) {
    fs::create_directory(fetched_folder_);
    SetMode(fetched_folder_, 0700);
  }
  CheckInterrupt();
  const std::uint64_t bytes = place_.control.segment_bytes;
  const bool is_shared = core::IsSegmentName(name) &&
                         core::BeginOf(name, bytes).bytes() + bytes <= shared_until_.bytes();
  const WalPlace place = missing_.Fetch(name, fetched_folder_ / name, is_shared);
  if (place == WalPlace::kNowhere) return false;
  fetched_[name] = place;
  return true;
}

bool Surveyor::BringAll(core::Lsn from, core::Lsn to, std::string& nowhere) {
  for (const std::string& name :
       MissingSegments(Folders(), own_, from, to, place_.control.segment_bytes)) {
    if (Bring(name)) continue;
    nowhere = name;
    return false;
  }
  return true;
}

// From where its recovery would begin, or from the fork if that is earlier.  What cannot be read
// leaves the end unknown, and then only a copy helps.
void Surveyor::ReadOwnWal(Survey& survey) {
  const ControlData& control = place_.control;
  const bool ends_there = control.state == "shut down";
  core::Lsn start = ends_there ? control.checkpoint : control.redo;
  const bool parts = survey.common && !survey.common->end.IsNone();
  const core::Lsn fork = parts ? survey.common->end : start;
  start = std::min(start, fork);
  if (survey.common) shared_until_ = parts ? fork : place_.source_facts.current;
  BringAll(start, std::max(control.checkpoint, LastSegmentHere()), hole_);
  try {
    survey.own = ReadWal(place_.programs, Folders(), place_.target.timeline, start, fork);
    RequireWholeWal(survey.own->end);
    place_.target.end = survey.own->end;
  } catch (const core::Error& error) {
    survey.own.reset();
    place_.target.end_error = error.message();
  }
}

// A record that is damaged looks like the end.  But the data files may have what came after it, and
// then a node that seems to have nothing of its own has.
void Surveyor::RequireWholeWal(core::Lsn end) const {
  const ControlData& control = place_.control;
  const bool lacks_what_is_known = end <= control.checkpoint || end < control.minimum_recovery;
  bool goes_on = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(wal_)) {
    const std::string name = entry.path().filename();
    // A segment that was made ahead of its use does not begin with its own address.
    goes_on |= core::IsSegmentName(name) && core::TimelineOf(name) == place_.target.timeline &&
               core::BeginOf(name, control.segment_bytes) > end &&
               missing_.IsSound(entry.path(), name);
  }
  if (!lacks_what_is_known && !goes_on) return;
  throw core::Error(
      core::ErrorCode::kFailed,
      fmt::format("its WAL cannot be read beyond {}, and there is more of it", end.ToString()));
}

core::LostWork Surveyor::NameLostWork(const Survey& survey) {
  const core::RejoinTarget& target = place_.target;
  core::LostWork lost;
  lost.node = place_.node_name;
  lost.timeline = target.timeline;
  lost.end = target.end;
  if (!survey.common) {
    lost.unknown = "the histories of the two servers have nothing in common";
  } else if (survey.common->end.IsNone()) {
    lost.unknown = "the histories of the two servers do not part";
  } else if (!survey.own) {
    lost.unknown = target.end_error;
  }
  if (!lost.unknown.empty()) return lost;
  const auto names = FindTableNames(place_.source(), place_.SourceParameters(),
                                    core::RelationsToName(*survey.own));
  return core::MakeLostWork(*survey.own, lost.node, lost.timeline, survey.common->end, lost.end,
                            [&](const core::RelationId& id) -> std::optional<core::TableName> {
                              const auto found = names.find(id);
                              if (found == names.end()) return std::nullopt;
                              return found->second;
                            });
}

core::Lsn Surveyor::LastSegmentHere() const {
  const std::uint64_t bytes = place_.control.segment_bytes;
  const std::string timeline = core::SegmentName(place_.target.timeline, core::Lsn(bytes), bytes);
  core::Lsn last;
  for (const fs::directory_entry& entry : fs::directory_iterator(wal_)) {
    const std::string name = entry.path().filename();
    if (!core::IsSegmentName(name) || name.compare(0, 8, timeline, 0, 8) != 0) continue;
    last = std::max(last, core::BeginOf(name, bytes));
  }
  return last;
}

void Surveyor::PlanRewind(Survey& survey) {
  FindCheckpoint(survey);
  if (survey.verdict.way == core::RejoinWay::kRewind) FindNeeded(survey);
  if (survey.verdict.way != core::RejoinWay::kRewind) return;
  if (place_.request.dry_run) EstimateCopy(survey);
  if (!survey.inspection.foreign.empty()) {
    survey.in_the_way.push_back(
        {fmt::format("\"{}\" cannot be written",
                     (place_.directory / survey.inspection.foreign.front()).string()),
         fmt::format("{} files in the data directory belong to another user.",
                     survey.inspection.foreign.size()),
         "Give them to the owner of the data directory."});
  }
}

// pg_rewind copies the blocks of tables that this node's WAL names, and all other files whole, of
// which the WAL is the most; it cannot say so itself of a server that crashed.
void Surveyor::EstimateCopy(Survey& survey) {
  survey.blocks_to_copy = ReadWal(place_.programs, Folders(), place_.target.timeline,
                                  survey.checkpoint, survey.common->end)
                              .changed_blocks;
  try {
    survey.source_wal_bytes =
        place_.source().Query("SELECT sum(size) FROM pg_catalog.pg_ls_waldir()").Number(0, 0);
  } catch (const SqlError&) {
    // Without pg_monitor it is not known.
  }
}

// Where pg_rewind begins to read.
void Surveyor::FindCheckpoint(Survey& survey) {
  for (;;) {
    const CheckpointSearch search = FindLastCheckpointBefore(
        place_.programs, Folders(), place_.target.timeline, survey.common->end);
    if (search.found) {
      survey.checkpoint = search.found->at;
      return;
    }
    if (search.missing_segment.empty() || !Bring(search.missing_segment)) {
      survey.needed.push_back({search.missing_segment, WalPlace::kNowhere, {}});
      survey.verdict = {core::RejoinWay::kCopy, {MissingWalProblem(search.missing_segment)}};
      return;
    }
  }
}

void Surveyor::FindNeeded(Survey& survey) {
  const std::uint64_t bytes = place_.control.segment_bytes;
  const core::Lsn to = std::max(place_.target.end, place_.control.checkpoint);
  std::string nowhere;
  if (!BringAll(survey.checkpoint, to, nowhere)) {
    survey.verdict = {core::RejoinWay::kCopy, {MissingWalProblem(nowhere)}};
  }
  for (std::uint64_t at = survey.checkpoint.bytes() / bytes * bytes; at < to.bytes(); at += bytes) {
    NeededSegment segment;
    segment.name = core::SegmentName(core::TimelineOfSegment(own_, core::Lsn(at + bytes)),
                                     core::Lsn(at), bytes);
    const auto file = Folders().Find(segment.name);
    const auto fetched = fetched_.find(segment.name);
    if (!file) segment.place = WalPlace::kNowhere;
    if (fetched != fetched_.end()) {
      segment.place = fetched->second;
      segment.file = *file;
    }
    survey.needed.push_back(segment);
  }
}

// A standby has to receive everything from where its own WAL ends, or from the fork; the WAL before
// is kept by pg_rewind.  A source that was itself copied later does not have it.
void Surveyor::CheckSourceWal(const core::TimelineHistory& of_source, Survey& survey) {
  const std::uint64_t bytes = place_.control.segment_bytes;
  const bool follows = survey.verdict.way == core::RejoinWay::kFollow;
  const core::Lsn from = follows ? place_.target.end : survey.common->end;
  std::set<std::string> there;
  const Result files =
      place_.source().Query("SELECT name FROM pg_catalog.pg_ls_dir('pg_wal', true, false) AS name");
  for (int row = 0; row < files.rows(); ++row) there.insert(files.Text(row, 0));
  std::vector<std::string> missing;
  for (std::uint64_t at = from.bytes() / bytes * bytes; at < place_.source_facts.current.bytes();
       at += bytes) {
    const std::string name = core::SegmentName(
        core::TimelineOfSegment(of_source, core::Lsn(at + bytes)), core::Lsn(at), bytes);
    if (!there.contains(name)) missing.push_back(name);
  }
  if (missing.empty()) return;
  // The standby's own restore_command would bring them; the first and the last speak for all.
  if (missing_.IsInArchive(missing.front()) && missing_.IsInArchive(missing.back())) return;
  survey.verdict = {
      core::RejoinWay::kCopy,
      {{fmt::format("the source does not have WAL segment {} any more", missing.front()),
        "A standby needs it to go on from where its own WAL ends, and the archive "
        "does not have it.",
        "It can come back by a new copy of the source."}}};
}

core::Problem MissingWalProblem(const std::string& segment) {
  return {fmt::format("WAL segment {} is missing", segment),
          "pg_rewind needs it, and it is neither in pg_wal, nor in the archive, nor on the source.",
          "If you have it, put it into pg_wal, or let restore_command find it."};
}

}  // namespace baton::helper
