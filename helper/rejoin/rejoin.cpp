#include "helper/rejoin/rejoin.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/path_inside.hpp"
#include "helper/rejoin/plan_text.hpp"
#include "helper/rejoin/replacement.hpp"
#include "helper/rejoin/rewinding.hpp"
#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using core::RejoinStep;
using core::RejoinWay;

void RequireMappings(const std::vector<std::string>& mappings) {
  for (const std::string& mapping : mappings) {
    const auto equals = mapping.find('=');
    const bool is_mapping = equals != std::string::npos && mapping.starts_with('/') &&
                            mapping.compare(equals + 1, 1, "/") == 0;
    if (is_mapping) continue;
    throw core::Error(core::ErrorCode::kUsage,
                      fmt::format("\"{}\" is no tablespace mapping", mapping), "",
                      "Write OLD=NEW, both as absolute paths.");
  }
}

// The directory is emptied, copied or replaced while the journal is written.
void RequireWorkDirectory(const RejoinRequest& request) {
  if (request.work_directory.empty()) return;
  const fs::path work = fs::weakly_canonical(request.work_directory);
  const fs::path data = fs::weakly_canonical(PlainPath(request.server.directory));
  const bool is_inside = core::IsInside(work, data);
  const fs::path existing = ExistingPart(work);
  const bool is_folder = fs::is_directory(existing) && IsWritable(existing);
  if (!is_inside && is_folder) return;
  throw core::Error(
      core::ErrorCode::kRefused, fmt::format("\"{}\" cannot be the work directory", work.string()),
      is_inside ? "It is inside of the data directory."
                : fmt::format("\"{}\" is no folder that this user can write.", existing.string()),
      "Name a folder on a disk that stays with --work-directory.");
}

class Rejoin {
 public:
  Rejoin(const RejoinRequest& request, Output& output)
      : request_(request), output_(output), place_(request, output) {}

  void Run() {
    RequireMappings(request_.tablespaces);
    RequireWorkDirectory(request_);
    const bool was_broken_off = place_.ReadJournal();
    const bool is_ready = was_broken_off && place_.journal.step == RejoinStep::kReady;
    if (was_broken_off && place_.journal.step == RejoinStep::kSwapping && !request_.dry_run) {
      Replacement(place_).Swap();
    }
    place_.ReadTarget();
    // It may have been started since, and only has to show that it streams.
    if (is_ready) place_.target.is_running = false;
    // A wrong directory is told before anybody is asked for a password.
    core::RequireNone(core::CheckRejoin(SourceLike(place_.target), place_.target));
    if (was_broken_off && !place_.goes_on() && !request_.dry_run) BeginAnew();
    place_.FindNames();
    place_.Connect();
    place_.ReadSource();
    if (is_ready && !IsSameSource()) {
      place_.ForgetJournal();
      place_.ReadTarget();
      place_.FindNames();
      place_.ReadSource();
    } else if (is_ready) {
      place_.source_facts.slot_active = false;
    }
    core::RequireNone(core::CheckRejoin(place_.source_facts, place_.target));
    if (place_.goes_on()) return GoOn();
    Begin();
  }

 private:
  // A source about which nothing can be wrong, for the checks that need none.
  static core::RejoinSource SourceLike(const core::RejoinTarget& target) {
    core::RejoinSource source;
    source.major = target.major;
    source.system_identifier = target.system_identifier;
    return source;
  }

  // As when it was broken off.
  bool IsSameSource() const {
    return place_.journal.source_timeline == place_.source_facts.timeline &&
           place_.journal.source_reign == place_.source_reign;
  }

  void BeginAnew() {
    place_.Undo();
    place_.journal = {};
    place_.ReadTarget();
    output_.Line("a rejoin was broken off before it changed anything that counts; it begins anew");
  }

  void Begin() {
    Surveyor surveyor(place_);
    const Survey survey = surveyor.Look();
    ShowPlan(place_, survey);
    core::RequireNone(survey.in_the_way);
    const RejoinWay way = WayOf(survey);
    if (way == RejoinWay::kCopy) core::RequireNone(Replacement(place_).Check());
    if (request_.dry_run) {
      output_.Line("dry run: every check passed, nothing was changed");
      return;
    }
    if (survey.common) place_.journal.fork = survey.common->end;
    switch (way) {
      case RejoinWay::kFollow:
        Follow(survey);
        break;
      case RejoinWay::kRewind:
        RewindOrCopy(survey);
        break;
      case RejoinWay::kCopy:
        Replacement(place_).Run(&survey, WhyCopied(survey));
        break;
    }
    StartAndFinish();
  }

  RejoinWay WayOf(const Survey& survey) const {
    if (request_.method == RejoinMethod::kCopy) return RejoinWay::kCopy;
    if (survey.verdict.way == RejoinWay::kCopy && request_.method == RejoinMethod::kRewind) {
      throw core::Refusal(survey.verdict.against_rewinding);
    }
    return survey.verdict.way;
  }

  static std::string WhyCopied(const Survey& survey) {
    return survey.verdict.against_rewinding.empty()
               ? "asked for"
               : survey.verdict.against_rewinding.front().message;
  }

  // Nothing of its own: it becomes a standby where it stands.
  void Follow(const Survey& survey) {
    place_.MakeSlot();
    // Replay of a tablespace's creation ends the server where its place is not there.
    MakeTablespaces(place_.directory, survey.tablespaces);
    place_.Identify();
    place_.Configure();
    if (!place_.target.is_standby) EmptyDirectory(place_.directory / "pg_replslot");
    FlushFileSystem(place_.directory);
    place_.KeepSlot();
    place_.MakeReady();
    output_.result()["rewound"] = false;
    output_.Line("nothing to rewind: this node has nothing of its own");
  }

  void RewindOrCopy(const Survey& survey) {
    try {
      Rewinding(place_).Run(survey);
    } catch (const core::Error& error) {
      if (!MayCopyAfter(error)) throw;
      output_.Warning(error.message(), error.detail(), "A new copy is made instead.");
      core::RequireNone(Replacement(place_).Check());
      const bool kept_already = place_.journal.step >= RejoinStep::kLocked;
      Replacement(place_).Run(kept_already ? nullptr : &survey, error.message());
    }
  }

  // A source that does not answer has nothing to be copied from, and whoever interrupts wants an
  // end.
  bool MayCopyAfter(const core::Error& error) {
    if (request_.method != RejoinMethod::kAuto || WasInterrupted()) return false;
    if (error.code() == core::ErrorCode::kRefused || error.code() == core::ErrorCode::kBusy) {
      return false;
    }
    try {
      place_.source().Run("SELECT 1");
      return true;
    } catch (const core::Error&) {
      return false;
    }
  }

  void GoOn() {
    output_.Line(fmt::format("a rejoin was broken off at step \"{}\"; it goes on from there",
                             core::StepName(place_.journal.step)));
    if (request_.dry_run) {
      output_.Line("dry run: every check passed, nothing was changed");
      return;
    }
    const bool same_source = IsSameSource();
    switch (place_.journal.step) {
      case RejoinStep::kRecovering:
      case RejoinStep::kSaving:
      case RejoinStep::kReady:
        break;
      case RejoinStep::kCopying:
      case RejoinStep::kSwapping:
        place_.journal.source_timeline = place_.source_facts.timeline;
        place_.journal.source_reign = place_.source_reign;
        Replacement(place_).GoOn();
        break;
      case RejoinStep::kLocked:
      case RejoinStep::kRewinding:
      case RejoinStep::kRewound:
        GoOnRewinding(same_source);
        break;
    }
    if (place_.journal.step == RejoinStep::kReady) place_.MakeReady();
    StartAndFinish();
  }

  // Blocks of the former source may be in the files; pg_rewind looks only for what this node itself
  // has changed.
  void GoOnRewinding(bool same_source) {
    if (same_source) {
      try {
        return Rewinding(place_).GoOn();
      } catch (const core::Error& error) {
        if (!MayCopyAfter(error)) throw;
        output_.Warning(error.message(), error.detail(), "A new copy is made instead.");
      }
    } else if (request_.method == RejoinMethod::kRewind) {
      throw core::Error(core::ErrorCode::kRefused, "the rewind cannot go on with another source",
                        "It began with another primary, or before another promotion.",
                        "Let a new copy be made with --method=copy.");
    }
    core::RequireNone(Replacement(place_).Check());
    Replacement(place_).Run(nullptr, same_source ? "pg_rewind failed" : "another source");
  }

  void StartAndFinish() {
    if (request_.server.no_start) {
      place_.folder.RemoveAllButJournal();
      output_.Line("not started, as asked for; start it, then: pg_baton status");
      return;
    }
    const core::Lsn beyond = CurrentLsn(place_.source());
    if (!RunningPostmaster(place_.directory)) {
      StartServer(request_.server.ToStart(place_.programs, place_.directory));
    }
    WaitUntilStreaming(place_.source(), place_.node_name, beyond, request_.server.timeout());
    Replacement(place_).RemoveOld();
    place_.folder.Remove();
    output_.Line(fmt::format("node \"{}\" streams from {} port {}", place_.node_name,
                             place_.source().host(), place_.source().port()));
  }

  const RejoinRequest& request_;
  Output& output_;
  Workplace place_;
};

}  // namespace

void RunRejoin(const RejoinRequest& request, Output& output) { Rejoin(request, output).Run(); }

std::optional<UnfinishedRejoin> FindUnfinishedRejoin(const fs::path& directory,
                                                     const std::string& work_directory) {
  const RejoinFolder folder(PlainPath(directory), work_directory);
  const auto journal = folder.Read();
  const bool is_locked = LookAtDirectory(directory).mode == kUnstartableMode;
  if (!journal || !folder.IsAboutDirectory(*journal)) {
    return is_locked ? std::optional<UnfinishedRejoin>({"", "", directory}) : std::nullopt;
  }
  // It is a standby, and has only to show that it streams.
  if (journal->step == RejoinStep::kReady && !is_locked) return std::nullopt;
  return UnfinishedRejoin{journal->node_name, journal->system_identifier,
                          fs::exists(folder.own_files()) ? folder.own_files() : directory};
}

}  // namespace baton::helper
