#include <fmt/format.h>

#include "core/clone_rules.hpp"

namespace baton::core {
namespace {

// A base backup and the WAL stream beside it.
constexpr int kSendersOfACopy = 2;
constexpr int kSendersOfAStandby = 1;

void CheckPrimary(const CloneSource& source, CloneVerdicts& verdicts) {
  if (!source.primary) return;
  const ClonePrimary& primary = *source.primary;
  if (!primary.missing.message.empty()) return verdicts.Refuse("primary", primary.missing);
  verdicts.Ok("primary", fmt::format("node \"{}\", which will register the new one", primary.name));
  if (primary.full_page_writes) return;
  // do_pg_backup_start in xlog.c: what was written while pages changed need not be whole.
  verdicts.Refuse(
      "full_page_writes",
      {fmt::format("node \"{}\", the primary, has full_page_writes off", primary.name),
       "A copy that is made from a standby needs them.",
       "Set full_page_writes to on there and wait for its next checkpoint, or copy from "
       "the primary."});
}

void CheckSource(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!source.has_extension) {
    verdicts.Refuse("source", {"the source has no extension pg_baton",
                               "The new standby could not be registered there.",
                               "Run pg_baton setup-primary on the source's host first."});
  }
  if (!source.name.empty() && source.name == target.node_name) {
    verdicts.Refuse("source",
                    {"the new node has the name of the source", "Each node needs its own name.",
                     "Choose another one with --node-name."});
  }
  verdicts.OkUnlessSaid("source",
                        fmt::format("a {} with PostgreSQL {} and pg_baton",
                                    source.primary ? "standby" : "primary", source.version));
}

void CheckUpstream(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!source.upstream) {
    return verdicts.Ok("upstream", "the new server will stream from the source");
  }
  const CloneUpstream& upstream = *source.upstream;
  if (upstream.name == target.node_name) {
    return verdicts.Refuse("upstream", {"the new node cannot stream from itself", "",
                                        "Name another node with --upstream."});
  }
  if (!upstream.missing.message.empty()) return verdicts.Refuse("upstream", upstream.missing);
  if (upstream.timeline != source.timeline) {
    return verdicts.Refuse("upstream",
                           {fmt::format("node \"{}\" is on timeline {}, and the source on {}",
                                        upstream.name, upstream.timeline, source.timeline),
                            "The new server could not follow it from where the copy ends.",
                            "Wait until both are on the timeline of the present primary."});
  }
  if (upstream.keeps_from > source.position) {
    return verdicts.Refuse(
        "upstream",
        {fmt::format("node \"{}\" keeps WAL from {} on, and the source is at {}", upstream.name,
                     upstream.keeps_from.ToString(), source.position.ToString()),
         "What is between might be gone before the new server asks for it.",
         "Wait until the source has caught up, or copy from that node."});
  }
  verdicts.Ok("upstream",
              fmt::format("the new server will stream from node \"{}\"", upstream.name));
}

// Of the source, or where it is another one, of the upstream.
std::string NameOf(const CloneSource& source, bool is_source) {
  return is_source ? "the source" : fmt::format("node \"{}\"", source.upstream->name);
}

void CheckSenders(const std::string& server, const CloneRoom& room, int needed,
                  CloneVerdicts& verdicts) {
  const int left = room.wal_senders_max - room.wal_senders_used;
  if (left >= needed) return;
  verdicts.Refuse("wal_senders",
                  {fmt::format("{} has too few free WAL senders", server),
                   fmt::format("{} of max_wal_senders = {} are in use; a clone needs {}.",
                               room.wal_senders_used, room.wal_senders_max, needed),
                   fmt::format("Raise max_wal_senders on {} and restart it, or end a connection in "
                               "pg_stat_replication.",
                               server)});
}

void RefuseWithoutSlot(const std::string& server, const CloneRoom& room, CloneVerdicts& verdicts) {
  verdicts.Refuse("slot",
                  {fmt::format("{} has no free replication slot", server),
                   fmt::format("All of max_replication_slots = {} are taken.", room.slots_max),
                   fmt::format("Drop a slot that nobody needs, or raise max_replication_slots and "
                               "restart {}.",
                               server)});
}

void CheckSlot(const std::string& server, const CloneRoom& room, CloneVerdicts& verdicts) {
  if (room.slot_active) {
    verdicts.Refuse("slot",
                    {"the replication slot of this node is in use",
                     fmt::format("A standby with this name streams from {} already.", server),
                     "Stop that standby, or choose another name with --node-name."});
  } else if (!room.slot_exists && room.slots_used >= room.slots_max) {
    RefuseWithoutSlot(server, room, verdicts);
  }
  verdicts.OkUnlessSaid(
      "slot", room.slot_exists ? "the slot of this node is there already" : "one can be made");
}

void CheckRoom(const CloneSource& source, CloneVerdicts& verdicts) {
  CheckSenders(NameOf(source, true), source.room, kSendersOfACopy, verdicts);
  if (!source.upstream) {
    CheckSlot(NameOf(source, true), source.room, verdicts);
  } else {
    // pg_basebackup makes one for as long as it runs.
    if (source.room.slots_used >= source.room.slots_max) {
      RefuseWithoutSlot(NameOf(source, true), source.room, verdicts);
    }
    if (source.upstream->missing.message.empty()) {
      CheckSenders(NameOf(source, false), source.upstream->room, kSendersOfAStandby, verdicts);
      CheckSlot(NameOf(source, false), source.upstream->room, verdicts);
    }
  }
  verdicts.OkUnlessSaid(
      "wal_senders",
      fmt::format("{} of {} are free", source.room.wal_senders_max - source.room.wal_senders_used,
                  source.room.wal_senders_max));
}

}  // namespace

void CheckServers(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  CheckSource(source, target, verdicts);
  CheckPrimary(source, verdicts);
  CheckUpstream(source, target, verdicts);
  CheckRoom(source, verdicts);
}

}  // namespace baton::core
