#include "core/cluster_view.hpp"

#include <gmock/gmock.h>
#include <set>

namespace baton::core {
namespace {

using namespace std::chrono_literals;

PeerRow Answering(std::string_view name, Role role = Role::kStandby) {
  PeerRow row;
  row.name = name;
  row.asked = true;
  row.reachable = true;
  row.role = role;
  row.timeline = 1;
  row.server_version = "17.3";
  row.architecture = "x86_64";
  row.collation_version = "2.36";
  row.clock_difference = 0s;
  return row;
}

// What was seen of it last stays in its row.
PeerRow Silent(std::string_view name, Role last_seen_as = Role::kStandby) {
  PeerRow row = Answering(name, last_seen_as);
  row.reachable = false;
  row.error = "connection refused";
  return row;
}

PeerRow NotAsked(std::string_view name) {
  PeerRow row;
  row.name = name;
  return row;
}

ClusterView ViewOf(Role own_role, std::vector<PeerRow> rows) {
  ClusterView view;
  view.measured = true;
  view.own_version = "17.3";
  view.own_architecture = "x86_64";
  view.own_collation_version = "2.36";
  view.own_role = own_role;
  view.rows = std::move(rows);
  return view;
}

PeersFacts SummaryOf(std::vector<PeerRow> rows) {
  return Summarize(ViewOf(Role::kStandby, std::move(rows)));
}

TEST(Summarize, FindsNothingWhereThereIsNoOtherNode) {
  const PeersFacts facts = SummaryOf({});

  EXPECT_TRUE(facts.measured);
  EXPECT_EQ(facts.registered, 0);
  EXPECT_EQ(facts.reachable, 0);
  EXPECT_TRUE(facts.silent.empty());
  EXPECT_EQ(facts.other_primaries_count, 0);
  EXPECT_TRUE(facts.other_primaries.empty());
  EXPECT_FALSE(facts.clock_measured);
  EXPECT_TRUE(facts.versions.empty());
  EXPECT_TRUE(facts.collations.empty());
}

TEST(Summarize, SaysWhetherARoundHasEnded) {
  ClusterView view = ViewOf(Role::kPrimary, {Answering("b")});
  EXPECT_TRUE(Summarize(view).measured);

  view.measured = false;
  EXPECT_FALSE(Summarize(view).measured);
}

TEST(Summarize, CountsThoseThatAnswerAndNamesTheOthers) {
  const PeersFacts facts = SummaryOf({Answering("a"), Silent("b"), Answering("c"), NotAsked("d")});

  EXPECT_EQ(facts.registered, 4);
  EXPECT_EQ(facts.reachable, 2);
  EXPECT_EQ(facts.silent.view(), "b (connection refused), d (not asked yet)");
}

// What a node finds that asks others with the given roles.
struct Primaries {
  std::string names;
  std::int32_t count;
  bool operator==(const Primaries&) const = default;
};

void PrintTo(const Primaries& primaries, std::ostream* out) {
  *out << primaries.count << ": " << primaries.names;
}

Primaries PrimariesSeenBy(Role own, Role b, Role c) {
  const PeersFacts facts = Summarize(ViewOf(own, {Answering("b", b), Answering("c", c)}));
  return {facts.other_primaries.str(), facts.other_primaries_count};
}

const Primaries kNone = {"", 0};

TEST(Summarize, AllowsAPrimaryNoOther) {
  constexpr Role kMe = Role::kPrimary;

  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kStandby, Role::kStandby), kNone);
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kUnknown, Role::kStandby), kNone);
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kUnknown, Role::kUnknown), kNone);
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kPrimary, Role::kStandby), (Primaries{"b", 1}));
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kStandby, Role::kPrimary), (Primaries{"c", 1}));
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kPrimary, Role::kUnknown), (Primaries{"b", 1}));
  EXPECT_EQ(PrimariesSeenBy(kMe, Role::kPrimary, Role::kPrimary), (Primaries{"b, c", 2}));
}

TEST(Summarize, AllowsAStandbyOnePrimary) {
  for (const Role me : {Role::kStandby, Role::kUnknown}) {
    EXPECT_EQ(PrimariesSeenBy(me, Role::kStandby, Role::kStandby), kNone);
    EXPECT_EQ(PrimariesSeenBy(me, Role::kUnknown, Role::kUnknown), kNone);
    EXPECT_EQ(PrimariesSeenBy(me, Role::kPrimary, Role::kStandby), kNone);
    EXPECT_EQ(PrimariesSeenBy(me, Role::kPrimary, Role::kUnknown), kNone);
    // Both are named, since nobody here knows which one is wrong; one is too many.
    EXPECT_EQ(PrimariesSeenBy(me, Role::kPrimary, Role::kPrimary), (Primaries{"b, c", 1}));
  }
}

TEST(Summarize, DoesNotTakeWhatASilentNodeOnceWasForAPrimary) {
  const PeersFacts facts = Summarize(
      ViewOf(Role::kPrimary, {Silent("b", Role::kPrimary), Answering("c", Role::kStandby)}));

  EXPECT_EQ(facts.other_primaries_count, 0);
  EXPECT_TRUE(facts.other_primaries.empty());
}

PeersFacts SummaryWithUpstream(std::string_view upstream, PeerRow row) {
  ClusterView view = ViewOf(Role::kStandby, {Answering("c"), std::move(row)});
  view.upstream = upstream;
  return Summarize(view);
}

TEST(Summarize, KnowsTheUpstreamThatAnswers) {
  PeerRow upstream = Answering("a", Role::kPrimary);
  upstream.timeline = 7;

  const PeersFacts facts = SummaryWithUpstream("a", upstream);

  EXPECT_TRUE(facts.upstream_registered);
  EXPECT_TRUE(facts.upstream_reachable);
  EXPECT_EQ(facts.upstream_timeline, 7u);
  EXPECT_TRUE(facts.upstream_error.empty());
}

TEST(Summarize, KnowsWhyTheUpstreamDoesNotAnswerButNotItsTimeline) {
  const PeersFacts facts = SummaryWithUpstream("a", Silent("a", Role::kPrimary));

  EXPECT_TRUE(facts.upstream_registered);
  EXPECT_FALSE(facts.upstream_reachable);
  EXPECT_EQ(facts.upstream_timeline, 0u);
  EXPECT_EQ(facts.upstream_error.view(), "connection refused");
}

TEST(Summarize, KnowsNoReasonWhileTheUpstreamWasNotAsked) {
  const PeersFacts facts = SummaryWithUpstream("a", NotAsked("a"));

  EXPECT_TRUE(facts.upstream_registered);
  EXPECT_FALSE(facts.upstream_reachable);
  EXPECT_TRUE(facts.upstream_error.empty());
}

TEST(Summarize, DoesNotKnowAnUpstreamThatIsNotRegistered) {
  for (const char* const upstream : {"", "10.0.0.1:5432", "A", "aa"}) {
    const PeersFacts facts = SummaryWithUpstream(upstream, Answering("a", Role::kPrimary));

    EXPECT_FALSE(facts.upstream_registered) << upstream;
    EXPECT_FALSE(facts.upstream_reachable) << upstream;
    EXPECT_EQ(facts.upstream_timeline, 0u) << upstream;
    EXPECT_TRUE(facts.upstream_error.empty()) << upstream;
  }
}

PeerRow WithClock(std::string_view name, std::chrono::microseconds difference,
                  std::chrono::microseconds round_trip) {
  PeerRow row = Answering(name);
  row.clock_difference = difference;
  row.round_trip = round_trip;
  return row;
}

TEST(Summarize, TakesTheLargestClockDifferenceInEitherDirection) {
  PeersFacts facts =
      SummaryOf({WithClock("b", 2s, 0s), WithClock("c", -5s, 0s), WithClock("d", 3s, 0s)});
  EXPECT_TRUE(facts.clock_measured);
  EXPECT_EQ(facts.clock_difference, 5s);
  EXPECT_EQ(facts.clock_node.view(), "c");

  facts = SummaryOf({WithClock("b", -2s, 0s), WithClock("c", 5s, 0s)});
  EXPECT_EQ(facts.clock_difference, 5s);
  EXPECT_EQ(facts.clock_node.view(), "c");
}

TEST(Summarize, TakesHalfTheRoundTripOffAClockDifference) {
  EXPECT_EQ(SummaryOf({WithClock("b", 5s, 2s)}).clock_difference, 4s);
  EXPECT_EQ(SummaryOf({WithClock("b", -5s, 2s)}).clock_difference, 4s);
  EXPECT_EQ(SummaryOf({WithClock("b", 1s, 2s)}).clock_difference, 0s);
  EXPECT_EQ(SummaryOf({WithClock("b", -1s, 9s)}).clock_difference, 0s);
}

TEST(Summarize, ComparesClocksByWhatIsSure) {
  const PeersFacts facts = SummaryOf({WithClock("b", 6s, 10s), WithClock("c", 2s, 10ms)});

  EXPECT_EQ(facts.clock_difference, 1995ms);
  EXPECT_EQ(facts.clock_node.view(), "c");
}

TEST(Summarize, NamesANodeEvenIfNoClockDiffers) {
  const PeersFacts facts = SummaryOf({WithClock("b", 0s, 1s), WithClock("c", 0s, 1s)});

  EXPECT_TRUE(facts.clock_measured);
  EXPECT_EQ(facts.clock_difference, 0s);
  EXPECT_EQ(facts.clock_node.view(), "b");
}

TEST(Summarize, DoesNotAskTheClockOfASilentNode) {
  PeerRow silent = Silent("b");
  silent.clock_difference = 1h;
  PeerRow untold = Answering("c");
  untold.clock_difference.reset();

  EXPECT_FALSE(SummaryOf({silent, untold}).clock_measured);
}

TEST(Summarize, NamesWhatTheOthersRunOtherwise) {
  PeerRow older = Answering("b");
  older.server_version = "17.2";
  PeerRow other = Answering("c");
  other.server_version = "17.2";
  other.architecture = "aarch64";
  PeerRow arm = Answering("d");
  arm.architecture = "aarch64";

  EXPECT_EQ(SummaryOf({Answering("a"), older, other, arm}).versions.view(),
            "b (PostgreSQL 17.2), c (PostgreSQL 17.2, aarch64), d (aarch64)");
}

TEST(Summarize, ComparesNoVersionThatWasNotTold) {
  PeerRow row = Answering("b");
  row.server_version = "";
  row.architecture = "";
  row.collation_version = "";
  PeerRow silent = Silent("c");
  silent.server_version = "16.1";
  silent.collation_version = "2.31";

  const PeersFacts facts = SummaryOf({row, silent});

  EXPECT_TRUE(facts.versions.empty());
  EXPECT_TRUE(facts.collations.empty());
}

TEST(Summarize, NamesSystemsThatSortOtherwise) {
  PeerRow older = Answering("b");
  older.collation_version = "2.31";
  PeerRow newer = Answering("c");
  newer.collation_version = "2.39";

  EXPECT_EQ(SummaryOf({older, Answering("a"), newer}).collations.view(),
            "b has 2.31, this node 2.36, c has 2.39, this node 2.36");

  ClusterView view = ViewOf(Role::kStandby, {older});
  view.own_collation_version = "";
  EXPECT_TRUE(Summarize(view).collations.empty());
}

TEST(AlikeSettings, NameEachSettingOnce) {
  const auto& settings = AlikeSettings();

  EXPECT_EQ(std::set(settings.begin(), settings.end()).size(), settings.size());
  EXPECT_EQ(settings.front(), "max_connections");
}

TEST(DriftBetween, FindsNothingWhereAllIsAlike) {
  EXPECT_EQ(DriftBetween("", ""), "");
  EXPECT_EQ(DriftBetween("work_mem=4MB\nssl=on\n", "ssl=on\nwork_mem=4MB"), "");
}

TEST(DriftBetween, NamesBothValuesOfWhatDiffers) {
  EXPECT_EQ(DriftBetween("work_mem=4MB\n", "work_mem=64MB\n"), "work_mem 4MB, primary 64MB");
}

TEST(DriftBetween, GivesTheMostImportantFirstWhateverTheOrderOfTheLines) {
  EXPECT_EQ(DriftBetween("work_mem=4MB\nssl=off\nmax_connections=50\n",
                         "ssl=on\nwork_mem=64MB\nmax_connections=100\n"),
            "max_connections 50, primary 100, ssl off, primary on, work_mem 4MB, primary 64MB");
}

TEST(DriftBetween, ShowsAnEmptyValue) {
  EXPECT_EQ(DriftBetween("shared_preload_libraries=\n", "shared_preload_libraries=pg_baton\n"),
            "shared_preload_libraries '', primary pg_baton");
  EXPECT_EQ(DriftBetween("shared_preload_libraries=pg_baton\n", "shared_preload_libraries=\n"),
            "shared_preload_libraries pg_baton, primary ''");
}

TEST(DriftBetween, ComparesOnlyWhatBothSidesTell) {
  EXPECT_EQ(DriftBetween("work_mem=4MB\n", "ssl=on\n"), "");
  EXPECT_EQ(DriftBetween("work_mem=4MB\n", ""), "");
  EXPECT_EQ(DriftBetween("", "work_mem=4MB\n"), "");
}

TEST(DriftBetween, PassesOverOtherSettingsAndOtherLines) {
  EXPECT_EQ(DriftBetween("port=5432\ncluster_name=a\ngarbage\n\n=x\n",
                         "port=5433\ncluster_name=b\nrubbish\n\n=y\n"),
            "");
}

TEST(DriftBetween, TakesAnEqualsSignInAValueForAPartOfIt) {
  EXPECT_EQ(DriftBetween("TimeZone=a=b\n", "TimeZone=a=c\n"), "TimeZone a=b, primary a=c");
}

// Packages put their own version behind PostgreSQL's.
TEST(Summarize, ComparesVersionsWhole) {
  constexpr std::string_view kLong = "15.20 (Ubuntu 15.20-0ubuntu0.22.04.1)";
  ClusterView view;
  view.measured = true;
  view.own_version = kLong;
  PeerRow row;
  row.name = "a";
  row.asked = true;
  row.reachable = true;
  row.server_version = kLong;
  view.rows.push_back(row);

  EXPECT_EQ(Summarize(view).versions.view(), "");
}

}  // namespace
}  // namespace baton::core
