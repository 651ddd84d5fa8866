#include "helper/clone/clone.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/clone/arrival.hpp"
#include "helper/clone/clone_notes.hpp"
#include "helper/clone/clone_place.hpp"
#include "helper/clone/configuration.hpp"
#include "helper/clone/debian_cluster.hpp"
#include "helper/clone/findings_text.hpp"
#include "helper/clone/first_event.hpp"
#include "helper/clone/source_reading.hpp"
#include "helper/clone/taken_configuration.hpp"
#include "helper/clone/target_reading.hpp"
#include "helper/clone/unfinished_copy.hpp"
#include "helper/command/node_access.hpp"
#include "helper/progress.hpp"
#include "helper/server/new_slot.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

class Clone {
 public:
  Clone(const CloneRequest& request, Output& output)
      : request_(request), output_(output), place_(request, output), notes_(place_.directory) {}

  void Run() {
    ReadCloneSource(place_);
    ReadCloneTarget(place_);
    ReadConfiguration(place_);
    // The programs that were asked end by it too, and seem to be missing then.
    CheckInterrupt();
    if (IsWholeAlready()) return GoOn();
    ShowPlan();
    const core::CloneFindings findings = CheckClone(place_.source_facts, place_.target);
    ShowFindings(findings, request_.dry_run, output_);
    core::RequireNone(core::Refused(findings));
    if (request_.dry_run) {
      output_.Line("dry run: no check refuses it, nothing was changed");
      return;
    }
    notes_.Take();
    MakeRoom();
    Copy();
    Register();
    Start();
  }

 private:
  // By an earlier clone, which did not come to its end.
  bool IsWholeAlready() const {
    const auto note = notes_.Read();
    return note && note->step == core::CloneStep::kReady && note->node_name == request_.node_name &&
           IsSameDirectory(*note) && !IsLeftOver(*note) &&
           fs::exists(place_.directory / "standby.signal");
  }

  void GoOn() {
    output_.Line(fmt::format("\"{}\" is whole already: an earlier clone was broken off after that",
                             place_.directory.string()));
    if (request_.dry_run) {
      output_.Line("dry run: nothing was changed");
      return;
    }
    notes_.Take();
    Register();
    Start();
  }

  // For the copy: what an earlier one left goes, what somebody else has there is moved aside.
  void MakeRoom() {
    if (place_.left_over) {
      if (!RemoveCopy(*place_.left_over)) {
        throw core::Error(core::ErrorCode::kFailed,
                          fmt::format("could not remove what an earlier clone left in \"{}\"",
                                      place_.directory.string()),
                          "", "Remove it by hand, and run the command again.");
      }
      notes_.Remove();
      output_.Line("removed what a clone that was broken off had copied");
    }
    const DirectoryFacts there = LookAtDirectory(place_.directory);
    if (there.exists && !there.is_empty && !place_.target.move_aside_to.empty()) {
      fs::rename(place_.directory, place_.target.move_aside_to);
      Flush(place_.directory.parent_path());
      output_.Line(fmt::format("moved \"{}\" aside, to \"{}\"", place_.directory.string(),
                               place_.target.move_aside_to));
    }
    if (request_.server.cluster.empty()) return;
    const DebianCluster cluster(request_.server.cluster);
    if (cluster.exists()) return;
    cluster.Create(place_.directory, request_.server.log);
    output_.Line(fmt::format("created cluster \"{}\", with its configuration in \"{}\"",
                             cluster.text(), cluster.configuration().string()));
  }

  void Register() {
    const std::string port = place_.OwnSetting("port");
    RegisterNode(place_.primary(), request_.node_name,
                 RegistryConninfo(request_.advertise, port, place_.database, TlsIn(place_.given)));
    output_.Line(fmt::format("registered node \"{}\" at {} port {}", request_.node_name,
                             request_.advertise, port));
  }

  void Start() {
    if (request_.server.no_start) {
      notes_.Remove();
      output_.Line("not started, as asked for; start it, then: pg_baton status");
      return;
    }
    if (!RunningPostmaster(place_.directory)) {
      StartServer(request_.server.ToStart(place_.programs, place_.directory));
    }
    WaitUntilStreaming(place_.upstream(), request_.node_name, core::Lsn(),
                       request_.server.timeout());
    notes_.Remove();
    ShowArrival(place_);
    output_.Line("next: pg_baton verify, on the primary's host");
  }

  void ShowPlan() {
    if (place_.password_stored) {
      output_.Line(fmt::format("stored the password of {} in \"{}\": the standby needs it there",
                               kNodeRole, place_.passfile.string()));
    }
    output_.Line(fmt::format("source: PostgreSQL {} at {} port {}, {}", place_.source_facts.version,
                             place_.source.host(), place_.source.port(),
                             core::BytesText(place_.source_facts.bytes)));
    output_.Line(
        fmt::format("target: \"{}\", node \"{}\"", place_.directory.string(), request_.node_name));
    for (const PlacedTablespace& tablespace : place_.tablespaces) {
      output_.Line(fmt::format("tablespace: \"{}\", {}, to \"{}\"", tablespace.there,
                               core::BytesText(tablespace.bytes), tablespace.here));
    }
    output_.result()["source_bytes"] = place_.source_facts.bytes;
    output_.result()["data_directory"] = place_.directory.string();
    output_.result()["node_name"] = request_.node_name;
  }

  void Copy() {
    std::optional<NewSlot> slot;
    const core::CloneRoom& room = place_.source_facts.UpstreamRoom();
    if (room.slot_lost) DropSlot(place_.upstream(), request_.node_name);
    if (!room.slot_exists || room.slot_lost) {
      slot.emplace(place_.upstream(), request_.node_name);
      output_.Line(fmt::format(
          "made replication slot \"{}\" on {}", request_.node_name,
          place_.other_upstream ? fmt::format("node \"{}\"", request_.upstream) : "the source"));
    }
    UnfinishedCopy copy(notes_, Note());
    CopyFiles();
    if (request_.verify) Verify();
    WriteConfiguration(place_);
    WriteFirstEvent(place_, copied_, took_);
    CheckInterrupt();
    place_.OwnSetting("port");
    copy.Keep(place_.GroupMayRead() ? 0750 : 0700);
    if (slot) slot->Keep();
  }

  core::CloneNote Note() const {
    using Kind = core::CloneFolder::Kind;
    core::CloneNote note;
    note.node_name = request_.node_name;
    note.folders.push_back({Kind::kData, place_.directory.string()});
    for (const PlacedTablespace& tablespace : place_.tablespaces) {
      note.folders.push_back({Kind::kTablespace, tablespace.here});
    }
    if (!request_.waldir.empty()) note.folders.push_back({Kind::kWal, request_.waldir});
    return note;
  }

  void CopyFiles() {
    const auto began = Progress::Clock::now();
    Progress progress("copying", output_.is_json());
    Parameters source = NodeParameters(place_.given, place_.passfile);
    source.erase("dbname");
    source["host"] = place_.source.host();
    source["port"] = place_.source.port();
    source["application_name"] = "pg_baton_clone_" + request_.node_name;
    BaseBackupOptions options;
    options.program = place_.programs.Path("pg_basebackup");
    options.directory = place_.directory;
    options.source = source;
    options.passfile = place_.passfile.string();
    // Elsewhere it is for the WAL that comes after the copy; pg_basebackup makes one for itself.
    if (!place_.other_upstream) options.slot = request_.node_name;
    options.checkpoint = request_.checkpoint;
    options.max_rate = request_.max_rate;
    options.tablespace_mappings = request_.tablespaces;
    options.waldir = request_.waldir;
    options.compression = request_.compression;
    // Whole file systems at once, which is faster than a thousand files one by one.
    options.flushes = false;
    RunBaseBackup(options, [&](std::int64_t done, std::int64_t total) {
      copied_ = done;
      progress.Update(done, total);
    });
    progress.Finish();
    for (const core::CloneFolder& folder : Note().folders) FlushFileSystem(folder.path);
    took_ = std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
    output_.result()["copied_bytes"] = copied_;
    output_.result()["copy_seconds"] = std::chrono::duration<double>(took_).count();
    output_.Line(fmt::format("copied {} in {}, with the WAL of that time", core::BytesText(copied_),
                             core::DurationText(took_)));
  }

  void Verify() {
    VerifyBackup(place_.programs.Path("pg_verifybackup"), place_.directory);
    output_.result()["verified"] = true;
    output_.Line("every file is as its manifest says, and the WAL of the copy is whole");
  }

  const CloneRequest& request_;
  Output& output_;
  ClonePlace place_;
  CloneNotes notes_;
  std::int64_t copied_ = 0;
  std::chrono::microseconds took_{0};
};

}  // namespace

void RunClone(const CloneRequest& request, Output& output) {
  const CloneRequest complete = WithFolders(request);
  Clone(complete, output).Run();
}

}  // namespace baton::helper
