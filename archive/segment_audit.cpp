#include "archive/segment_audit.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace baton::archive {

using core::ArchiveFinding;
using core::Status;

ArchiveFinding TwiceFinding(const std::string& file, const std::string& other,
                            std::optional<bool> is_same) {
  if (is_same && !*is_same) {
    return {Status::kCritical, "duplicate_differs", file,
            fmt::format("it is there as {} too, with other content", other),
            "Which of them a restore gets depends on its restore_command; one of them is wrong."};
  }
  return {Status::kWarning, "duplicate", file,
          fmt::format("it is there as {} too{}", other,
                      is_same ? ", with the same content" : "; the contents were not compared"),
          "A restore needs one of them."};
}

void AuditSegments::Run() {
  for (const core::TimelineId timeline : plan_.Timelines()) RunTimeline(timeline);
}

void AuditSegments::RunTimeline(core::TimelineId timeline) {
  core::Continuity continuity(plan_, timeline);
  static const core::TimelineFiles kNone;
  const auto known = listing_.timelines().find(timeline);
  const core::TimelineFiles& files = known == listing_.timelines().end() ? kNone : known->second;
  const auto last = files.LastWhole();
  for (auto at = files.Next(0); at; at = files.Next(*at + 1)) {
    hooks_.pause();
    Place place{timeline, core::NameAt(timeline, *at), core::Lsn(), at == last};
    if (!plan_.IsPlace(*at)) {
      hooks_.found({Status::kWarning, "other_segment_size", place.name,
                    fmt::format("no segment of {} bytes has such a name", plan_.segment_bytes()),
                    "No restore reads it."});
      continue;
    }
    place.begin = core::BeginOf(place.name, plan_.segment_bytes());
    const Found whole = LookAt(place, files.whole, false);
    if (whole.is_there) {
      const auto gaps = continuity.Reach(place.begin, whole.belongs);
      TellGaps(timeline, gaps);
      Note(place, whole);
    }
    const Found partial = LookAt(place, files.partial, true);
    for (const Found* const found : {&whole, &partial}) {
      if (!found->findings.empty()) TellUnchecked();
      for (const ArchiveFinding& finding : found->findings) hooks_.found(finding);
    }
  }
  TellUnchecked();
  TellGaps(timeline, continuity.Finish());
}

void AuditSegments::TellGaps(core::TimelineId timeline,
                             const std::vector<core::Continuity::Gap>& gaps) {
  for (const core::Continuity::Gap& gap : gaps) {
    TellUnchecked();
    hooks_.found(core::MissingSegments(plan_, timeline, gap));
    if (plan_.UseOf(timeline, gap.begin) == core::ArchivePlan::Use::kNeeded) {
      spans_.Break(gap.begin, gap.end);
    }
  }
}

void AuditSegments::Note(const Place& place, const Found& whole) {
  if (plan_.UseOf(place.timeline, place.begin) != core::ArchivePlan::Use::kNeeded) return;
  const core::Lsn end = plan_.NextSegment(place.begin);
  if (whole.belongs) reached_ = std::max(reached_, end);
  if (!whole.is_good) spans_.Break(place.begin, end);
}

AuditSegments::Found AuditSegments::LookAt(
    const Place& place, const std::array<core::SegmentSet, core::kWaysToStore>& sets,
    bool is_partial) {
  Found found;
  std::vector<core::Stored> ways;
  const core::SegmentPlace at = core::PlaceOf(place.name);
  for (const core::Stored stored : core::kAllStored) {
    if (!sets[static_cast<std::size_t>(stored)].Has(at)) continue;
    LookAtFile(place, stored, is_partial, found);
    ways.push_back(stored);
  }
  found.is_there = !ways.empty();
  if (ways.size() > 1) Compare(ways, place.name + (is_partial ? ".partial" : ""), found);
  return found;
}

void AuditSegments::LookAtFile(const Place& place, core::Stored stored, bool is_partial,
                               Found& found) {
  const std::string file =
      place.name + (is_partial ? ".partial" : "") + std::string(core::StoredEnding(stored));
  const fs::path path = request_.folder / file;
  FileFault fault = EntryFault(path);
  if (FileFault link = LinkFault(path, request_.folder); !link.kind.empty() && fault.kind.empty()) {
    found.findings.push_back({Status::kWarning, link.kind, file, link.message,
                              "A copy of the archive alone would lack it."});
  }
  const auto packing = core::PackingOf(stored);
  if (fault.kind.empty() && !packing) {
    found.belongs = true;
    CannotCheck(file);
    return;
  }
  if (fault.kind.empty()) fault = SizeFault(path, *packing, plan_.segment_bytes());
  if (!request_.quick && (fault.kind.empty() || fault.kind == "wrong_size")) {
    const SegmentQuestion question{place.name, origin_, lineage_.HistoryOf(place.timeline),
                                   plan_.MayEndAt(place.timeline, place.begin, is_partial)};
    const FileFault content = ContentFault(path, *packing, question, hooks_.pause);
    if (fault.kind.empty() || content.is_alien) fault = content;
  }
  found.belongs = found.belongs || !fault.is_alien;
  if (fault.kind.empty()) return;
  found.findings.push_back(Judge(place, file, fault, is_partial));
  const bool goes_on = fault.is_unfinished && place.is_last;
  found.is_good = found.is_good && goes_on;
}

ArchiveFinding AuditSegments::Judge(const Place& place, const std::string& file,
                                    const FileFault& fault, bool is_partial) const {
  if (is_partial) {
    return {Status::kWarning, fault.kind, file, fault.message,
            fmt::format("Only a restore to the end of timeline {} reads it.", place.timeline)};
  }
  if (fault.is_unfinished && place.is_last) {
    return {Status::kWarning, "unfinished_segment", file, fault.message,
            fmt::format("A restore to timeline {} ends there.", place.timeline)};
  }
  return {plan_.Severity(place.timeline, place.begin), fault.kind, file, fault.message,
          plan_.Meaning(plan_.UseOf(place.timeline, place.begin), place.timeline, place.begin,
                        plan_.NextSegment(place.begin))};
}

void AuditSegments::Compare(const std::vector<core::Stored>& ways, const std::string& name,
                            Found& found) const {
  const std::string first = name + std::string(core::StoredEnding(ways.front()));
  for (std::size_t i = 1; i < ways.size(); ++i) {
    const std::string other = name + std::string(core::StoredEnding(ways[i]));
    const auto packing = core::PackingOf(ways.front());
    const auto other_packing = core::PackingOf(ways[i]);
    std::optional<bool> is_same;
    if (!request_.quick && packing && other_packing) {
      try {
        is_same = HaveSameContent(request_.folder / first, *packing, request_.folder / other,
                                  *other_packing, hooks_.pause);
      } catch (const core::Error& error) {
        FaultOf(error);  // it is told of already
        is_same = false;
      }
    }
    found.findings.push_back(TwiceFinding(first, other, is_same));
    if (is_same && !*is_same) found.is_good = false;
  }
}

void AuditSegments::CannotCheck(const std::string& file) {
  if (unchecked_.count++ == 0) unchecked_.first = file;
  unchecked_.last = file;
}

void AuditSegments::TellUnchecked() {
  if (unchecked_.count == 0) return;
  hooks_.found(
      {Status::kUnknown, "cannot_check", unchecked_.first,
       unchecked_.count == 1
           ? "it is packed in a way that cannot be unpacked here"
           : fmt::format("{} files up to {} are packed in a way that cannot be unpacked here",
                         unchecked_.count, unchecked_.last),
       "Whether a restore can use it is not known."});
  unchecked_ = {};
}

}  // namespace baton::archive
