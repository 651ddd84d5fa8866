#include "following.hpp"

#include <fmt/format.h>

#include "auto_conf.hpp"
#include "conninfo.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/wal_history.hpp"
#include "reading.hpp"
#include "registry.hpp"
#include "reign_state.hpp"
#include "settings.hpp"

namespace baton {
namespace {

using Kind = core::FollowVerdict::Kind;

// Between two changes, so that two primaries that come and go do not make it a weathercock.
constexpr auto kPause = std::chrono::seconds(3);
// How long startup is told at each look to try again at once, and not after
// wal_retrieve_retry_interval: the new primary may be about to make the slot.
constexpr auto kHurry = std::chrono::seconds(10);

std::string NameOf(const Endpoint& endpoint, const Registry& registry) {
  if (endpoint.host.empty()) return "";
  for (const RegisteredNode& node : registry.nodes) {
    if (EndpointOf(node.conninfo.str()) == endpoint) return node.name.str();
  }
  return "";
}

}  // namespace

void Following::Judge(const Registry& registry, core::NodeFacts& facts) {
  verdict_ = {};
  if (facts.role != core::Role::kStandby) return;
  const std::string conninfo = pg::PrimaryConninfo();
  const std::string upstream = NameOf(EndpointOf(conninfo), registry);
  // Whoever is put behind it again finds it as it is now.
  if (!upstream.empty() && !upstream_.empty() && upstream != upstream_) was_primary_.clear();
  upstream_ = upstream;
  core::FollowFacts question;
  question.allowed = setting::FollowPrimary();
  question.promoting = facts.promoting || shared::OpenPromotion().has_value();
  question.choosing = shared::OpenFollowing().has_value();
  question.streams = !conninfo.empty();
  question.latest_timeline = pg::Setting("recovery_target_timeline").value_or("") == "latest";
  question.upstream = upstream_;
  question.timeline = facts.position.timeline;
  question.replayed = facts.position.replayed;
  question.received = facts.position.received;
  const auto cluster = ReadCluster();
  question.rows.assign(cluster->peers.begin(), cluster->peers.end());

  for (const core::PeerRow& row : question.rows) {
    const bool is_primary = row.reachable && row.role == core::Role::kPrimary;
    if (is_primary && row.name.view() == upstream_) was_primary_ = upstream_;
  }
  question.upstream_was_primary = !upstream_.empty() && was_primary_ == upstream_;

  const core::PeerRow* const newest = core::NewerPrimary(question.rows, question.timeline);
  const std::string seen =
      newest == nullptr ? "" : fmt::format("{}/{}", newest->name.view(), newest->timeline);
  if (seen != newest_) known_since_ = pg::Now();
  newest_ = seen;
  if (newest != nullptr) {
    question.known_for = pg::Now() - known_since_;
    question.record_at_fork =
        pg::HasRecordAt(question.timeline, newest->reign.began, question.received);
  }
  verdict_ = core::JudgeFollowing(question);
  if (verdict_.kind == Kind::kFollow && !MayAlterSystem()) {
    verdict_ = {Kind::kCannot, verdict_.node,
                fmt::format("cannot follow {}: allow_alter_system is off", verdict_.node),
                "Change primary_conninfo by hand."};
  }
  if (verdict_.kind != Kind::kCannot) return;
  facts.cannot_follow = verdict_.reason;
  facts.cannot_follow_hint = verdict_.hint;
}

void Following::Act(const Registry& registry, const core::NodeFacts& facts, Chronicle& chronicle) {
  if (facts.role != core::Role::kStandby) return;
  // The position in the words may grow; the first is enough.
  const std::string against = verdict_.kind == Kind::kCannot ? newest_ : "";
  if (!against.empty() && against != told_) {
    chronicle.Tell("follow", verdict_.reason, verdict_.hint);
  }
  told_ = against;
  const core::Instant followed_at = reign::Read().followed_at;
  const auto since = pg::Now() - followed_at;
  if (verdict_.kind == Kind::kFollow && since > kPause) return Follow(registry, chronicle);
  if (since < kHurry && facts.link != core::Link::kStreaming) {
    pg::Call([] { WakeupRecovery(); });
  }
}

void Following::Follow(const Registry& registry, Chronicle& chronicle) {
  const RegisteredNode* const target = FindNode(registry, verdict_.node);
  if (target == nullptr) return;
  const std::string conninfo = Redirected(pg::PrimaryConninfo(), target->conninfo.str());
  if (conninfo.empty()) return;
  ReignState state = reign::Read();
  state.followed_at = pg::Now();
  reign::Write(state);
  AlterSystem({{"primary_conninfo", conninfo}});
  const std::string before = upstream_.empty() ? "" : fmt::format("; it followed {}", upstream_);
  const std::string message = fmt::format("follows {} now, by itself", verdict_.node);
  const std::string detail = verdict_.reason + before;
  pg::Call([&, text = message.c_str(), why = detail.c_str()] {
    ereport(LOG, (errmsg("%s", text), errdetail_internal("%s", why)));
  });
  chronicle.Tell("follow", message, detail);
}

}  // namespace baton
