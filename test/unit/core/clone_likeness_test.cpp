#include <gmock/gmock.h>

#include "test/unit/core/clonable.hpp"
#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CloneLikeness, RefusesAHostWithoutServerPrograms) {
  Clonable it;
  it.target.bindir = "";
  it.target.major = 0;
  it.target.architecture = "";

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"no server programs of PostgreSQL 15 found on this host",
                                  "A standby runs the same major version as its primary.",
                                  "Install postgresql-15, or name the folder with --bindir."}));
}

TEST(CloneLikeness, RefusesAnotherMajorVersion) {
  Clonable it;
  it.target.bindir = "/opt/pg17/bin";
  it.target.major = 17;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "the servers have different major versions",
                              "The source runs PostgreSQL 15.4, the programs in "
                              "\"/opt/pg17/bin\" are of PostgreSQL 17.",
                              "Install postgresql-15 here, or name its folder with --bindir."}));
}

constexpr const char* kSameArchitecture =
    "A standby needs the same architecture; across architectures only logical replication works.";

TEST(CloneLikeness, RefusesAnotherArchitecture) {
  Clonable it;
  it.target.architecture = "aarch64";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the servers have different architectures",
                                              "The source runs on x86_64, the programs in "
                                              "\"/usr/lib/postgresql/15/bin\" are for aarch64.",
                                              kSameArchitecture}));
}

// Programs behind a wrapper script have no ELF header to read.
TEST(CloneLikeness, DoesNotCompareAnArchitectureThatTheProgramsDoNotTell) {
  Clonable it;
  it.target.architecture = "";

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneLikeness, DoesNotCompareAnArchitectureThatTheSourceDoesNotTell) {
  Clonable it;
  it.source.architecture = "";

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneLikeness, WarnsOfAnotherMinorVersionAndSaysWhichToUpdate) {
  Clonable it;
  it.target.version = "15.10 (Debian 15.10-0+deb12u1)";
  EXPECT_THAT(it.Said("version"),
              ElementsAre("warning: the servers have different minor versions"));

  it.source.version = "15.11";
  for (const CloneFinding& finding : CheckClone(it.source, it.target)) {
    if (finding.check_name != "version") continue;
    EXPECT_EQ(
        finding.text.detail,
        "The source runs PostgreSQL 15.11, the programs in \"/usr/lib/postgresql/15/bin\" are "
        "of 15.10.");
    EXPECT_EQ(finding.text.hint,
              "Update PostgreSQL on this host first: a standby should have the newer one of two "
              "minor versions.");
  }
}

TEST(CloneLikeness, RefusesAnotherLayoutOfTheFiles) {
  Clonable it;
  it.target.layout->block_bytes = 16384;
  EXPECT_THAT(it.Said("page_layout"),
              ElementsAre("refused: the servers have different layouts of their files"));

  it.target.layout.reset();
  EXPECT_THAT(it.Said("page_layout"),
              ElementsAre("unknown: the layouts of the files cannot be compared"));
}

TEST(CloneLikeness, DoesNotGuessAtTheMinorVersion) {
  Clonable it;
  it.target.version = "";

  EXPECT_THAT(it.Said("version"),
              ElementsAre("unknown: the minor version of the programs here is not known"));
}

TEST(CloneLikeness, DoesNotGuessAtChecksums) {
  Clonable it;
  it.source.data_checksums.reset();

  EXPECT_THAT(it.Said("checksums"),
              ElementsAre("unknown: whether the source has checksums is not known"));
}

TEST(CloneLikeness, DoesNotGuessAtCollations) {
  Clonable it;
  it.source.collations.reset();

  EXPECT_THAT(it.Said("collation"),
              ElementsAre("unknown: the source's collations could not be read"));
}

TEST(CloneLikeness, WarnsOfASourceWithoutChecksums) {
  Clonable it;
  it.source.data_checksums = false;

  EXPECT_THAT(it.Said("checksums"), ElementsAre("warning: the source has no data checksums"));
}

TEST(CloneLikeness, WarnsOfAnotherCLibraryOnlyWhereTextIsSortedByIt) {
  Clonable it;
  it.target.libc_version = "2.41";
  EXPECT_THAT(it.Said("collation"),
              ElementsAre("warning: the C libraries of the two hosts may sort text differently"));

  it.source.collations = {{{"postgres", 'c', ""}, {"other", 'b', "1"}}};
  EXPECT_THAT(it.Said("collation"), IsEmpty());
}

TEST(CloneLikeness, DoesNotGuessAtTheVersionOfIcu) {
  Clonable it;
  it.source.collations = {{{"postgres", 'c', "2.36"}, {"shop", 'i', "153.120"}}};

  EXPECT_THAT(it.Said("collation"),
              ElementsAre("unknown: whether ICU sorts text here as on the source is not known"));
}

}  // namespace
}  // namespace baton::core
