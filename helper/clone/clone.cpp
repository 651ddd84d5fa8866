#include "helper/clone/clone.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/clone/clone_place.hpp"
#include "helper/clone/configuration.hpp"
#include "helper/clone/findings_text.hpp"
#include "helper/clone/source_reading.hpp"
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
      : request_(request), output_(output), place_(request, output) {}

  void Run() {
    ReadCloneSource(place_);
    ReadCloneTarget(place_);
    ShowPlan();
    const core::CloneFindings findings = CheckClone(place_.source_facts, place_.target);
    ShowFindings(findings, request_.dry_run, output_);
    core::RequireNone(core::Refused(findings));
    if (request_.dry_run) {
      output_.Line("dry run: no check refuses it, nothing was changed");
      return;
    }
    Copy();
    if (request_.server.no_start) {
      output_.Line("not started, as asked for; start it, then: pg_baton status");
      return;
    }
    StartServer(request_.server.ToStart(place_.programs, place_.directory));
    WaitUntilStreaming(place_.source, request_.node_name, core::Lsn(), request_.server.timeout());
    output_.Line(fmt::format("node \"{}\" streams from {} port {}", request_.node_name,
                             place_.source.host(), place_.source.port()));
    output_.Line("next: SELECT * FROM baton.verify_replication(), on the primary");
  }

 private:
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
    if (place_.slot_lost) DropSlot(place_.source, request_.node_name);
    if (!place_.source_facts.slot_exists || place_.slot_lost) {
      slot.emplace(place_.source, request_.node_name);
      output_.Line(fmt::format("made replication slot \"{}\" on the source", request_.node_name));
    }
    UnfinishedCopy copy(place_.directory);
    CopyFiles();
    WriteConfiguration(place_);
    CheckInterrupt();
    const std::string port = place_.OwnSetting("port");
    const bool group_access = place_.source.Value("SHOW data_directory_mode") == "0750";
    copy.Keep(group_access ? 0750 : 0700);
    if (slot) slot->Keep();
    RegisterNode(place_.source, request_.node_name,
                 RegistryConninfo(request_.advertise, port, place_.database));
    output_.Line(fmt::format("registered node \"{}\" at {} port {}", request_.node_name,
                             request_.advertise, port));
  }

  void CopyFiles() {
    const auto began = Progress::Clock::now();
    Progress progress("copying", output_.is_json());
    std::int64_t copied = 0;
    Parameters source = NodeParameters(place_.given, place_.passfile);
    source.erase("dbname");
    source["host"] = place_.source.host();
    source["port"] = place_.source.port();
    source["application_name"] = "pg_baton_clone_" + request_.node_name;
    RunBaseBackup(
        {place_.programs.Path("pg_basebackup"), place_.directory, source, place_.passfile.string(),
         request_.node_name, request_.checkpoint, request_.max_rate, request_.tablespaces},
        [&](std::int64_t done, std::int64_t total) {
          copied = done;
          progress.Update(done, total);
        });
    progress.Finish();
    const std::chrono::microseconds took =
        std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
    output_.result()["copied_bytes"] = copied;
    output_.result()["copy_seconds"] = std::chrono::duration<double>(took).count();
    output_.Line(fmt::format("copied {} in {}, with the WAL of that time", core::BytesText(copied),
                             core::DurationText(took)));
  }

  const CloneRequest& request_;
  Output& output_;
  ClonePlace place_;
};

}  // namespace

void RunClone(const CloneRequest& request, Output& output) { Clone(request, output).Run(); }

}  // namespace baton::helper
