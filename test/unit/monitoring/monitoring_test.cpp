// That rules and dashboard in monitoring/, and the manual, speak of metrics and checks that there
// are.
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "test/unit/monitoring/example.hpp"

namespace baton::core {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

using Names = std::set<std::string>;

// The tests of run.sh may not be able to enter the checkout, and then have a copy.
std::string TextOf(const std::string& name) {
  const char* elsewhere = std::getenv("PG_BATON_MONITORING");
  const std::string folder = elsewhere ? elsewhere : PG_BATON_MONITORING;
  std::ifstream file(folder + "/" + name);
  EXPECT_TRUE(file) << "could not open " << folder << "/" << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string kRules = "pg_baton.rules.yml";
const std::string kRulesTest = "pg_baton.rules.test.yml";
const std::string kDashboard = "grafana-dashboard.json";
const std::string kOperations = "../doc/operations.md";

// What `pattern` finds in `text`, or what its first group does.
Names Found(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names names;
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i) {
    names.insert((*i)[regex.mark_count()].str());
  }
  return names;
}

Names Split(const Names& alternatives) {
  Names names;
  for (const std::string& words : alternatives) names.merge(Found(words, "[^|]+"));
  return names;
}

Names Less(Names names, const Names& others) {
  for (const std::string& name : others) names.erase(name);
  return names;
}

// pg_baton_up is added by whoever serves the text.
Names MetricsThatThereAre() {
  Names names = Found(MetricsText(RichExample()), "# TYPE ([a-z_]+) ");
  names.insert("pg_baton_up");
  return names;
}

Names MetricsIn(const std::string& text) { return Found(text, "\\bpg_baton_[a-z_]+\\b"); }

Names ChecksThatThereAre() {
  Names names;
  for (const CheckInfo& info : Checks()) names.emplace(info.name);
  return names;
}

// Fails the test where it is no JSON.
nlohmann::json Dashboard() { return nlohmann::json::parse(TextOf(kDashboard)); }

// The expressions of all panels.
Names QueriesOfTheDashboard() {
  const nlohmann::json dashboard = Dashboard();
  Names queries;
  for (const auto& panel : dashboard.at("panels")) {
    for (const auto& target : panel.value("targets", nlohmann::json::array())) {
      queries.insert(target.at("expr").get<std::string>());
    }
  }
  return queries;
}

TEST(Monitoring, ExampleHasEachMetricInOneFamily) {
  std::istringstream lines(MetricsText(RichExample()));
  Names seen;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(seen.insert(line).second) << line;
    }
  }
  EXPECT_THAT(seen, Not(IsEmpty()));
}

TEST(Monitoring, ExampleHasTheNumberOfEachCheckThatMeasures) {
  Names wanted;
  for (const CheckInfo& info : Checks()) {
    if (info.unit != Unit::kNone) wanted.insert(MetricName(info));
  }
  EXPECT_THAT(MetricsThatThereAre(), IsSupersetOf(wanted));
}

TEST(Monitoring, RulesUseOnlyMetricsThatThereAre) {
  const Names used =
      MetricsIn(std::regex_replace(TextOf(kRules), std::regex("pg_baton_rules"), ""));

  EXPECT_THAT(used, Not(IsEmpty()));
  EXPECT_THAT(Less(used, MetricsThatThereAre()), IsEmpty());
}

TEST(Monitoring, RulesAreTestedWithMetricsThatThereAre) {
  EXPECT_THAT(Less(MetricsIn(TextOf(kRulesTest)), MetricsThatThereAre()), IsEmpty());
}

TEST(Monitoring, RulesUseOnlyChecksThatThereAre) {
  const Names used = Split(Found(TextOf(kRules), "check[!=]~?\"([a-z_|]+)\""));

  EXPECT_THAT(used, Not(IsEmpty()));
  EXPECT_THAT(Less(used, ChecksThatThereAre()), IsEmpty());
}

TEST(Monitoring, RulesHaveAnAlertForEachCheckThatTheGeneralOnesLeaveOut) {
  const std::string rules = TextOf(kRules);
  const Names left_out = Split(Found(rules, "check!~\"([a-z_|]+)\""));
  const Names named = Split(Found(rules, "check=~?\"([a-z_|]+)\""));

  EXPECT_THAT(left_out, Not(IsEmpty()));
  EXPECT_THAT(Less(left_out, named), IsEmpty());
}

TEST(Monitoring, RulesHaveATestThatFiresForEachAlert) {
  const Names alerts = Found(TextOf(kRules), "alert: (PgBaton[A-Za-z]+)");
  const Names fired = Found(TextOf(kRulesTest), "alertname: (PgBaton[A-Za-z]+)\n +exp_alerts:");

  EXPECT_THAT(alerts, Not(IsEmpty()));
  EXPECT_EQ(fired, alerts);
}

TEST(Monitoring, RulesHaveATestThatIsSilentForEachAlert) {
  const Names alerts = Found(TextOf(kRules), "alert: (PgBaton[A-Za-z]+)");
  const Names silent =
      Found(TextOf(kRulesTest), "eval_time: 1h\n +alertname: (PgBaton[A-Za-z]+)\n(?! +exp_alerts)");

  EXPECT_EQ(silent, alerts);
}

TEST(Monitoring, OperationsNamesEachMetricThatThereIsAndNoOther) {
  EXPECT_EQ(Found(TextOf(kOperations), "`(pg_baton_[a-z_]+)`"), MetricsThatThereAre());
}

TEST(Monitoring, DashboardUsesOnlyMetricsThatThereAre) {
  Names used;
  for (const std::string& query : QueriesOfTheDashboard()) used.merge(MetricsIn(query));

  EXPECT_THAT(used, Not(IsEmpty()));
  EXPECT_THAT(Less(used, MetricsThatThereAre()), IsEmpty());
}

TEST(Monitoring, DashboardAsksOnlyForTheServersThatWereChosen) {
  for (const std::string& query : QueriesOfTheDashboard()) {
    EXPECT_EQ(
        Found(query, "pg_baton_[a-z_]+(?!\\{job=~\"\\$job\", instance=~\"\\$instance\"|[a-z_])"),
        Names{})
        << query;
  }
}

TEST(Monitoring, DashboardLetsChooseDatasourceJobAndInstance) {
  const nlohmann::json dashboard = Dashboard();
  Names names;
  for (const auto& variable : dashboard.at("templating").at("list")) {
    names.insert(variable.at("name").get<std::string>());
  }
  EXPECT_EQ(names, (Names{"datasource", "instance", "job"}));
}

TEST(Monitoring, DashboardSaysOfEachPanelWhatItShows) {
  std::set<int> ids;
  const nlohmann::json dashboard = Dashboard();
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << panel.at("id");
    if (panel.at("type") == "row") continue;
    EXPECT_NE(panel.at("description"), "") << panel.at("title");
    EXPECT_EQ(panel.at("datasource").at("uid"), "${datasource}") << panel.at("title");
    EXPECT_THAT(panel.at("targets"), Not(SizeIs(0))) << panel.at("title");
  }
  EXPECT_THAT(ids, Not(IsEmpty()));
}

}  // namespace
}  // namespace baton::core
