#include "helper/config/hba_file.hpp"

#include <gmock/gmock.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HbaAddress, GivesABareAddressItsFullLength) {
  EXPECT_EQ(HbaAddress("10.0.0.2"), "10.0.0.2/32");
  EXPECT_EQ(HbaAddress("fd00::2"), "fd00::2/128");
}

TEST(HbaAddress, LeavesANetworkAsItIs) {
  EXPECT_EQ(HbaAddress("10.0.0.0/24"), "10.0.0.0/24");
  EXPECT_EQ(HbaAddress("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(HbaAddress("fd00::/64"), "fd00::/64");
}

TEST(HbaAddress, LeavesAHostNameAsItIs) {
  EXPECT_EQ(HbaAddress("db-1.example.com"), "db-1.example.com");
  EXPECT_EQ(HbaAddress(".example.com"), ".example.com");
  EXPECT_EQ(HbaAddress("samenet"), "samenet");
}

TEST(HbaAddress, RefusesWhatIsNoneOfThese) {
  for (const char* const address :
       {"", "/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/1000", "10.0.0.0/24/1",
        "fd00::/129", "db1/24", "10.0.0.2 10.0.0.3", "10.0.0.2\nhost all all all trust", "a,b",
        "10.0.0.256", "10.0.0"}) {
    const core::Error error = ErrorOf([&] { HbaAddress(address); });

    EXPECT_EQ(error.code(), core::ErrorCode::kUsage);
    EXPECT_EQ(error.message(), std::string("invalid address \"") + address + "\"");
    EXPECT_EQ(error.detail(), "");
    EXPECT_EQ(error.hint(), "Give an address (10.0.0.2), a network (10.0.0.0/24) or a host name.");
  }
}

TEST(HbaLines, AreTwoAnAddress) {
  EXPECT_THAT(
      HbaLines({"10.0.0.2", "db-3.example.com"}, "pg_baton", "postgres"),
      ElementsAre("host    replication     pg_baton        10.0.0.2/32             scram-sha-256",
                  "host    postgres        pg_baton        10.0.0.2/32             scram-sha-256",
                  "host    replication     pg_baton        db-3.example.com        scram-sha-256",
                  "host    postgres        pg_baton        db-3.example.com        scram-sha-256"));
}

TEST(HbaLines, NameAnAddressOnce) {
  EXPECT_THAT(
      HbaLines({"10.0.0.2", "10.0.0.2/32"}, "pg_baton", "postgres"),
      ElementsAre("host    replication     pg_baton        10.0.0.2/32             scram-sha-256",
                  "host    postgres        pg_baton        10.0.0.2/32             scram-sha-256"));
}

TEST(HbaLines, LetInByTlsOnlyOrByCertificateWhereThatIsAskedFor) {
  EXPECT_THAT(
      HbaLines({"10.0.0.2"}, "pg_baton", "postgres", {true, false}),
      ElementsAre("hostssl replication     pg_baton        10.0.0.2/32             scram-sha-256",
                  "hostssl postgres        pg_baton        10.0.0.2/32             scram-sha-256"));
  EXPECT_THAT(HbaLines({"10.0.0.2"}, "pg_baton", "postgres", {true, true}),
              ElementsAre("hostssl replication     pg_baton        10.0.0.2/32             cert",
                          "hostssl postgres        pg_baton        10.0.0.2/32             cert"));
}

TEST(HbaStyleIn, IsThatOfTheFirstLineForTheRole) {
  for (const HbaStyle& style : kHbaStyles) {
    const std::string text = WithHbaLines("host replication other all trust\n",
                                          HbaLines({"10.0.0.2"}, "pg_baton", "postgres", style));

    EXPECT_EQ(HbaStyleIn(text, "pg_baton"), style);
  }
  EXPECT_EQ(HbaStyleIn("host all all all scram-sha-256\n", "pg_baton"), std::nullopt);
  EXPECT_EQ(HbaStyleIn("host replication pg_baton all reject\n", "pg_baton"), std::nullopt);
}

TEST(HbaLines, AreNoneWithoutAnAddress) {
  EXPECT_THAT(HbaLines({}, "pg_baton", "postgres"), IsEmpty());
}

const std::vector<std::string> kOurs = {"host replication pg_baton 10.0.0.2/32 scram-sha-256",
                                        "host postgres pg_baton 10.0.0.2/32 scram-sha-256"};

TEST(WithHbaLines, PutsThemBeforeTheFirstRule) {
  EXPECT_EQ(WithHbaLines("# a remark\n"
                         "\n"
                         "local all all peer\n"
                         "host all all all reject\n",
                         kOurs),
            "# a remark\n"
            "\n"
            "# pg_baton: the nodes of the cluster\n"
            "host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "host postgres pg_baton 10.0.0.2/32 scram-sha-256\n"
            "\n"
            "local all all peer\n"
            "host all all all reject\n");
}

TEST(WithHbaLines, AddsOnlyWhatIsLacking) {
  EXPECT_EQ(
      WithHbaLines("host  replication  pg_baton  10.0.0.2/32  scram-sha-256  # by hand\n", kOurs),
      "# pg_baton: the nodes of the cluster\n"
      "host postgres pg_baton 10.0.0.2/32 scram-sha-256\n"
      "\n"
      "host  replication  pg_baton  10.0.0.2/32  scram-sha-256  # by hand\n");
}

TEST(WithHbaLines, DoesNotTakeACommentForARule) {
  EXPECT_EQ(WithHbaLines("#" + kOurs[0] + "\n", {kOurs[0]}),
            "#host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "# pg_baton: the nodes of the cluster\n"
            "host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "\n");
}

TEST(WithHbaLines, EndsALastLineThatHadNoNewline) {
  EXPECT_EQ(WithHbaLines("# a remark", {kOurs[0]}),
            "# a remark\n"
            "# pg_baton: the nodes of the cluster\n"
            "host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "\n");
  EXPECT_EQ(WithHbaLines("local all all peer", {kOurs[0]}),
            "# pg_baton: the nodes of the cluster\n"
            "host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "\n"
            "local all all peer");
}

TEST(WithHbaLines, MayBeginAFile) {
  EXPECT_EQ(WithHbaLines("", {kOurs[0]}),
            "# pg_baton: the nodes of the cluster\n"
            "host replication pg_baton 10.0.0.2/32 scram-sha-256\n"
            "\n");
}

TEST(WithHbaLines, ChangesNothingIfAllAreThere) {
  const std::string text = "local all all peer\n" + kOurs[1] + "\n" + kOurs[0];

  EXPECT_EQ(WithHbaLines(text, kOurs), text);
  EXPECT_EQ(WithHbaLines(text, {}), text);
}

TEST(WithHbaLines, ChangesNothingTheSecondTime) {
  const auto lines = HbaLines({"10.0.0.2", "fd00::3"}, "pg_baton", "postgres");
  const std::string once = WithHbaLines("local all all peer\n", lines);

  EXPECT_EQ(WithHbaLines(once, lines), once);
}

TEST(WithHbaLines, PutsALineFirstThatIsTooFarBelow) {
  const std::string text = "host all all all reject\n" + kOurs[0] + "\n" + kOurs[1] + "\n";

  EXPECT_EQ(WithHbaLines(text, kOurs, {kOurs[1]}),
            "# pg_baton: the nodes of the cluster\n" + kOurs[1] + "\n\n" + text);
}

TEST(WithoutHbaLines, TakesOutWhatWasAdded) {
  for (const std::string text :
       {"", "# a remark\n", "# a remark\n\nlocal all all peer\nhost all all all md5\n",
        "local all all peer", "\n\nlocal all all peer\n"}) {
    EXPECT_EQ(WithoutHbaLines(WithHbaLines(text, kOurs), kOurs), text);
  }
}

TEST(WithoutHbaLines, LeavesLinesOfOthersInTheBlock) {
  EXPECT_EQ(WithoutHbaLines("# pg_baton: the nodes of the cluster\n" + kOurs[0] +
                                "\nhost all me all md5\n" + kOurs[1] + "\n\nlocal all all peer\n",
                            kOurs),
            "# pg_baton: the nodes of the cluster\nhost all me all md5\n\nlocal all all peer\n");
}

TEST(WithoutHbaLines, LeavesWhatStandsElsewhere) {
  const std::string text = kOurs[0] + "\nlocal all all peer\n";

  EXPECT_EQ(WithoutHbaLines(text, kOurs), text);
  EXPECT_EQ(WithoutHbaLines(WithHbaLines(text, kOurs, {kOurs[0]}), kOurs), text);
}

TEST(WithHbaLines, AddsToABlockOfOursAtTheTop) {
  const std::string one = WithHbaLines("local all all peer\n", {kOurs[0]});

  EXPECT_EQ(WithHbaLines(one, kOurs), "# pg_baton: the nodes of the cluster\n" + kOurs[1] + "\n" +
                                          kOurs[0] + "\n\nlocal all all peer\n");
  EXPECT_EQ(WithoutHbaLines(WithHbaLines(one, kOurs), kOurs), "local all all peer\n");
}

TEST(WithoutOtherStyles, TakesOutLinesForTheRoleWhereverTheyStand) {
  const HbaStyle tls{true, false};
  const std::string others =
      "host all all 10.0.0.0/8 scram-sha-256\n"
      "host replication baton_node 10.0.0.9 255.255.255.255 scram-sha-256\n";
  const std::string ours = HbaLines({"10.0.0.1"}, "baton_node", "postgres", tls)[0] + "\n";
  const std::string text =
      "# pg_baton: the nodes of the cluster\n"
      "host    replication     baton_node      10.0.0.2/32             scram-sha-256\n"
      "\n" +
      ours + others + "host other baton_node standby.example scram-sha-256 # by hand\n";

  EXPECT_EQ(AddressesOfOtherStyles(text, "baton_node", tls),
            (std::vector<std::string>{"10.0.0.2/32", "standby.example"}));
  EXPECT_EQ(WithoutOtherStyles(text, "baton_node", tls), ours + others);
  EXPECT_EQ(WithoutOtherStyles(ours + others, "baton_node", tls), ours + others);
}

}  // namespace
}  // namespace baton::helper
