#include "standby_login.hpp"

#include "pg/postgres.hpp"

#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/quantity.hpp"
#include "peer_session.hpp"
#include "settings.hpp"

namespace baton {

std::string WayTo(const std::string& node, const std::string& before) {
  return before.empty() ? ReplicationConninfo(node, setting::NodeName(), setting::Passfile())
                        : Redirected(before, node);
}

std::string TryLoginAsStandby(const std::string& node, const std::string& conninfo,
                              std::chrono::milliseconds limit) {
  if (conninfo.empty()) return "primary_conninfo of this server cannot be understood";
  PeerSession session(node, conninfo, PeerSession::Login::kStandby);
  try {
    AskAndWait(session, "IDENTIFY_SYSTEM", limit);
    return "";
  } catch (const core::Error&) {
    return session.error().empty() ? "no answer within " + core::DurationText(limit)
                                   : session.error();
  }
}

}  // namespace baton
