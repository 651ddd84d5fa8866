// The commands of README.md and doc/tutorial.md, as they stand there, on two hosts.
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/debian_host.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::ElementsAre;

// Programs whose commands are not run here, and why.
const std::map<std::string, std::string> kLeftOut = {
    {"apt-get", "it installs packages of the system; make test-package does that"},
    {"make", "it builds and installs what runs here already"},
    {"ln", "it puts pg_baton into the system's search path"},
};

std::string Document(const std::string& file) {
  const char* const elsewhere = std::getenv("PG_BATON_DOCUMENTS");
  return helper::ReadFile(fs::path(elsewhere ? elsewhere : PG_BATON_DOCUMENTS) / file);
}

std::string Program(const std::string& command) { return command.substr(0, command.find(' ')); }

std::vector<std::string> Hosts(const TypedCommand& command) {
  if (command.host == "both") return {"a", "b"};
  return {command.host == "either" ? "a" : command.host};
}

TEST(CommandsOfADocument, AreThoseOfItsBlocksWithTheHostThatTheTextNames) {
  const auto commands = CommandsIn(
      "```\nfirst\n```\n## One\n**1. On a: do it,** not on b; but\n```\nsecond \\\n  part\n"
      "third\n```\nThen on both hosts,\n```\nfourth\n```\n### Two\n```sql\nSELECT 1\n```\n");

  std::vector<std::string> said;
  for (const TypedCommand& command : commands) {
    said.push_back(fmt::format("{} {}/{} {}: {}", command.line, command.chapter, command.section,
                               command.host, command.text));
  }
  EXPECT_THAT(
      said, ElementsAre("2 / : first", "7 One/One a: second \\\n  part", "9 One/One a: third",
                        "13 One/One both: fourth", "16 One/Two : ```sql", "17 One/Two : SELECT 1"));
}

//   a (primary) <--- b            and what the documents say to do when a dies, and afterwards
class Documents : public Scenario {
 protected:
  Documents()
      : shared_(cluster_.directory() / "srv"),
        a_({kAddresses, kAddresses.at("10.0.0.1"), shared_}),
        b_({kAddresses, kAddresses.at("10.0.0.2"), shared_, a_.server().port()}) {
    fs::create_directory(shared_);
  }

  // Whoever connects to any of these comes from 127.0.0.1, so a lets b in by what it is told of b.
  static inline const std::map<std::string, std::string> kAddresses = {{"10.0.0.1", "127.0.0.2"},
                                                                       {"10.0.0.2", "127.0.0.1"}};

  // All commands of the file, or those of one chapter.
  void Open(const std::string& file, const std::string& chapter = "") {
    file_ = file;
    for (const TypedCommand& command : CommandsIn(Document(file))) {
      if (chapter.empty() || command.chapter == chapter) commands_.push_back(command);
    }
  }

  // Up to the first command that fails.
  testing::AssertionResult TypeSection(const std::string& section) {
    const std::size_t before = commands_.size();
    for (const TypedCommand& command : commands_) {
      if (command.section != section || kLeftOut.contains(Program(command.text))) continue;
      for (const std::string& host : Hosts(command)) {
        if (const auto works = Type(host, command); !works) return works;
      }
    }
    std::erase_if(commands_, [&](const TypedCommand& one) { return one.section == section; });
    if (commands_.size() < before) return testing::AssertionSuccess();
    return testing::AssertionFailure() << file_ << " has no command below \"" << section << '"';
  }

  void ExpectAllTyped() const {
    for (const TypedCommand& command : commands_) {
      ADD_FAILURE() << Place(command) << "no test runs it, and none lists it as left out";
    }
  }

  std::string Place(const TypedCommand& command) const {
    return fmt::format("{}:{}: {}\n", file_, command.line, command.text);
  }

  testing::AssertionResult Type(const std::string& host, TypedCommand command) {
    if (host != "a" && host != "b") {
      return testing::AssertionFailure()
             << Place(command) << R"(the text does not say on which host, as in "On a:" before it)";
    }
    if (const std::size_t at = command.text.find("LINE"); at != std::string::npos) {
      command.text.replace(at, 4, password_line_);
    }
    const HelperResult result = (host == "a" ? a_ : b_).Type(command);
    if (Program(command.text) == "grep") {
      password_line_ = result.output.substr(0, result.output.find('\n'));
    }
    if (result.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << Place(command) << "on " << host << " it ended with " << result.exit_code << ":\n"
           << result.output;
  }

  static testing::AssertionResult Streams(DebianHost& standby, DebianHost& primary, int timeline) {
    const auto streams =
        Returns(standby.server(), "SELECT role, state FROM baton.node_status", "standby|streaming");
    if (!streams) return streams;
    const auto leads = Leads(primary, timeline);
    if (!leads) return leads;
    primary.server().Sql(fmt::format("CREATE TABLE of_timeline_{} ()", timeline));
    WaitForReplay(primary.server(), standby.server());
    return testing::AssertionSuccess();
  }
  static testing::AssertionResult Leads(DebianHost& host, int timeline) {
    return Returns(host.server(), "SELECT role, state, timeline FROM baton.node_status",
                   fmt::format("primary|writable|{}", timeline));
  }
  static testing::AssertionResult MayBePromoted(DebianHost& host) {
    return Returns(host.server(),
                   "SELECT check_name FROM baton.promotion_check WHERE status = 'critical'", "");
  }

  // From a pair to a pair, by the sections that both documents have.
  void FailOverAndBack() {
    ASSERT_TRUE(Streams(b_, a_, 1));

    a_.server().Kill();
    ASSERT_TRUE(MayBePromoted(b_));
    ASSERT_TRUE(TypeSection("When a dies"));
    EXPECT_TRUE(Leads(b_, 2));

    ASSERT_TRUE(TypeSection("Bringing a back"));
    EXPECT_TRUE(Streams(a_, b_, 2));

    ASSERT_TRUE(TypeSection("Swapping roles"));
    EXPECT_TRUE(Streams(b_, a_, 3));
  }

  fs::path shared_;
  DebianHost a_;
  DebianHost b_;
  std::string file_;
  std::vector<TypedCommand> commands_;  // those that have not been typed yet
  std::string password_line_;           // LINE, as the documents call what grep printed
};

TEST_F(Documents, ReadmeLeadsFromTwoHostsToAPairThatSwapsRoles) {
  Open("README.md", "Five minutes on two hosts");

  ASSERT_TRUE(TypeSection("Five minutes on two hosts"));
  EXPECT_EQ(helper::ReadFile(a_.configuration() / "start.conf"), "manual\n");
  FailOverAndBack();

  ExpectAllTyped();
}

TEST_F(Documents, TutorialLeadsWhereTheOldOnesDid) {
  Open("doc/tutorial.md");

  ASSERT_TRUE(TypeSection("Setting up"));
  FailOverAndBack();

  ExpectAllTyped();
}

}  // namespace
}  // namespace baton::test
