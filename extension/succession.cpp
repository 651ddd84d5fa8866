#include "succession.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "auto_conf.hpp"
#include "conninfo.hpp"
#include "core/known_primary.hpp"
#include "core/sync_names.hpp"
#include "gate.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"
#include "pg/wal_history.hpp"
#include "reading.hpp"
#include "settings.hpp"
#include "standing.hpp"

namespace baton {
namespace {

using core::SuccessionStep;

constexpr const char* kKind = "promotion";

// Only what belongs to the extension is trusted: the writer is a superuser.
constexpr const char* kHasRecords =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension AS e"
    " JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_extension'::regclass"
    "  AND d.refobjid = e.oid AND d.deptype = 'e'"
    " WHERE e.extname = 'pg_baton' AND d.classid = 'pg_catalog.pg_class'::regclass"
    "  AND d.objid = pg_catalog.to_regclass('baton.reign'))";
constexpr const char* kRecordOf =
    "SELECT id FROM baton.reign WHERE node = $1 AND timeline = $2::pg_catalog.int4"
    " ORDER BY began_at DESC LIMIT 1";
constexpr const char* kRecord =
    "INSERT INTO baton.reign (id, node, timeline, began_lsn, began_at, former_primary, forced,"
    "  missing_bytes, reasons)"
    " VALUES ($1, $2, $3::pg_catalog.int4, $4::pg_catalog.pg_lsn, pg_catalog.clock_timestamp(),"
    "  $5, $6::pg_catalog.bool, $7::pg_catalog.int8, $8)"
    " ON CONFLICT DO NOTHING";
constexpr const char* kSlots = "SELECT slot_name FROM pg_catalog.pg_replication_slots";
constexpr const char* kMakeSlot =
    "SELECT pg_catalog.pg_create_physical_replication_slot($1::pg_catalog.name, true)";

std::string Joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& entry : list) text += (text.empty() ? "" : ", ") + entry;
  return text;
}

// Null for none, as arguments of statements have it.
const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

// By what this server knew as a standby, or else by where its configuration still leads.
core::NodeText FormerPrimary(const Report& report, const Registry& registry) {
  core::OwnView view;
  const std::string own_name = setting::NodeName();
  view.name = own_name;
  view.role = core::Role::kStandby;
  view.upstream = report.facts.upstream.view();
  const auto cluster = ReadCluster();
  view.rows.assign(cluster->peers.begin(), cluster->peers.end());
  const core::KnownPrimary known = core::FindPrimary(view);
  if (!known.name.empty()) return known.name;
  const Endpoint upstream = EndpointOf(pg::PrimaryConninfo());
  for (const RegisteredNode& node : registry.nodes) {
    if (!upstream.host.empty() && EndpointOf(node.conninfo.str()) == upstream) return node.name;
  }
  return "";
}

// What the old primary was known to have beyond the place where this timeline left it.
std::optional<std::int64_t> MissingBytes(const Report& report, core::Lsn began) {
  const core::Lsn known = std::max(report.history.last_end(), pg::ReadReceiver().upstream_end);
  if (known.IsNone() || began.IsNone()) return std::nullopt;
  return known.BytesSince(began);
}

core::TimelineId CurrentTimeline() {
  return pg::Call([] { return GetWALInsertionTimeLine(); });
}

// The worker's side: takes the steps that are due, and ends.
class Runner {
 public:
  Runner() : state_(reign::Read()), registry_(shared::Read<Registry>()) {
    shared::Board<ReignState>().TakeOver();
  }
  void Run();

 private:
  void BeginAsStarted();
  void Take(SuccessionStep step);
  bool MakeSlots();
  void LeaveSyncNames();
  void CheckRegistration();
  bool WriteRecord();

  ReignState state_;
  std::unique_ptr<Registry> registry_;
};

bool IsDue(const ReignState& state, const Registry& registry) {
  if (state.reign.timeline == 0) return !state.was_standby;
  return state.succession.Next(pg::Now(), registry.readable).has_value();
}

// A server that starts as a primary goes on with the reign that it has put on record.  Without a
// record of a timeline that began by a promotion, it crashed before it was done with that one.
void Runner::BeginAsStarted() {
  state_.reign.timeline = CurrentTimeline();
  state_.reign.began = pg::BeginningOf(state_.reign.timeline);
  state_.succession =
      state_.reign.timeline > 1 ? core::Succession::OfPromotion() : core::Succession::OfStart();
  pg::WorkerTransaction transaction;
  pg::Spi spi;
  if (spi.RunAgain(kHasRecords).at(0).at(0) == "t") {
    const auto rows = spi.Run(
        kRecordOf, {setting::NodeName().c_str(), std::to_string(state_.reign.timeline).c_str()});
    if (!rows.empty()) {
      state_.reign.id = std::strtoull(pg::TextAt(rows.at(0), 0).c_str(), nullptr, 10);
      state_.succession = core::Succession::OfNothing();
    }
  }
  spi.Finish();
  transaction.Commit();
  const core::Reign kept = standing::Read().reign;
  if (state_.reign.id == 0 && kept.timeline == state_.reign.timeline) state_.reign.id = kept.id;
  if (state_.reign.id == 0) state_.reign.id = reign::NewId();
  reign::Write(state_);
  if (kept.id != state_.reign.id) standing::SetReign(state_.reign);
}

void Runner::Run() {
  if (RecoveryInProgress()) return;
  if (state_.reign.timeline == 0) {
    if (state_.was_standby) return;
    BeginAsStarted();
  }
  while (const auto step = state_.succession.Next(pg::Now(), registry_->readable)) Take(*step);
}

void Runner::Take(SuccessionStep step) {
  state_.succession.Attempt(step, pg::Now());
  reign::Write(state_);
  bool done = true;
  switch (step) {
    case SuccessionStep::kSlots:
      done = MakeSlots();
      break;
    case SuccessionStep::kCheckpoint:
      pg::Call([] { RequestCheckpoint(CHECKPOINT_FORCE | CHECKPOINT_IMMEDIATE); });
      break;
    case SuccessionStep::kSyncNames:
      LeaveSyncNames();
      break;
    case SuccessionStep::kRegistration:
      CheckRegistration();
      break;
    case SuccessionStep::kRecord:
      done = WriteRecord();
      break;
  }
  if (done) state_.succession.Done(step);
  reign::Write(state_);
}

bool Runner::MakeSlots() {
  std::vector<std::string> nodes;
  for (const RegisteredNode& node : registry_->nodes) nodes.push_back(node.name.str());
  pg::WorkerTransaction transaction;
  pg::Spi spi;
  std::vector<std::string> slots;
  for (const pg::Row& row : spi.Run(kSlots)) slots.push_back(pg::TextAt(row, 0));
  const std::string most = pg::Setting("max_replication_slots").value_or("0");
  const core::SlotPlan plan = core::PlanSlots(nodes, setting::NodeName(),
                                              state_.former_primary.view(), slots, std::stoi(most));
  for (const std::string& name : plan.wanted) spi.Run(kMakeSlot, {name.c_str()});
  spi.Finish();
  transaction.Commit();
  if (!plan.wanted.empty()) {
    shared::AddEvent(kKind, fmt::format("made a replication slot for {}", Joined(plan.wanted)));
  }
  if (!plan.no_room.empty() && state_.succession.Attempts(SuccessionStep::kSlots) == 1) {
    shared::AddEvent(kKind,
                     fmt::format("could not make a replication slot for {}", Joined(plan.no_room)),
                     fmt::format("All of max_replication_slots, {}, are taken.", most));
  }
  return plan.no_room.empty();
}

void Runner::LeaveSyncNames() {
  const std::string names = pg::Setting("synchronous_standby_names").value_or("");
  const auto without = core::SyncNamesWithout(names, setting::NodeName());
  if (!without || *without == names) return;
  if (!MayAlterSystem()) {
    shared::AddEvent(kKind, "synchronous_standby_names names this node, and cannot be changed",
                     fmt::format("It is \"{}\", and allow_alter_system is off.", names));
    return;
  }
  AlterSystem({{"synchronous_standby_names", *without}});
  shared::AddEvent(kKind, "took this node out of synchronous_standby_names",
                   fmt::format("It was \"{}\" and is \"{}\" now.", names, *without));
}

void Runner::CheckRegistration() {
  const std::string own_name = setting::NodeName();
  const bool registered =
      std::any_of(registry_->nodes.begin(), registry_->nodes.end(),
                  [&](const RegisteredNode& node) { return node.name.view() == own_name; });
  if (registered) return;
  const std::string message = own_name.empty()
                                  ? "this primary has no name, so no other node can find it"
                                  : "this primary is not registered, so no other node can find it";
  shared::AddEvent(
      kKind, message,
      "SELECT baton.register_node(...) enters it, with the address that the others reach "
      "it at.");
  const char* const text = message.c_str();
  pg::Call([text] {
    ereport(WARNING, (errmsg("%s", text),
                      errhint("Set pg_baton.node_name, and enter it by baton.register_node().")));
  });
}

bool Runner::WriteRecord() {
  // It acknowledges nothing to anybody, and has to be there also where the gate is closed.
  const gate::Exemption exemption;
  pg::WorkerTransaction transaction;
  pg::Spi spi;
  const bool possible = spi.RunAgain(kHasRecords).at(0).at(0) == "t";
  if (possible) {
    // No standby may be there yet to confirm it.
    spi.Run("SELECT pg_catalog.set_config('synchronous_commit', 'local', true)");
    const std::string began = state_.reign.began.IsNone() ? "" : state_.reign.began.ToString();
    const std::string missing =
        state_.missing_bytes ? std::to_string(*state_.missing_bytes) : std::string();
    spi.Run(kRecord, {std::to_string(state_.reign.id).c_str(), setting::NodeName().c_str(),
                      std::to_string(state_.reign.timeline).c_str(), OrNull(began),
                      OrNull(state_.former_primary.str()), state_.forced ? "true" : "false",
                      OrNull(missing), OrNull(state_.reasons.str())});
  }
  spi.Finish();
  transaction.Commit();
  return possible;
}

}  // namespace

SuccessionStarter::SuccessionStarter() {
  if (!RecoveryInProgress()) return;
  shared::Board<ReignState>().TakeOver();
  ReignState state = reign::Read();
  state.was_standby = true;
  state.reign = {};
  reign::Write(state);
}

bool SuccessionStarter::NoticePromotion(const Report& report, const Registry& registry,
                                        Chronicle& chronicle) {
  ReignState state = reign::Read();
  if (state.reign.timeline != 0 || !state.was_standby || RecoveryInProgress()) return false;
  state.reign.timeline = CurrentTimeline();
  state.reign.began = pg::BeginningOf(state.reign.timeline);
  state.reign.id = reign::NewId();
  state.former_primary = FormerPrimary(report, registry);
  state.missing_bytes = MissingBytes(report, state.reign.began);
  for (const Request& request : shared::ReadRequests()) {
    if (request.state != RequestState::kDone || request.timeline != state.reign.timeline) continue;
    state.forced = request.force;
    state.reasons = request.reason.view();
    break;
  }
  state.succession = core::Succession::OfPromotion();
  reign::Write(state);
  standing::SetReign(state.reign);
  // Whoever was the primary before has lost the baton to this node.
  if (state.reign.timeline > standing::Read().successor_reign.timeline) {
    standing::EndSuperseded();
    standing::OpenWhatIsOver();
  }
  const core::Message told = core::PromotionMessage(state.reign, state.former_primary.view(),
                                                    state.missing_bytes, state.forced);
  chronicle.Tell(kKind, told.message, told.detail);
  return true;
}

void SuccessionStarter::Advance(const Registry& registry) {
  if (RecoveryInProgress() || !IsDue(reign::Read(), registry) || worker_.IsAtWork()) return;
  worker_.Start();
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_succession_main(Datum) {
  using namespace baton;
  pg::Entry([] {
    pg::BeginWorker();
    pg::ConnectTo(setting::Database(), "1s");
    if (shared::TakeUp(shared::Duty::kSuccession)) Runner().Run();
  });
}
}
