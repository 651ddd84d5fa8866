#include "standby_login.hpp"

#include "pg/postgres.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/quantity.hpp"
#include "core/timeline_history.hpp"
#include "peer_session.hpp"
#include "settings.hpp"

namespace baton {

std::string WayTo(const std::string& node, const std::string& before) {
  return before.empty() ? ReplicationConninfo(node, setting::NodeName(), setting::Passfile())
                        : Redirected(before, node);
}

namespace {

constexpr const char* kNotUnderstood = "primary_conninfo of this server cannot be understood";

// Empty if there was an answer.
std::string Ask(PeerSession& session, const std::string& question,
                std::chrono::milliseconds limit) {
  if (AskWithin(session, question, limit)) return "";
  return session.error().empty() ? "no answer within " + core::DurationText(limit)
                                 : session.error();
}

}  // namespace

std::string TryLoginAsStandby(const std::string& node, const std::string& conninfo,
                              std::chrono::milliseconds limit) {
  if (conninfo.empty()) return kNotUnderstood;
  PeerSession session(node, conninfo, PeerSession::Login::kStandby);
  return Ask(session, "IDENTIFY_SYSTEM", limit);
}

std::optional<core::UpstreamOffer> AskForOffer(const std::string& node, const std::string& conninfo,
                                               const core::TimelineEntry& own,
                                               std::chrono::milliseconds limit,
                                               std::string& error) {
  error = conninfo.empty() ? kNotUnderstood : "";
  if (!error.empty()) return std::nullopt;
  PeerSession session(node, conninfo, PeerSession::Login::kStandby);
  error = Ask(session, "IDENTIFY_SYSTEM", limit);
  if (!error.empty()) return std::nullopt;
  // Columns: systemid, timeline, xlogpos, dbname.
  const PeerSession::Row row = session.rows().at(0);
  core::UpstreamOffer offer;
  offer.timeline = static_cast<core::TimelineId>(std::strtoul(row.at(1).c_str(), nullptr, 10));
  offer.end = core::Lsn::Parse(row.at(2)).value_or(core::Lsn());
  if (offer.timeline <= own.timeline) return offer;
  offer.history_error = Ask(session, fmt::format("TIMELINE_HISTORY {}", offer.timeline), limit);
  if (!offer.history_error.empty()) return offer;
  // Columns: filename, content.
  const auto history = core::ParseTimelineHistory(session.rows().at(0).at(1), offer.timeline);
  if (!history) {
    offer.history_error = "it is damaged";
    return offer;
  }
  for (const core::TimelineEntry& entry : *history) {
    const bool is_ours =
        entry.timeline == own.timeline && (own.begin.IsNone() || entry.begin == own.begin);
    if (is_ours) offer.left = entry.end;
  }
  return offer;
}

}  // namespace baton
