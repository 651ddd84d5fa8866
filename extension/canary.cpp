#include "canary.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/worker.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

// Rows are kept by the node that wrote them, so the table has one row for each node that ever was
// the primary.
constexpr const char* kWrite =
    "INSERT INTO baton.canary AS c (writer, token, written_at)"
    " VALUES ($1, $2::pg_catalog.int8, pg_catalog.clock_timestamp())"
    " ON CONFLICT (writer) DO UPDATE SET token = EXCLUDED.token, written_at = EXCLUDED.written_at";

// Later tokens count as well: their rows were written after this one was asked for.  The name is
// safe as a literal, being a node name.
std::string ReadStatement(std::int64_t token) {
  return fmt::format("SELECT 1 FROM baton.canary WHERE writer = '{}' AND token >= {}",
                     setting::NodeName(), token);
}

// Lets a worker write the row and waits for its end.
void WriteBy(std::int64_t token) {
  BackgroundWorkerHandle* const handle =
      pg::StartWorker("pg_baton canary", "pg_baton_canary_main", pg::WorkerKind::kWithDatabase,
                      Int64GetDatum(token), MyProcPid);
  const BgwHandleStatus status = pg::Call([handle] {
    if (handle == nullptr) {
      ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                      errmsg("could not start a worker to write the canary row"),
                      errhint("Raise max_worker_processes.")));
    }
    const BgwHandleStatus ended = WaitForBackgroundWorkerShutdown(handle);
    pfree(handle);
    return ended;
  });
  if (status != BGWH_STOPPED || shared::ReadCanary().token < token) {
    throw core::Error(core::ErrorCode::kFailed, "could not write the canary row",
                      "The worker that should write it ended with an error.",
                      "See the server log for the reason.");
  }
}

struct Watch {
  bool asked = false;
  CanarySighting sighting;
};

// Asks one session again, or takes its answer; true while there is something to wait for.
bool Step(PeerSession& session, const std::string& question, core::Instant written_at,
          Watch& watch) {
  if (watch.sighting.elapsed) return false;
  switch (session.state()) {
    case PeerSession::State::kFailed:
      watch.sighting.reason = session.error();
      return false;
    case PeerSession::State::kIdle:
      if (watch.asked && !session.rows().empty()) {
        watch.sighting.elapsed = pg::Now() - written_at;
        watch.sighting.readable_at = GetCurrentTimestamp();
        return false;
      }
      session.Ask(question.c_str());
      watch.asked = true;
      return true;
    default:
      return true;
  }
}

PeerSessions ConnectToStandbys() {
  shared::WaitForFreshLook(std::chrono::seconds(1));
  PeerSessions sessions;
  for (const RegisteredNode& node : OtherNodes(*shared::Read<Registry>())) {
    sessions.push_back(std::make_unique<PeerSession>(node.name.str(), node.conninfo.str()));
  }
  if (sessions.empty()) {
    throw core::Error(core::ErrorCode::kWrongState, "no standby is registered",
                      "There is nothing that the row could be looked for on.",
                      "Register one with baton.register_node(), or make one: pg_baton clone.");
  }
  // Only what comes after the commit is measured, so the connections are made first.
  const core::Instant end = pg::Now() + setting::PeerTimeout();
  while (pg::Now() < end && std::any_of(sessions.begin(), sessions.end(), [](const auto& session) {
           return session->state() == PeerSession::State::kConnecting;
         })) {
    AdvanceAll(sessions);
  }
  return sessions;
}

}  // namespace

std::vector<CanarySighting> VerifyReplication(std::chrono::milliseconds limit) {
  if (RecoveryInProgress()) {
    throw core::Error(core::ErrorCode::kWrongState,
                      "replication can be verified from the primary only",
                      "This server is a standby, and the proof begins with a row written.",
                      "Call baton.verify_replication() on the primary.");
  }
  PeerSessions sessions = ConnectToStandbys();
  const std::int64_t token = shared::NextCanaryToken();
  WriteBy(token);
  const Canary canary = shared::ReadCanary();
  const core::Instant written_at = pg::Now() - pg::Since(canary.written_at);
  const std::string question = ReadStatement(token);

  std::vector<Watch> watches(sessions.size());
  const core::Instant end = pg::Now() + limit;
  for (;;) {
    bool waiting = false;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      waiting |= Step(*sessions[i], question, written_at, watches[i]);
    }
    if (!waiting || pg::Now() >= end) break;
    AdvanceAll(sessions);
  }
  std::vector<CanarySighting> sightings;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    CanarySighting& sighting = sightings.emplace_back(watches[i].sighting);
    sighting.name = sessions[i]->name();
    sighting.written = canary.commit_end;
    if (!sighting.elapsed && sighting.reason.empty()) {
      sighting.reason = fmt::format("{} within {}",
                                    watches[i].asked ? "the row was not readable" : "no connection",
                                    core::DurationText(limit));
    }
  }
  return sightings;
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_canary_main(Datum argument) {
  using namespace baton;
  pg::Entry([argument] {
    pg::BeginWorker();
    pg::ConnectTo(setting::Database(), "5s");
    pg::Call([] {
      // A missing synchronous standby is a thing to report, not to wait for.
      SetConfigOption("synchronous_commit", "local", PGC_USERSET, PGC_S_OVERRIDE);
    });
    Canary canary;
    canary.token = DatumGetInt64(argument);
    pg::WorkerTransaction transaction;
    pg::Spi spi;
    spi.Run(kWrite, {setting::NodeName().c_str(), std::to_string(canary.token).c_str()});
    spi.Finish();
    transaction.Commit();
    canary.commit_end = core::Lsn(XactLastCommitEnd);
    canary.written_at = GetCurrentTimestamp();
    shared::WriteCanary(canary);
  });
}
}
