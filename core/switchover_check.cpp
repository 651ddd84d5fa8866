#include "core/switchover_check.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "core/switchover_rules.hpp"
#include "core/sync_names.hpp"

namespace baton::core {
namespace rule {
namespace {

bool Answers(const SwitchoverFacts& facts) {
  return facts.answer.kind == PeerAnswer::Kind::kAnswered;
}

Finding NotAsked(std::string_view check, const SwitchoverFacts& facts) {
  return Judged(check, Status::kUnknown, "",
                facts.error.empty()
                    ? fmt::format("node \"{}\" could not be asked", facts.target)
                    : fmt::format("node \"{}\" could not be asked: {}", facts.target, facts.error));
}

// What a standby says against its promotion only because its primary lives, or has more than it has
// itself; all of that is there when roles change.
bool IsSettledByHandingOver(const Finding& finding, const SwitchoverFacts& facts) {
  constexpr std::array<std::string_view, 5> kSettled = {
      "primary_alive", "primary_seen", "missing_work", "missing_time", "replay_pending"};
  const std::string_view check = finding.check_name.view();
  if (std::find(kSettled.begin(), kSettled.end(), check) != kSettled.end()) return true;
  // No standby is further than this primary, and so none further ahead of the target than it is.
  return check == "most_advanced" && facts.sender && facts.sender->lacks_bytes &&
         *facts.sender->lacks_bytes <= facts.lag_allowed;
}

}  // namespace

Finding TargetKnown(const SwitchoverFacts& facts) {
  const std::string& target = facts.target;
  if (target == facts.node_name) {
    return Judged("target_known", Status::kCritical, target,
                  fmt::format("node \"{}\" is this node itself", target),
                  "Name the standby that is to take over.");
  }
  if (!facts.registry_readable) {
    return Judged("target_known", Status::kCritical, target,
                  "the registered nodes are not known, so nobody could be asked",
                  "Create the extension in the database of pg_baton.database.");
  }
  if (!facts.registered) {
    return Judged("target_known", Status::kCritical, target,
                  fmt::format("node \"{}\" is not registered", target),
                  "See baton.node; SELECT baton.register_node() enters a node.");
  }
  return Judged("target_known", Status::kOk, target,
                fmt::format("node \"{}\" is registered", target));
}

Finding TargetAnswers(const SwitchoverFacts& facts) {
  if (Answers(facts)) {
    return Judged("target_answers", Status::kOk, facts.target,
                  fmt::format("node \"{}\" answers", facts.target));
  }
  return Judged("target_answers", Status::kCritical, facts.target,
                fmt::format("node \"{}\" does not answer: {}", facts.target, facts.answer.error),
                "Make sure that it runs, and that this server can connect to it as baton_node.");
}

Finding TargetIsStandby(const SwitchoverFacts& facts) {
  const std::string& target = facts.target;
  if (Answers(facts) && facts.answer.row.role == Role::kPrimary) {
    return Judged("target_is_standby", Status::kCritical, "primary",
                  fmt::format("node \"{}\" answers as primary on timeline {}", target,
                              facts.answer.row.timeline),
                  "Bring one of the two back as a standby by \"pg_baton rejoin\".");
  }
  if (!facts.senders_read) {
    return Judged("target_is_standby", Status::kUnknown, "",
                  "it is not known who streams from this server");
  }
  if (!facts.sender) {
    return Judged("target_is_standby", Status::kCritical, "not connected",
                  fmt::format("node \"{}\" does not stream from this server", target),
                  "Only a standby that follows this server directly can take over; see "
                  "baton.standbys.");
  }
  if (facts.sender->state != "streaming") {
    return Judged("target_is_standby", Status::kCritical, facts.sender->state,
                  fmt::format("node \"{}\" is in state {}", target, facts.sender->state),
                  "Wait until it is streaming; see baton.standbys.");
  }
  return Judged("target_is_standby", Status::kOk, "streaming",
                fmt::format("node \"{}\" streams from this server", target));
}

Finding TargetTimeline(const SwitchoverFacts& facts) {
  if (!Answers(facts)) return NotAsked("target_timeline", facts);
  const TimelineId there = facts.answer.row.timeline;
  if (there != facts.timeline) {
    return Judged("target_timeline", Status::kCritical, std::to_string(there),
                  fmt::format("node \"{}\" is on timeline {}, and this server on {}", facts.target,
                              there, facts.timeline),
                  "Wait until it has replayed the change of timeline, or let it rejoin.");
  }
  return Judged("target_timeline", Status::kOk, std::to_string(there),
                fmt::format("both are on timeline {}", there));
}

Finding TargetLag(const SwitchoverFacts& facts) {
  if (!facts.sender || !facts.sender->lacks_bytes) {
    return Judged("target_lag", Status::kUnknown, "",
                  fmt::format("it is not known what node \"{}\" has replayed", facts.target));
  }
  const std::int64_t bytes = *facts.sender->lacks_bytes;
  Finding row = Judged(
      "target_lag", Status::kOk, BytesText(bytes),
      fmt::format("node \"{}\" has still to replay {} of WAL", facts.target, BytesText(bytes)));
  row.value_number = static_cast<double>(bytes);
  row.unit = "bytes";
  row.threshold = fmt::format("critical above {}", BytesText(facts.lag_allowed));
  if (bytes > facts.lag_allowed) {
    row.status = Status::kCritical;
    row.message = fmt::format(
        "node \"{}\" has still to replay {} of WAL, and pg_baton.switchover_max_lag allows {}",
        facts.target, BytesText(bytes), BytesText(facts.lag_allowed));
    row.hint = "Commits would wait for it; let it catch up.";
  }
  return row;
}

Finding TargetVersion(const SwitchoverFacts& facts) {
  if (!Answers(facts)) return NotAsked("target_version", facts);
  const std::string version = facts.answer.row.server_version.str();
  const int major = std::atoi(version.c_str());
  if (major == 0) {
    return Judged("target_version", Status::kUnknown, version,
                  fmt::format("node \"{}\" did not tell its version", facts.target));
  }
  if (major != facts.major_version) {
    return Judged("target_version", Status::kCritical, version,
                  fmt::format("node \"{}\" is PostgreSQL {}, and this server {}", facts.target,
                              major, facts.major_version),
                  "Roles can be swapped only within one major version.");
  }
  return Judged("target_version", Status::kOk, version,
                fmt::format("both are PostgreSQL {}", major));
}

Finding TargetPromotable(const SwitchoverFacts& facts) {
  if (!facts.promotion_check) return NotAsked("target_promotable", facts);
  std::vector<Finding> against;
  std::copy_if(facts.promotion_check->begin(), facts.promotion_check->end(),
               std::back_inserter(against), [&](const Finding& finding) {
                 return finding.status == Status::kCritical &&
                        !IsSettledByHandingOver(finding, facts);
               });
  if (against.empty()) {
    return Judged("target_promotable", Status::kOk, "yes",
                  fmt::format("nothing on node \"{}\" speaks against its promotion", facts.target));
  }
  return Judged(
      "target_promotable", Status::kCritical, "no", ReasonsAgainst(against),
      fmt::format("See the hints in baton.promotion_check on node \"{}\".", facts.target));
}

Finding TargetReachesUs(const SwitchoverFacts& facts) {
  if (!Answers(facts)) return NotAsked("target_reaches_us", facts);
  if (facts.answer.row.state.view() == "streaming") {
    return Judged("target_reaches_us", Status::kOk, "streaming",
                  fmt::format("the receiver of node \"{}\" streams", facts.target));
  }
  if (!facts.sees_us) return NotAsked("target_reaches_us", facts);
  if (*facts.sees_us) {
    return Judged("target_reaches_us", Status::kOk, "reachable",
                  fmt::format("node \"{}\" reaches this node", facts.target));
  }
  return Judged("target_reaches_us", Status::kCritical, "not reachable",
                fmt::format("node \"{}\" does not reach this node", facts.target),
                "It has to fetch the last WAL from here; see baton.cluster there.");
}

Finding TargetSlotRoom(const SwitchoverFacts& facts) {
  if (!facts.slots) return NotAsked("target_slots", facts);
  const std::string value = fmt::format("{} of {}", facts.slots->used, facts.slots->total);
  if (facts.slots->has_ours) {
    return Judged("target_slots", Status::kOk, value,
                  fmt::format("node \"{}\" has a slot for this node already", facts.target));
  }
  if (facts.slots->used < facts.slots->total) {
    return Judged("target_slots", Status::kOk, value,
                  fmt::format("node \"{}\" has room for a slot of this node", facts.target));
  }
  return Judged("target_slots", Status::kCritical, value,
                fmt::format("all {} replication slots of node \"{}\" are in use",
                            facts.slots->total, facts.target),
                "Drop one there, or raise max_replication_slots and restart it.");
}

Finding TargetStandbyLogin(const SwitchoverFacts& facts) {
  if (!facts.standby_login) return NotAsked("target_standby_login", facts);
  if (facts.standby_login->empty()) {
    return Judged("target_standby_login", Status::kOk, "yes",
                  fmt::format("node \"{}\" lets this server in as a standby", facts.target));
  }
  return Judged("target_standby_login", Status::kCritical, "no",
                fmt::format("node \"{}\" does not let this server in as a standby: {}",
                            facts.target, *facts.standby_login),
                "Afterwards it will stream from there by its primary_conninfo, or else as "
                "baton_node; mend pg_hba.conf there, or the login.");
}

Finding SyncStandbys(const SwitchoverFacts& facts) {
  const std::string& value = facts.synchronous_standby_names;
  const auto names = ParseSyncNames(value);
  const auto after = SyncNamesInstead(value, facts.target, facts.node_name);
  if (!names || !after) {
    return Judged("sync_standbys", Status::kUnknown, value,
                  "synchronous_standby_names could not be understood");
  }
  if (names->names.empty()) {
    return Judged("sync_standbys", Status::kOk, "", "no commit waits for a standby");
  }
  if (!names->Names(facts.target)) {
    return Judged("sync_standbys", Status::kOk, value,
                  fmt::format("synchronous_standby_names does not name node \"{}\"", facts.target));
  }
  return Judged("sync_standbys", Status::kOk, value,
                fmt::format("synchronous_standby_names here, {}, would be {} on node \"{}\"", value,
                            after->empty() ? "empty" : *after, facts.target));
}

}  // namespace rule

std::vector<Finding> CheckSwitchover(const SwitchoverFacts& facts) {
  const Finding known = rule::TargetKnown(facts);
  if (known.status == Status::kCritical) return {known};
  return {known,
          rule::TargetAnswers(facts),
          rule::TargetIsStandby(facts),
          rule::TargetTimeline(facts),
          rule::TargetLag(facts),
          rule::TargetVersion(facts),
          rule::TargetPromotable(facts),
          rule::TargetReachesUs(facts),
          rule::TargetSlotRoom(facts),
          rule::TargetStandbyLogin(facts),
          rule::SyncStandbys(facts)};
}

}  // namespace baton::core
