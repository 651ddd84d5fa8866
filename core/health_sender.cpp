// What a server is asked that others stream from: are they there, how far, and what do they hold
// back.
#include <fmt/format.h>

#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {
namespace {

std::string Some(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void AddFree(Check check, std::int32_t all, std::int32_t used, std::string_view what,
             std::string_view hint, const HealthPolicy& policy, Findings& out) {
  Finding finding = Measured(check, all - used, policy.Of(check));
  finding.message = fmt::format("{} of {} {} in use", used, all, what);
  if (finding.status != Status::kOk) finding.hint = hint;
  out.push_back(finding);
}

}  // namespace

void Standbys(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kPrimary) return;
  if (!facts.registry_readable) {
    out.push_back(Judged(Check::kStandbys, Status::kUnknown, "",
                         "there is no table baton.node in pg_baton.database",
                         "Run CREATE EXTENSION pg_baton in that database."));
    return;
  }
  const std::string value =
      fmt::format("{} of {}", facts.standbys_streaming, facts.standbys_expected);
  Finding finding;
  if (facts.standbys_expected == 0) {
    finding = Judged(Check::kStandbys, Status::kWarning, value, "no standby is registered",
                     "Make one: pg_baton clone, on the other host.");
  } else if (facts.standbys_streaming == facts.standbys_expected) {
    finding = Judged(Check::kStandbys, Status::kOk, value, "every registered standby streams");
  } else {
    finding = Judged(Check::kStandbys,
                     facts.standbys_streaming == 0 ? Status::kCritical : Status::kWarning, value,
                     "not streaming: " + facts.standbys_missing.str(),
                     "See baton.standbys for the reason; a former primary comes back with "
                     "pg_baton rejoin.");
  }
  finding.value_number = facts.standbys_streaming;
  finding.unit = UnitText(InfoOf(Check::kStandbys).unit);
  out.push_back(finding);
}

void StandbyLag(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (!facts.worst_standby_lag) return;
  Finding finding = Measured(Check::kStandbyLag, Seconds(*facts.worst_standby_lag),
                             policy.Of(Check::kStandbyLag));
  finding.message =
      *facts.worst_standby_lag == std::chrono::microseconds::zero()
          ? "every standby has replayed all that is here"
          : fmt::format("the oldest commit that some standby has not replayed is {} old",
                        finding.value.view());
  if (finding.status != Status::kOk) finding.hint = "See baton.standbys for which one it is.";
  out.push_back(finding);
}

void StandbyLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (!facts.worst_standby_lag_bytes || !facts.registry_readable) return;
  Finding finding =
      Measured(Check::kStandbyLagBytes, static_cast<double>(*facts.worst_standby_lag_bytes),
               policy.Of(Check::kStandbyLagBytes));
  finding.message =
      fmt::format("the standby that is furthest behind lacks {} of replay", finding.value.view());
  if (finding.status != Status::kOk) finding.hint = "See baton.standbys for which one it is.";
  out.push_back(finding);
}

void SyncStandbys(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const SyncFacts& sync = facts.sync;
  if (facts.role != Role::kPrimary || !sync.asked) return;
  const std::string value = fmt::format("{} of {}", sync.present, sync.needed);
  Finding finding;
  if (sync.present >= sync.needed) {
    finding = Judged(Check::kSyncStandbys, Status::kOk, value,
                     "the synchronous standbys are there: " + sync.names.str());
  } else {
    finding =
        Judged(Check::kSyncStandbys, Status::kCritical, value,
               fmt::format("commits wait for standbys that are not there ({}); {} now",
                           sync.names.view(), Some(sync.waiting, "session waits", "sessions wait")),
               "Bring the standby back, or take it out of synchronous_standby_names.");
  }
  finding.value_number = sync.present;
  finding.unit = UnitText(InfoOf(Check::kSyncStandbys).unit);
  out.push_back(finding);
}

void FreeWalSenders(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  AddFree(Check::kFreeWalSenders, facts.capacity.wal_senders, facts.capacity.wal_senders_used,
          "WAL senders", "Raise max_wal_senders, or a standby that reconnects may be refused.",
          policy, out);
}

void FreeReplicationSlots(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  AddFree(Check::kFreeReplicationSlots, facts.capacity.slots, facts.capacity.slots_used,
          "replication slots", "Raise max_replication_slots, or drop slots nobody uses.", policy,
          out);
}

void Slots(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const SlotFacts& slots = facts.slots;
  if (slots.lost > 0) {
    out.push_back(Judged(
        Check::kSlots, Status::kCritical, fmt::format("{} lost", slots.lost),
        fmt::format("slot \"{}\" has lost WAL that its standby needs{}{}", slots.endangered.view(),
                    slots.why.empty() ? "" : ": ", slots.why.view()),
        "That standby has to be cloned again; then drop the slot."));
  } else if (slots.unreserved > 0) {
    out.push_back(Judged(Check::kSlots, Status::kWarning,
                         fmt::format("{} in danger", slots.unreserved),
                         fmt::format("slot \"{}\" is about to lose WAL that its standby needs",
                                     slots.endangered.view()),
                         "Bring its standby back now, or raise max_slot_wal_keep_size."));
  } else {
    out.push_back(Judged(Check::kSlots, Status::kOk, Some(slots.total, "slot", "slots"),
                         "no slot has lost WAL"));
  }
}

void SlotRetained(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const SlotFacts& slots = facts.slots;
  Finding finding = Measured(Check::kSlotRetained, static_cast<double>(slots.retained_bytes),
                             policy.Of(Check::kSlotRetained));
  if (slots.inactive == 0) {
    finding.message = slots.total == 0 ? "there are no slots"
                                       : Some(slots.total, "slot, in use", "slots, all in use");
  } else if (slots.worst.empty()) {
    finding.message = fmt::format("{} of {} not in use; none holds back WAL", slots.inactive,
                                  Some(slots.total, "slot", "slots"));
  } else {
    finding.message = fmt::format("{} of {} not in use; \"{}\" holds back {} of WAL",
                                  slots.inactive, Some(slots.total, "slot", "slots"),
                                  slots.worst.view(), BytesText(slots.retained_bytes));
  }
  if (finding.status != Status::kOk) {
    finding.hint = "Bring its standby back, or drop the slot before the disk is full.";
  }
  out.push_back(finding);
}

void XminAge(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (!facts.xmin_age) return;
  Finding finding =
      Measured(Check::kXminAge, static_cast<double>(*facts.xmin_age), policy.Of(Check::kXminAge));
  finding.message = fmt::format(
      "\"{}\" keeps vacuum from rows of the last {}", facts.xmin_holder.view(),
      *facts.xmin_age == 1 ? "transaction" : fmt::format("{} transactions", *facts.xmin_age));
  if (finding.status != Status::kOk) {
    finding.hint =
        "End the long query on that standby, or drop the slot; dead rows pile up until then.";
  }
  out.push_back(finding);
}

}  // namespace baton::core::rule
