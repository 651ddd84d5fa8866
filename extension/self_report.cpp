#include "self_report.hpp"

#include "pg/postgres.hpp"

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include "core/known_primary.hpp"
#include "gate.hpp"
#include "observation.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "reading.hpp"
#include "reign_state.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"

namespace baton {
namespace {

std::int64_t NumberIn(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

core::Role RoleNamed(std::string_view text) {
  if (text == core::RoleText(core::Role::kPrimary)) return core::Role::kPrimary;
  if (text == core::RoleText(core::Role::kStandby)) return core::Role::kStandby;
  return core::Role::kUnknown;
}

// In the order of the columns of baton.self_report().
enum Column {
  kName,
  kRole,
  kState,
  kTimeline,
  kLsn,
  kReplayedLsn,
  kReplayLagUs,
  kReplayLagBytes,
  kUpstream,
  kServerVersion,
  kArchitecture,
  kCollationVersion,
  kSystemIdentifier,
  kSees,
  kClock,
  kSettings,
  kPromoting,
  kGate,
  kReign,
  kReignBegan,
  kPrimaryName,
  kPrimaryTimeline,
  kPrimaryAlive,
  kColumns
};

Datum SelfReport(FunctionCallInfo fcinfo) {
  const bool with_settings = PG_GETARG_BOOL(0);
  const core::PeerRow own = OwnRow(FactsNow(*shared::Read<Report>()));
  std::optional<std::int64_t> lag_us;
  if (own.replay_lag) lag_us = own.replay_lag->count();
  pg::RowBuilder row;
  row.Text(own.name.view())
      .Text(core::RoleText(own.role))
      .Text(own.state.view())
      .Timeline(own.timeline)
      .Lsn(own.lsn)
      .Lsn(own.replayed)
      .Int8(lag_us)
      .Int8(own.replay_lag_bytes)
      .Text(own.upstream.view())
      .Text(own.server_version.view())
      .Text(own.architecture.view())
      .Text(own.collation_version.view())
      .Text(std::to_string(own.system_identifier))
      .Text(own.sees.view())
      .Int8(own.seen_at)
      .Text(with_settings ? OwnSettings() : "")
      .Bool(own.promoting)
      .Text(own.gate.view())
      .Text(own.reign.id == 0 ? "" : std::to_string(own.reign.id))
      .Lsn(own.reign.began)
      .Text(own.primary.view())
      .Timeline(own.primary_timeline)
      .Bool(own.primary_alive);
  return pg::SingleRow(fcinfo, row);
}

void FillPrimary(const core::NodeFacts& facts, core::PeerRow& row) {
  const auto cluster = ReadCluster();
  core::OwnView view;
  view.name = row.name.view();
  view.role = facts.role;
  view.timeline = facts.position.timeline;
  view.reign = reign::Own();
  view.upstream = facts.upstream.view();
  view.streaming = facts.link == core::Link::kStreaming && !facts.link_silent;
  view.rows.assign(cluster->peers.begin(), cluster->peers.end());
  const core::KnownPrimary known = core::FindPrimary(view);
  row.reign = known.reign;
  row.primary = known.name;
  row.primary_timeline = known.timeline;
  row.primary_alive = known.alive;
}

}  // namespace

core::PeerRow OwnRow(const core::NodeFacts& facts) {
  const core::Position& position = facts.position;
  const bool standby = facts.role == core::Role::kStandby;
  core::PeerRow row;
  row.name = setting::NodeName();
  row.asked = true;
  row.reachable = true;
  row.role = facts.role;
  row.state = core::StateText(facts.role, facts.link, facts.replay, facts.promoting);
  row.timeline = position.timeline;
  row.lsn = standby ? position.received : position.current;
  row.replayed = position.replayed;
  row.replay_lag = facts.replay_lag;
  if (standby && !position.upstream_end.IsNone()) {
    row.replay_lag_bytes = position.upstream_end.BytesSince(position.replayed);
  }
  row.upstream = facts.upstream;
  row.server_version = PG_VERSION;
  row.architecture = Architecture();
  row.collation_version = CollationVersion();
  row.system_identifier = GetSystemIdentifier();
  row.clock_difference = std::chrono::microseconds::zero();
  row.promoting = standby && (facts.promoting || shared::IsPromotionIntended());
  row.sees = NodesSeen();
  row.seen_at = GetCurrentTimestamp();
  row.gate = core::GateText(gate::Read(), pg::Now());
  FillPrimary(facts, row);
  const core::NodeState state = standing::Read();
  if (facts.role == core::Role::kPrimary && state.superseded) {
    row.primary = state.successor;
    row.primary_timeline = state.successor_reign.timeline;
    row.primary_alive = false;
  }
  return row;
}

const char* AskForReport(bool with_settings) {
  return with_settings ? "SELECT * FROM baton.self_report(true)"
                       : "SELECT * FROM baton.self_report(false)";
}

std::optional<PeerReport> ParseReport(const std::vector<PeerSession::Row>& rows) {
  if (rows.size() != 1 || rows.front().size() < kColumns) return std::nullopt;
  const PeerSession::Row& text = rows.front();
  PeerReport report;
  core::PeerRow& row = report.row;
  row.name = text[kName];
  row.role = RoleNamed(text[kRole]);
  row.state = text[kState];
  row.timeline = static_cast<core::TimelineId>(NumberIn(text[kTimeline]));
  row.lsn = core::Lsn::Parse(text[kLsn]).value_or(core::Lsn());
  row.replayed = core::Lsn::Parse(text[kReplayedLsn]).value_or(core::Lsn());
  if (!text[kReplayLagUs].empty()) {
    row.replay_lag = std::chrono::microseconds(NumberIn(text[kReplayLagUs]));
  }
  if (!text[kReplayLagBytes].empty()) row.replay_lag_bytes = NumberIn(text[kReplayLagBytes]);
  row.upstream = text[kUpstream];
  row.server_version = text[kServerVersion];
  row.architecture = text[kArchitecture];
  row.collation_version = text[kCollationVersion];
  row.system_identifier = std::strtoull(text[kSystemIdentifier].c_str(), nullptr, 10);
  row.sees = text[kSees];
  report.clock = NumberIn(text[kClock]);
  report.settings = text[kSettings];
  row.promoting = text[kPromoting] == "t";
  row.gate = text[kGate];
  row.reign = {std::strtoull(text[kReign].c_str(), nullptr, 10), row.timeline,
               core::Lsn::Parse(text[kReignBegan]).value_or(core::Lsn())};
  row.primary = text[kPrimaryName];
  row.primary_timeline = static_cast<core::TimelineId>(NumberIn(text[kPrimaryTimeline]));
  row.primary_alive = text[kPrimaryAlive] == "t";
  return report;
}

std::string Architecture() {
  utsname system{};
  return uname(&system) == 0 ? system.machine : "";
}

std::string CollationVersion() { return std::string("glibc ") + gnu_get_libc_version(); }

std::string NodesSeen() {
  std::string names = setting::NodeName();
  const auto cluster = ReadCluster();
  for (const core::PeerRow& peer : cluster->peers) {
    if (peer.reachable) names += "," + peer.name.str();
  }
  return names;
}

std::string OwnSettings() {
  std::string lines;
  for (const std::string_view name : core::AlikeSettings()) {
    const std::string text(name);
    const char* const c_name = text.c_str();
    char* const value = pg::Call([c_name] { return GetConfigOptionByName(c_name, nullptr, true); });
    if (value == nullptr) continue;
    lines += text + "=" + value + "\n";
    // A worker between two transactions has no memory context that is ever emptied.
    pg::Call([value] { pfree(value); });
  }
  return lines;
}

}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_self_report);

Datum pg_baton_self_report(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::SelfReport(fcinfo); });
}
}
