#include <gmock/gmock.h>

#include "test/unit/core/clonable.hpp"
#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The one finding on the configuration, with its status.
std::string Told(const Clonable& it) {
  std::string told;
  for (const CloneFinding& finding : CheckClone(it.source, it.target)) {
    if (finding.check_name != "configuration") continue;
    told += told.empty() ? "" : "; ";
    told += std::string(CloneStatusText(finding.status)) + ": " + finding.text.message;
  }
  return told;
}

TEST(CloneConfiguration, ComesWithTheDataOrIsThisHostsOwn) {
  Clonable it;
  EXPECT_EQ(Told(it), "ok: the source's comes with the data directory");

  it.target.configuration.folder = "/etc/b";
  it.target.configuration.outside = {{"/etc/a/postgresql.conf", false}};
  it.target.configuration.settings_outside = true;
  EXPECT_EQ(Told(it), "ok: this host's own is kept, in \"/etc/b\"");
}

TEST(CloneConfiguration, RefusesAServerWithoutPostgresqlConf) {
  Clonable it;
  it.target.configuration.outside = {{"/etc/a/postgresql.conf", true}};
  it.target.configuration.settings_outside = true;
  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{
                  "nothing would give the new server a postgresql.conf",
                  "The source has it in \"/etc/a/postgresql.conf\", outside of its data directory, "
                  "so it does not come with the copy.",
                  "Name the folder of this host's own with --config-dir or --cluster, or take over "
                  "the source's files with --config=copy."}));

  it.target.configuration.folder = "/etc/b";
  it.target.configuration.has_settings = false;
  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{
                  "\"/etc/b\" has no postgresql.conf", "A server does not start without one.",
                  "Name another folder with --config-dir, or take over the source's "
                  "files with --config=copy."}));
}

TEST(CloneConfiguration, WarnsOfRulesThatDoNotComeWithTheCopy) {
  Clonable it;
  it.target.configuration.outside = {{"/etc/a/pg_hba.conf", false}};
  EXPECT_THAT(it.Said("configuration"),
              ElementsAre("warning: \"/etc/a/pg_hba.conf\" of the source does not come with the "
                          "copy"));

  it.target.configuration.outside->front().is_here = true;
  EXPECT_THAT(it.Said("configuration"), IsEmpty());
}

TEST(CloneConfiguration, DoesNotGuessWhereTheSourcesIs) {
  Clonable it;
  it.target.configuration.outside.reset();

  EXPECT_THAT(it.Said("configuration"),
              ElementsAre("unknown: where the source's configuration is, and whether it comes with "
                          "the copy, is not known"));
}

TEST(CloneConfiguration, IsNotCopiedWhereItComesAnyway) {
  Clonable it;
  it.target.configuration.copies = true;
  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{
                  "--config=copy is not needed here",
                  "The source's configuration is in its data directory and comes with the copy, "
                  "into the new one.",
                  "Leave it out; or name the folder that the new server's configuration is to have "
                  "with --config-dir."}));

  it.target.configuration.folder = "/etc/b";
  EXPECT_EQ(Told(it), "ok: the source's is taken over into \"/etc/b\", from the copy");
}

TEST(CloneConfiguration, TellsWhatIsTakenOver) {
  Clonable it;
  it.target.configuration.copies = true;
  it.target.configuration.folder = "/etc/b";
  it.target.configuration.plan = TakenConfiguration{
      {{"/etc/b/conf.d/x.conf", ""}, {"/etc/r/hba", ""}, {"/etc/b/postgresql.conf", ""}},
      {},
      {},
      {}};
  EXPECT_EQ(Told(it),
            "ok: the source's is taken over into \"/etc/b\": conf.d/x.conf, /etc/r/hba, "
            "postgresql.conf");

  it.target.configuration.plan->left_out = {{"/etc/common", "/etc/common", false}};
  it.target.configuration.staying = {"/etc/b/conf.d/own.conf"};
  EXPECT_THAT(it.Said("configuration"),
              ElementsAre("warning: \"/etc/b/conf.d/own.conf\" of this host stays in effect",
                          "warning: included \"/etc/common\" is not taken over"));
}

TEST(CloneConfiguration, GoesIntoTheDataDirectoryWhereThereIsNoOtherPlace) {
  Clonable it;
  it.target.configuration.copies = true;
  it.target.configuration.outside = {{"/etc/a/postgresql.conf", false}};
  it.target.configuration.plan = TakenConfiguration{{{"/data/b/postgresql.conf", ""}}, {}, {}, {}};

  EXPECT_EQ(Told(it), "ok: the source's is taken over into \"/data/b\": postgresql.conf");
}

TEST(CloneConfiguration, RefusesWhatCannotBeTakenOver) {
  Clonable it;
  it.target.configuration.copies = true;
  it.target.configuration.folder = "/etc/b";
  it.target.configuration.plan = TakenConfiguration{};
  it.target.configuration.plan->problems = {{"rules", "would", "differ"}};
  EXPECT_THAT(it.Check(), ElementsAre(Problem{"rules", "would", "differ"}));

  it.target.configuration.is_writable = false;
  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "cannot write to the configuration in \"/etc/b\"",
                              "The source's files could not be taken over.",
                              "Let its folders belong to the user who runs the server, or leave "
                              "out --config=copy."}));

  it.target.configuration.unreadable = {"no", "right", "to read"};
  EXPECT_THAT(it.Check(), ElementsAre(Problem{"no", "right", "to read"}));
}

}  // namespace
}  // namespace baton::core
