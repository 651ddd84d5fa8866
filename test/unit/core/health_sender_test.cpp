#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

TEST(HealthStandbys, IsOkWhenEveryOneStreams) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "standbys"),
            Ok("1 of 1", "every registered standby streams"));
}

TEST(HealthStandbys, WarnsWhenNoneIsRegistered) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 0;
  node.standbys_streaming = 0;

  EXPECT_EQ(HealthOf(node, "standbys"), Warning("0 of 0", "no standby is registered",
                                                "Make one: pg_baton clone, on the other host."));
}

TEST(HealthStandbys, WarnsWhenOneOfSeveralIsMissing) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 2;
  node.standbys_streaming = 1;
  node.standbys_missing = "c";

  EXPECT_EQ(HealthOf(node, "standbys"),
            Warning("1 of 2", "not streaming: c",
                    "See baton.standbys for the reason; a former primary comes back with pg_baton "
                    "rejoin."));
}

TEST(HealthStandbys, IsCriticalWhenAllAreMissing) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 2;
  node.standbys_streaming = 0;
  node.standbys_missing = "b, c";

  EXPECT_EQ(HealthOf(node, "standbys"),
            Critical("0 of 2", "not streaming: b, c",
                     "See baton.standbys for the reason; a former primary comes back with pg_baton "
                     "rejoin."));
}

TEST(HealthStandbys, IsUnknownWithoutTheRegistry) {
  NodeFacts node = HealthyPrimary();
  node.registry_readable = false;

  EXPECT_EQ(HealthOf(node, "standbys"),
            Unknown("", "there is no table baton.node in pg_baton.database",
                    "Run CREATE EXTENSION pg_baton in that database."));
  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"), std::nullopt);
}

TEST(HealthStandbys, GivesItsNumberToPrograms) {
  const Finding row = RowOf(HealthyPrimary(), "standbys");

  EXPECT_EQ(row.value_number, 1);
  EXPECT_EQ(row.unit.view(), "nodes");
}

TEST(HealthStandbys, GivesNoRowWhereNoneIsToBeExpected) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "standbys"), std::nullopt);
  EXPECT_EQ(HealthOf(HealthyNode(), "standbys"), std::nullopt);
}

NodeFacts PrimaryWithStandbyBehindBy(std::chrono::microseconds lag) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag = lag;
  return node;
}

TEST(HealthStandbyLag, IsOkWhenEverythingIsReplayed) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "standby_lag"),
            Ok("0 ms", "every standby has replayed all that is here"));
}

TEST(HealthStandbyLag, IsOkBelowTheThreshold) {
  EXPECT_EQ(HealthOf(PrimaryWithStandbyBehindBy(59s), "standby_lag"),
            Ok("59.0 s", "the oldest commit that some standby has not replayed is 59.0 s old"));
  EXPECT_EQ(StatusOf(PrimaryWithStandbyBehindBy(60s - 1us), "standby_lag"), Status::kOk);
}

TEST(HealthStandbyLag, WarnsFromTheThresholdOn) {
  EXPECT_EQ(HealthOf(PrimaryWithStandbyBehindBy(60s), "standby_lag"),
            Warning("1 min 00 s",
                    "the oldest commit that some standby has not replayed is 1 min 00 s old",
                    "See baton.standbys for which one it is."));
  EXPECT_EQ(StatusOf(PrimaryWithStandbyBehindBy(300s - 1us), "standby_lag"), Status::kWarning);
}

TEST(HealthStandbyLag, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(HealthOf(PrimaryWithStandbyBehindBy(300s), "standby_lag"),
            Critical("5 min 00 s",
                     "the oldest commit that some standby has not replayed is 5 min 00 s old",
                     "See baton.standbys for which one it is."));
}

TEST(HealthStandbyLag, GivesNoRowIfNoStandbyIsThere) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag.reset();

  EXPECT_EQ(HealthOf(node, "standby_lag"), std::nullopt);
}

TEST(HealthStandbyLag, IsToldByAStandbyThatOthersStreamFrom) {
  NodeFacts node = HealthyStandby();
  node.worst_standby_lag = 0s;
  node.worst_standby_lag_bytes = 0;

  EXPECT_EQ(HealthOf(node, "standby_lag"),
            Ok("0 ms", "every standby has replayed all that is here"));
  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Ok("0 B", "the standby that is furthest behind lacks 0 B of replay"));
}

TEST(HealthStandbyLagBytes, GivesNoRowIfNoStandbyIsThere) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes.reset();

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"), std::nullopt);
}

TEST(HealthStandbyLagBytes, IsOkBelowTheThreshold) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 256 * kMegabyte - 1;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Ok("256 MB", "the standby that is furthest behind lacks 256 MB of replay"));
}

TEST(HealthStandbyLagBytes, WarnsFromTheThresholdOn) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 256 * kMegabyte;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Warning("256 MB", "the standby that is furthest behind lacks 256 MB of replay",
                    "See baton.standbys for which one it is."));
}

TEST(HealthStandbyLagBytes, IsCriticalFromTheSecondThresholdOn) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 2 * kGigabyte;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Critical("2.0 GB", "the standby that is furthest behind lacks 2.0 GB of replay",
                     "See baton.standbys for which one it is."));
}

TEST(HealthStandbyLagBytes, WarnsUntilTheSecondThreshold) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = kGigabyte - 1;
  EXPECT_EQ(StatusOf(node, "standby_lag_bytes"), Status::kWarning);

  node.worst_standby_lag_bytes = kGigabyte;
  EXPECT_EQ(StatusOf(node, "standby_lag_bytes"), Status::kCritical);
}

NodeFacts PrimaryWithSyncStandbys(std::int32_t present, std::int32_t waiting) {
  NodeFacts node = HealthyPrimary();
  node.sync = {.asked = true,
               .needed = 2,
               .present = present,
               .waiting = waiting,
               .names = "FIRST 2 (b, c, d)"};
  return node;
}

TEST(HealthSyncStandbys, IsOkWhileEnoughAreThere) {
  EXPECT_EQ(HealthOf(PrimaryWithSyncStandbys(2, 0), "sync_standbys"),
            Ok("2 of 2", "the synchronous standbys are there: FIRST 2 (b, c, d)"));
  EXPECT_EQ(HealthOf(PrimaryWithSyncStandbys(3, 0), "sync_standbys"),
            Ok("3 of 2", "the synchronous standbys are there: FIRST 2 (b, c, d)"));
}

TEST(HealthSyncStandbys, IsCriticalWhenCommitsWait) {
  constexpr const char* kHint =
      "Bring the standby back, or take it out of synchronous_standby_names.";
  EXPECT_EQ(HealthOf(PrimaryWithSyncStandbys(1, 0), "sync_standbys"),
            Critical("1 of 2",
                     "commits wait for standbys that are not there (FIRST 2 (b, c, d)); 0 sessions "
                     "wait now",
                     kHint));
  EXPECT_EQ(HealthOf(PrimaryWithSyncStandbys(1, 1), "sync_standbys"),
            Critical("1 of 2",
                     "commits wait for standbys that are not there (FIRST 2 (b, c, d)); 1 session "
                     "waits now",
                     kHint));
  EXPECT_EQ(HealthOf(PrimaryWithSyncStandbys(0, 7), "sync_standbys"),
            Critical("0 of 2",
                     "commits wait for standbys that are not there (FIRST 2 (b, c, d)); 7 sessions "
                     "wait now",
                     kHint));
}

TEST(HealthSyncStandbys, GivesItsNumberToPrograms) {
  const Finding row = RowOf(PrimaryWithSyncStandbys(1, 0), "sync_standbys");

  EXPECT_EQ(row.value_number, 1);
  EXPECT_EQ(row.unit.view(), "nodes");
}

TEST(HealthSyncStandbys, GivesNoRowWhereNoneIsAskedFor) {
  NodeFacts node = PrimaryWithSyncStandbys(0, 0);
  node.sync.asked = false;
  EXPECT_EQ(HealthOf(node, "sync_standbys"), std::nullopt);

  // The setting is in force on a primary alone.
  node = HealthyStandby();
  node.sync = PrimaryWithSyncStandbys(0, 0).sync;
  EXPECT_EQ(HealthOf(node, "sync_standbys"), std::nullopt);
}

NodeFacts NodeWithFree(std::int32_t wal_senders, std::int32_t slots) {
  NodeFacts node = HealthyNode();
  node.capacity.wal_senders_used = node.capacity.wal_senders - wal_senders;
  node.capacity.slots_used = node.capacity.slots - slots;
  return node;
}

TEST(HealthFreeWalSenders, IsOkWhileOneIsFree) {
  EXPECT_EQ(HealthOf(NodeWithFree(10, 10), "free_wal_senders"),
            Ok("10", "0 of 10 WAL senders in use"));
  EXPECT_EQ(HealthOf(NodeWithFree(1, 0), "free_wal_senders"),
            Ok("1", "9 of 10 WAL senders in use"));
}

TEST(HealthFreeWalSenders, WarnsWhenNoneIsFree) {
  EXPECT_EQ(HealthOf(NodeWithFree(0, 10), "free_wal_senders"),
            Warning("0", "10 of 10 WAL senders in use",
                    "Raise max_wal_senders, or a standby that reconnects may be refused."));
}

TEST(HealthFreeReplicationSlots, IsOkWhileOneIsFree) {
  EXPECT_EQ(HealthOf(NodeWithFree(10, 10), "free_replication_slots"),
            Ok("10", "0 of 10 replication slots in use"));
  EXPECT_EQ(HealthOf(NodeWithFree(0, 1), "free_replication_slots"),
            Ok("1", "9 of 10 replication slots in use"));
}

TEST(HealthFreeReplicationSlots, WarnsWhenNoneIsFree) {
  EXPECT_EQ(HealthOf(NodeWithFree(10, 0), "free_replication_slots"),
            Warning("0", "10 of 10 replication slots in use",
                    "Raise max_replication_slots, or drop slots nobody uses."));
}

TEST(HealthFreeReplicationSlots, MayBeAskedToWarnEarlier) {
  HealthPolicy policy;
  policy.Of(Check::kFreeReplicationSlots) = {3, 1};
  const auto status = [&](std::int32_t free) {
    return RowOf(EvaluateHealth(NodeWithFree(10, free), policy), "free_replication_slots")->status;
  };

  EXPECT_EQ(status(4), Status::kOk);
  EXPECT_EQ(status(3), Status::kWarning);
  EXPECT_EQ(status(2), Status::kWarning);
  EXPECT_EQ(status(1), Status::kCritical);
}

NodeFacts PrimaryWithSlotHolding(std::int64_t bytes) {
  NodeFacts node = HealthyPrimary();
  node.slots.total = 2;
  node.slots.inactive = 1;
  node.slots.retained_bytes = bytes;
  node.slots.worst = "c";
  return node;
}

TEST(HealthSlots, IsOkWhenNoneHasLostWal) {
  NodeFacts node = HealthyPrimary();
  node.slots.total = 3;
  EXPECT_EQ(HealthOf(node, "slots"), Ok("3 slots", "no slot has lost WAL"));

  node.slots.total = 1;
  EXPECT_EQ(HealthOf(node, "slots"), Ok("1 slot", "no slot has lost WAL"));
}

TEST(HealthSlots, IsOkHoweverMuchAnIdleSlotHolds) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(100 * kGigabyte), "slots"),
            Ok("2 slots", "no slot has lost WAL"));
}

TEST(HealthSlots, WarnsWhenOneIsAboutToLoseWal) {
  NodeFacts node = PrimaryWithSlotHolding(kGigabyte);
  node.slots.unreserved = 1;
  node.slots.endangered = "d";

  EXPECT_EQ(HealthOf(node, "slots"),
            Warning("1 in danger", "slot \"d\" is about to lose WAL that its standby needs",
                    "Bring its standby back now, or raise max_slot_wal_keep_size."));
}

TEST(HealthSlots, IsCriticalWhenOneHasLostWal) {
  NodeFacts node = PrimaryWithSlotHolding(0);
  node.slots.lost = 1;
  node.slots.endangered = "c";

  EXPECT_EQ(HealthOf(node, "slots"),
            Critical("1 lost", "slot \"c\" has lost WAL that its standby needs",
                     "That standby has to be cloned again; then drop the slot."));
}

TEST(HealthSlots, SaysWhyOneHasLostWalWhateverElseIsInDanger) {
  NodeFacts node = PrimaryWithSlotHolding(0);
  node.slots.lost = 2;
  node.slots.unreserved = 1;
  node.slots.endangered = "d";
  node.slots.why = "it exceeded max_slot_wal_keep_size";

  EXPECT_EQ(HealthOf(node, "slots"),
            Critical("2 lost",
                     "slot \"d\" has lost WAL that its standby needs: it exceeded "
                     "max_slot_wal_keep_size",
                     "That standby has to be cloned again; then drop the slot."));
}

TEST(HealthSlotRetained, IsOkWhenAllAreInUse) {
  NodeFacts node = HealthyPrimary();
  node.slots.total = 3;
  EXPECT_EQ(HealthOf(node, "slot_retained"), Ok("0 B", "3 slots, all in use"));

  node.slots.total = 1;
  EXPECT_EQ(HealthOf(node, "slot_retained"), Ok("0 B", "1 slot, in use"));

  node.slots.total = 0;
  EXPECT_EQ(HealthOf(node, "slot_retained"), Ok("0 B", "there are no slots"));
}

TEST(HealthSlotRetained, IsOkWhileAnIdleSlotHoldsLittle) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(16 * kMegabyte), "slot_retained"),
            Ok("16 MB", "1 of 2 slots not in use; \"c\" holds back 16 MB of WAL"));
  EXPECT_EQ(StatusOf(PrimaryWithSlotHolding(kGigabyte - 1), "slot_retained"), Status::kOk);
}

TEST(HealthSlotRetained, IsOkWhileAnIdleSlotHoldsNothing) {
  NodeFacts node = HealthyPrimary();
  node.slots.inactive = 1;

  EXPECT_EQ(HealthOf(node, "slot_retained"),
            Ok("0 B", "1 of 1 slot not in use; none holds back WAL"));
}

TEST(HealthSlotRetained, WarnsWhenAnIdleSlotHoldsMuch) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(kGigabyte), "slot_retained"),
            Warning("1.0 GB", "1 of 2 slots not in use; \"c\" holds back 1.0 GB of WAL",
                    "Bring its standby back, or drop the slot before the disk is full."));
  EXPECT_EQ(StatusOf(PrimaryWithSlotHolding(8 * kGigabyte - 1), "slot_retained"), Status::kWarning);
}

TEST(HealthSlotRetained, IsCriticalWhenAnIdleSlotMayFillTheDisk) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(8 * kGigabyte), "slot_retained"),
            Critical("8.0 GB", "1 of 2 slots not in use; \"c\" holds back 8.0 GB of WAL",
                     "Bring its standby back, or drop the slot before the disk is full."));
}

NodeFacts NodeHoldingBack(std::int64_t transactions) {
  NodeFacts node = HealthyNode();
  node.xmin_age = transactions;
  node.xmin_holder = "c";
  return node;
}

constexpr const char* kDeadRowsPileUp =
    "End the long query on that standby, or drop the slot; dead rows pile up until then.";

TEST(HealthXminAge, IsOkWhileLittleIsHeldBack) {
  EXPECT_EQ(HealthOf(NodeHoldingBack(0), "xmin_age"),
            Ok("0 transactions", "\"c\" keeps vacuum from rows of the last 0 transactions"));
  EXPECT_EQ(HealthOf(NodeHoldingBack(1), "xmin_age"),
            Ok("1 transaction", "\"c\" keeps vacuum from rows of the last transaction"));
  EXPECT_EQ(HealthOf(NodeHoldingBack(49'999'999), "xmin_age"),
            Ok("49999999 transactions",
               "\"c\" keeps vacuum from rows of the last 49999999 transactions"));
}

TEST(HealthXminAge, WarnsFromTheThresholdOn) {
  EXPECT_EQ(
      HealthOf(NodeHoldingBack(50'000'000), "xmin_age"),
      Warning("50000000 transactions",
              "\"c\" keeps vacuum from rows of the last 50000000 transactions", kDeadRowsPileUp));
  EXPECT_EQ(StatusOf(NodeHoldingBack(199'999'999), "xmin_age"), Status::kWarning);
}

TEST(HealthXminAge, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(
      HealthOf(NodeHoldingBack(200'000'000), "xmin_age"),
      Critical("200000000 transactions",
               "\"c\" keeps vacuum from rows of the last 200000000 transactions", kDeadRowsPileUp));
}

TEST(HealthXminAge, GivesNoRowIfNothingIsHeldBack) {
  EXPECT_EQ(HealthOf(HealthyNode(), "xmin_age"), std::nullopt);
}

}  // namespace
}  // namespace baton::core
