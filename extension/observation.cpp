#include "observation.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "archiver_facts.hpp"
#include "board_facts.hpp"
#include "conninfo.hpp"
#include "gatekeeper.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"
#include "settings.hpp"

namespace baton {
namespace {

using core::Lsn;

// Only what belongs to the extension is trusted: the reader is a superuser.
constexpr const char* kHasRegistry =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension AS e"
    " JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_extension'::regclass"
    "  AND d.refobjid = e.oid AND d.deptype = 'e'"
    " WHERE e.extname = 'pg_baton' AND d.classid = 'pg_catalog.pg_class'::regclass"
    "  AND d.objid = pg_catalog.to_regclass('baton.node'))";
constexpr const char* kRegistry = "SELECT name, conninfo FROM baton.node ORDER BY name";

constexpr auto kArchiveFeedsFor = std::chrono::minutes(5);

core::NodeText NameUpstream(const pg::Receiver& receiver, const Registry& registry,
                            const core::NodeText& known) {
  Endpoint endpoint{receiver.host, std::to_string(receiver.port)};
  if (endpoint.host.empty()) endpoint = EndpointOf(pg::PrimaryConninfo());
  if (endpoint.host.empty()) return known;
  for (const RegisteredNode& node : registry.nodes) {
    if (EndpointOf(node.conninfo.str()) == endpoint) return node.name;
  }
  return fmt::format("{}:{}", endpoint.host, endpoint.port);
}

// Role, positions, link and lag as of now, into `facts`.
void LookAtMoment(const pg::LiveFacts& live, const pg::Receiver& receiver, bool archive_feeds,
                  const core::LagHistory& history, core::NodeFacts& facts) {
  facts.role = live.role;
  facts.promoting = live.promoting;
  facts.replay = live.replay;
  facts.position = live.position;
  if (live.role != core::Role::kStandby) {
    facts.link = core::Link::kNone;
    facts.link_silent = false;
    facts.replay_lag.reset();
    facts.receive_lag.reset();
    facts.since_heard.reset();
    facts.upstream = "";
    return;
  }
  facts.position.upstream_end = history.last_end();
  facts.link = core::LinkOf({receiver.streaming, !pg::RestoreCommand().empty(), archive_feeds});
  if (history.last_end().IsNone()) {
    facts.since_heard.reset();
  } else {
    facts.since_heard = std::max(pg::Now() - history.last_heard(), core::Instant::zero());
  }
  facts.link_silent = facts.link == core::Link::kStreaming && facts.since_heard &&
                      *facts.since_heard > pg::SilenceAllowed(setting::CheckInterval());
  const bool link_alive = facts.link == core::Link::kStreaming && !facts.link_silent;
  facts.replay_lag = history.Lag(live.position.replayed, link_alive, pg::Now());
  facts.receive_lag.reset();
  if (history.Covers(live.position.received)) {
    facts.receive_lag = history.Lag(live.position.received, link_alive, pg::Now());
    // What is known to be missing was written between two looks, and the later one is on record.
    if (facts.receive_lag && history.last_end() > live.position.received) {
      *facts.receive_lag += setting::CheckInterval();
    }
  }
}

// What is replayed beyond all that was streamed came from the archive.  Files come at the pace of
// the primary's writing, or of its archive_timeout, so one is enough for a while.
bool ArchiveFeeds(const pg::LiveFacts& live, const pg::Receiver& receiver, Memory& memory) {
  const bool advanced = !memory.replayed.IsNone() && live.position.replayed > memory.replayed;
  memory.replayed = live.position.replayed;
  if (receiver.streaming) {
    memory.archive_fed_at = {};
  } else if (advanced && live.position.replayed > live.streamed) {
    memory.archive_fed_at = pg::Now();
  }
  return memory.archive_fed_at != core::Instant{} &&
         pg::Now() - memory.archive_fed_at <= kArchiveFeedsFor;
}

void ReadRegistry(pg::Spi& spi, Registry& registry) {
  registry.nodes.count = 0;
  registry.readable = spi.RunAgain(kHasRegistry).at(0).at(0) == "t";
  if (!registry.readable) return;
  for (const pg::Row& row : spi.RunAgain(kRegistry)) {
    // A registry that does not fit is as good as none: whoever is missing could be the primary.
    if (!registry.nodes.Add({pg::TextAt(row, 0), pg::TextAt(row, 1)})) registry.readable = false;
  }
}

}  // namespace

void Observe(Memory& memory, Report& report, Registry& registry) {
  const pg::LiveFacts live = pg::ReadLive();
  const pg::Receiver receiver =
      live.role == core::Role::kStandby ? pg::ReadReceiver() : pg::Receiver{};
  if (live.role != memory.role) {
    // Nothing of a standby's time may stay when it has become a primary.
    if (memory.role != core::Role::kUnknown) report.history = {};
    memory.role = live.role;
    memory.sending = {};
  }
  report.facts = {};
  report.standbys.count = 0;
  report.slots.count = 0;

  if (live.role == core::Role::kPrimary) {
    report.history.Hear(live.position.current, pg::Now());
  } else if (receiver.last_message_at != 0 && receiver.last_message_at != memory.last_message_at) {
    report.history.Hear(receiver.upstream_end, pg::Now() - pg::Since(receiver.last_message_at));
    memory.last_message_at = receiver.last_message_at;
  } else if (receiver.last_message_at == 0 && receiver.upstream_end > report.history.last_end()) {
    // A receiver heard this and ended, and its successor has overwritten when: after the last look.
    report.history.Hear(receiver.upstream_end, memory.looked_at.value_or(pg::Now()));
  }
  memory.looked_at = pg::Now();
  const bool archive_feeds = ArchiveFeeds(live, receiver, memory);
  // A file from the archive also says how far the upstream's WAL reaches at least.
  if (archive_feeds && live.position.replayed > report.history.last_end()) {
    report.history.Hear(live.position.replayed, pg::Now());
  }
  core::NodeFacts& facts = report.facts;
  LookAtMoment(live, receiver, archive_feeds, report.history, facts);

  const Lsn end =
      live.role == core::Role::kPrimary ? live.position.current : live.position.received;
  pg::WorkerTransaction transaction;
  pg::Spi spi;
  ReadRegistry(spi, registry);
  facts.registry_readable = registry.readable;
  if (live.role == core::Role::kStandby) {
    memory.upstream = NameUpstream(receiver, registry, memory.upstream);
    facts.upstream = memory.upstream;
  }
  LookAtSending(spi, registry, end, memory.sending, report);
  ReadArchiver(spi, facts);
  facts.gate = GateFactsNow();
  memory.slow.Fill(spi, facts);
  spi.Finish();
  transaction.Commit();
  FillFromStorage(*shared::Read<StorageReport>(), facts);
  WatchArchive(memory.archive, report.history, facts);
  facts.peers = PeersFactsNow(*shared::Read<ClusterReport>(), facts);
}

core::NodeFacts FactsNow(const Report& report) {
  core::NodeFacts facts = report.facts;
  const pg::LiveFacts live = pg::ReadLive();
  if (live.role != core::Role::kStandby) {
    LookAtMoment(live, {}, false, {}, facts);
    return facts;
  }
  const pg::Receiver receiver = pg::ReadReceiver();
  core::LagHistory history = report.history;
  if (receiver.streaming && receiver.last_message_at != 0) {
    history.Hear(receiver.upstream_end, pg::Now() - pg::Since(receiver.last_message_at));
  }
  LookAtMoment(live, receiver, facts.link == core::Link::kFromArchive, history, facts);
  return facts;
}

}  // namespace baton
