#include "core/taken_configuration.hpp"

#include <gmock/gmock.h>
#include <set>

#include "test/unit/core/problem_text.hpp"

namespace baton::core {

// How GoogleTest prints one.
inline void PrintTo(const LeftOut& left_out, std::ostream* out) {
  *out << left_out.there << " -> " << left_out.here << (left_out.is_here ? ", here" : "");
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Kind = ConfigurationFile::Kind;

// A source as Debian has it, and a new server of another name.
class TakenConfigurationTest : public testing::Test {
 protected:
  TakenConfigurationTest() {
    source_.data_directory = "/var/a";
    source_.config_file = "/etc/a/postgresql.conf";
    source_.hba_file = "/etc/a/pg_hba.conf";
    source_.ident_file = "/etc/a/pg_ident.conf";
    place_.data_directory = "/var/b";
    place_.folder = "/etc/b";
    place_.own = {{"data_directory", "/var/b"},
                  {"hba_file", "/etc/b/pg_hba.conf"},
                  {"ident_file", "/etc/b/pg_ident.conf"},
                  {"external_pid_file", "/run/b.pid"}};
    Has(Kind::kSettings, source_.config_file,
        "data_directory = '/var/a'\n"
        "hba_file = '/etc/a/pg_hba.conf'\n"
        "ident_file = '/etc/a/pg_ident.conf'\n"
        "external_pid_file = '/run/a.pid'\n"
        "work_mem = 5MB\n");
    Has(Kind::kHba, source_.hba_file, "local all all peer\n");
    Has(Kind::kIdent, source_.ident_file, "# none\n");
  }

  void Has(Kind kind, const std::string& path, const std::string& text) {
    source_.files.push_back({kind, path, text});
  }
  void Adds(const std::string& line) { source_.files.front().text += line + "\n"; }

  TakenConfiguration Plan() const {
    return PlanConfiguration(source_, place_,
                             [this](const std::string& path) { return here_.contains(path); });
  }
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const PlacedFile& file : Plan().files) files[file.path] = file.text;
    return files;
  }
  std::string Settings() const { return Files()[place_.folder + "/postgresql.conf"]; }

  SourceConfiguration source_;
  ConfigurationPlace place_;
  std::set<std::string> here_;
};

TEST_F(TakenConfigurationTest, ChangesThePlacesOfTheHostAndNothingElse) {
  EXPECT_THAT(Files(), ElementsAre(Pair("/etc/b/pg_hba.conf", "local all all peer\n"),
                                   Pair("/etc/b/pg_ident.conf", "# none\n"),
                                   Pair("/etc/b/postgresql.conf",
                                        "data_directory = '/var/b'\n"
                                        "hba_file = '/etc/b/pg_hba.conf'\n"
                                        "ident_file = '/etc/b/pg_ident.conf'\n"
                                        "external_pid_file = '/run/b.pid'\n"
                                        "work_mem = 5MB\n")));
  EXPECT_THAT(Plan().left_out, IsEmpty());
  EXPECT_THAT(Plan().problems, IsEmpty());
}

TEST_F(TakenConfigurationTest, WritesPostgresqlConfLastAndWhatIsIncludedBefore) {
  Adds("include_dir = 'conf.d'");
  Has(Kind::kSettings, "/etc/a/conf.d/x.conf", "port = 1\n");

  const TakenConfiguration plan = Plan();

  EXPECT_EQ(plan.files.front().path, "/etc/b/conf.d/x.conf");
  EXPECT_EQ(plan.files.back().path, "/etc/b/postgresql.conf");
  EXPECT_THAT(plan.folders, ElementsAre("/etc/b/conf.d"));
}

TEST_F(TakenConfigurationTest, ChangesThePlacesInIncludedFilesToo) {
  Adds("include 'conf.d/x.conf'");
  Has(Kind::kSettings, "/etc/a/conf.d/x.conf", "external_pid_file = '/run/x.pid'\n");

  EXPECT_EQ(Files()["/etc/b/conf.d/x.conf"], "external_pid_file = '/run/b.pid'\n");
}

TEST_F(TakenConfigurationTest, AddsPlacesThatTheSourceDoesNotName) {
  source_.files.front().text = "work_mem = 5MB";
  place_.own.erase("external_pid_file");

  EXPECT_EQ(Settings(),
            "work_mem = 5MB\n"
            "\n"
            "# pg_baton: places of this host\n"
            "data_directory = '/var/b'\n"
            "hba_file = '/etc/b/pg_hba.conf'\n"
            "ident_file = '/etc/b/pg_ident.conf'\n");
}

TEST_F(TakenConfigurationTest, KnowsTheUsualPlacesWhereTheHostHasNoConfigurationYet) {
  place_.own = {{"data_directory", "/etc/b"}};

  EXPECT_EQ(Settings(),
            "data_directory = '/var/b'\n"
            "hba_file = '/etc/b/pg_hba.conf'\n"
            "ident_file = '/etc/b/pg_ident.conf'\n"
            "#external_pid_file = '/run/a.pid'\n"
            "work_mem = 5MB\n");
}

TEST_F(TakenConfigurationTest, PutsRulesWhereTheHostReadsThem) {
  place_.own["hba_file"] = "/etc/rules/b.conf";

  EXPECT_EQ(Files()["/etc/rules/b.conf"], "local all all peer\n");
  EXPECT_THAT(Settings(), testing::HasSubstr("hba_file = '/etc/rules/b.conf'\n"));
}

TEST_F(TakenConfigurationTest, InTheDataDirectoryNoPlaceIsNamed) {
  place_ = {"/var/b", "/var/b", {}};

  EXPECT_EQ(Files()["/var/b/pg_hba.conf"], "local all all peer\n");
  EXPECT_EQ(Settings(),
            "#data_directory = '/var/a'\n"
            "#hba_file = '/etc/a/pg_hba.conf'\n"
            "#ident_file = '/etc/a/pg_ident.conf'\n"
            "#external_pid_file = '/run/a.pid'\n"
            "work_mem = 5MB\n");
}

TEST_F(TakenConfigurationTest, LetsAbsolutePathsBelowTheFolderLeadToTheNewOne) {
  Adds("include '/etc/a/conf.d/x.conf'");
  Has(Kind::kSettings, "/etc/a/conf.d/x.conf", "include '/etc/a/y.conf'\n");
  Has(Kind::kSettings, "/etc/a/y.conf", "");

  EXPECT_THAT(Settings(), testing::EndsWith("include 'conf.d/x.conf'\n"));
  EXPECT_EQ(Files()["/etc/b/conf.d/x.conf"], "include '../y.conf'\n");
}

TEST_F(TakenConfigurationTest, LeavesOutWhatIsIncludedFromOutside) {
  Adds("include '/etc/common.conf'");
  Adds("include_dir '../shared.d'");

  EXPECT_THAT(Plan().left_out, ElementsAre(LeftOut{"/etc/common.conf", "/etc/common.conf", false},
                                           LeftOut{"/etc/shared.d", "/etc/shared.d", false}));
  EXPECT_THAT(Settings(), testing::EndsWith("#include '/etc/common.conf'\n"
                                            "#include_dir '../shared.d'\n"));
  EXPECT_EQ(LeftOutText(Plan().left_out.front()),
            (Problem{"included \"/etc/common.conf\" is not taken over",
                     "It lies outside of the folder of the source's configuration; the line that "
                     "includes it becomes a comment.",
                     "Put it to \"/etc/common.conf\" before, if the new server is to have it."}));
}

TEST_F(TakenConfigurationTest, ReadsTheHostsOwnWhereItHasWhatIsIncludedFromOutside) {
  Adds("include '/etc/common.conf'");
  here_ = {"/etc/common.conf"};

  EXPECT_THAT(Plan().left_out, ElementsAre(LeftOut{"/etc/common.conf", "/etc/common.conf", true}));
  EXPECT_THAT(Settings(), testing::EndsWith("\ninclude '/etc/common.conf'\n"));
}

TEST_F(TakenConfigurationTest, TakesFilesThatRulesInclude) {
  source_.files[1].text = "host @names all all reject\n";
  Has(Kind::kHba, "/etc/a/names", "app\n");

  EXPECT_EQ(Files()["/etc/b/names"], "app\n");
  EXPECT_THAT(Plan().problems, IsEmpty());
}

// A rule that rejects must not be lost.
TEST_F(TakenConfigurationTest, RefusesRulesThatWouldNotBeTheSame) {
  source_.files[1].text = "host @/etc/common all all reject\n";
  EXPECT_THAT(Plan().problems,
              ElementsAre(Problem{
                  "\"/etc/a/pg_hba.conf\" of the source includes \"/etc/common\", which is not on "
                  "this host",
                  "It cannot be taken over, and without it the rules would not be the same.",
                  "Put it to \"/etc/common\"."}));

  here_ = {"/etc/common"};
  EXPECT_THAT(Plan().problems, IsEmpty());
  EXPECT_THAT(Plan().left_out, ElementsAre(LeftOut{"/etc/common", "/etc/common", true}));
}

TEST_F(TakenConfigurationTest, KnowsWhatDoesNotComeWithTheData) {
  EXPECT_EQ(source_.Outside().size(), 3U);

  source_.config_file = "/var/a/postgresql.conf";
  source_.ident_file = "/var/a/pg_ident.conf";
  EXPECT_THAT(source_.Outside(), ElementsAre("/etc/a/pg_hba.conf"));
  EXPECT_TRUE(source_.IsKnown());

  source_.hba_file = "";
  EXPECT_FALSE(source_.IsKnown());
}

}  // namespace
}  // namespace baton::core
