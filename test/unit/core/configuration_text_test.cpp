#include "core/configuration_text.hpp"

#include <gmock/gmock.h>

namespace baton::core {

// How GoogleTest prints one.
inline void PrintTo(const Inclusion& inclusion, std::ostream* out) {
  *out << static_cast<int>(inclusion.kind) << " " << inclusion.path;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Inclusion::Kind;

TEST(ConfigurationText, FindsWhatSettingsInclude) {
  EXPECT_THAT(InclusionsInSettings("port = 5432\n"
                                   "include 'one.conf'\n"
                                   "  INCLUDE_DIR = 'conf.d'  # all of it\n"
                                   "include_if_exists two.conf\r\n"
                                   "include='it''s \\'three\\''"),
              ElementsAre(Inclusion{Kind::kFile, "one.conf"}, Inclusion{Kind::kFolder, "conf.d"},
                          Inclusion{Kind::kFileIfThere, "two.conf"},
                          Inclusion{Kind::kFile, "it's 'three'"}));
}

TEST(ConfigurationText, FindsNoInclusionWhereThereIsNone) {
  EXPECT_THAT(InclusionsInSettings("#include 'one.conf'\n"
                                   "include\n"
                                   "include 'not closed\n"
                                   "include ''\n"
                                   "log_line_prefix = 'include x'\n"),
              ElementsAre(Inclusion{Kind::kFile, ""}));
  EXPECT_THAT(InclusionsInSettings(""), IsEmpty());
}

TEST(ConfigurationText, FindsWhatRulesInclude) {
  EXPECT_THAT(
      InclusionsInRules("# include no.conf\n"
                        "include one.conf\n"
                        "include_dir \"hba d\"\n"
                        "include_if_exists two.conf # or not\n"
                        "host app,@databases \"@name\" 10.0.0.0/8 scram-sha-256\n"
                        "local all @\"user list\" peer\n"),
      ElementsAre(Inclusion{Kind::kFile, "one.conf"}, Inclusion{Kind::kFolder, "hba d"},
                  Inclusion{Kind::kFileIfThere, "two.conf"}, Inclusion{Kind::kFile, "databases"},
                  Inclusion{Kind::kFile, "user list"}));
}

TEST(ConfigurationText, KnowsWhichNamesAFolderGives) {
  EXPECT_TRUE(IsReadFromFolder("10-memory.conf"));
  EXPECT_FALSE(IsReadFromFolder(".conf"));
  EXPECT_FALSE(IsReadFromFolder(".hidden.conf"));
  EXPECT_FALSE(IsReadFromFolder("memory.conf.before_pg_baton"));
}

TEST(ConfigurationText, KnowsWhatIsSet) {
  EXPECT_TRUE(HasSetting("\tData_Directory='/data'", "data_directory"));
  EXPECT_FALSE(HasSetting("#data_directory = '/data'\nhba_file = '/x'", "data_directory"));
}

TEST(ConfigurationText, ChangesValuesAndNothingElse) {
  EXPECT_EQ(WithChangedLines("# data_directory = 'comment'\n"
                             "data_directory = '/there'\t\t# use data in another directory\n"
                             "DATA_DIRECTORY /there# again\n"
                             "hba_file = '/there/pg_hba.conf'\n"
                             "port = 5432",
                             {{{"data_directory", "/it's here"}, {"hba_file", ""}}, {}}),
            "# data_directory = 'comment'\n"
            "data_directory = '/it''s here'\t\t# use data in another directory\n"
            "DATA_DIRECTORY '/it''s here'# again\n"
            "#hba_file = '/there/pg_hba.conf'\n"
            "port = 5432");
}

TEST(ConfigurationText, ChangesPathsThatAreIncluded) {
  EXPECT_EQ(WithChangedLines("include '/there/one.conf'\n"
                             "include_dir '/elsewhere'\n"
                             "include 'two.conf'\n",
                             {{}, {{"/there/one.conf", "one.conf"}, {"/elsewhere", ""}}}),
            "include 'one.conf'\n"
            "#include_dir '/elsewhere'\n"
            "include 'two.conf'\n");
}

TEST(ConfigurationText, QuotesAsTheServerReads) {
  EXPECT_EQ(SettingLine("external_pid_file", "/run/a'b\\c"),
            "external_pid_file = '/run/a''b\\\\c'");
}

}  // namespace
}  // namespace baton::core
