// pg_baton metrics: what Prometheus gets of a server that is there, and of one that is not.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kUpHelp =
    "# HELP pg_baton_up Whether the server answered this scrape.\n"
    "# TYPE pg_baton_up gauge\n";

class MetricsCommand : public testing::Test {
 protected:
  MetricsCommand() : a_(cluster_.InitPrimary("a")) {
    a_.Sql("CREATE ROLE monitor LOGIN IN ROLE pg_monitor");
  }
  ~MetricsCommand() override { End(); }

  std::vector<std::string> Arguments(const std::vector<std::string>& more = {}) {
    return Arguments(a_, more);
  }
  std::vector<std::string> Arguments(const Node& node, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"metrics",
                                          "-h",
                                          cluster_.directory().string(),
                                          "-p",
                                          std::to_string(node.port()),
                                          "-U",
                                          "monitor",
                                          "--timeout=2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // Serves at a port that is free, and finds out at which.
  bool Begin() { return Begin(a_); }
  bool Begin(const Node& node) {
    std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
    for (const std::string& argument : Arguments(node, {"--listen=0"})) {
      arguments.push_back(argument);
    }
    const fs::path output = cluster_.directory() / "metrics.out";
    pid_ = Spawn(arguments, output);
    const std::string lead = "serving http://127.0.0.1:";
    return Eventually([&] {
      const std::string text = helper::ReadFileIfThere(output).value_or("");
      if (!text.starts_with(lead) || text.find('\n') == std::string::npos) return false;
      port_ = std::stoi(text.substr(lead.size()));
      return true;
    });
  }
  int End() {
    if (pid_ == 0) return 0;
    SendSignal(pid_, SIGTERM);
    const int code = WaitFor(pid_);
    pid_ = 0;
    return code;
  }
  std::string Get(const std::string& path) {
    httplib::Client client("127.0.0.1", port_);
    const httplib::Result result = client.Get(path.c_str());
    return result ? fmt::format("{} {}", result->status, result->body) : "no answer";
  }

  Cluster cluster_;
  Node& a_;
  pid_t pid_ = 0;
  int port_ = 0;
};

TEST_F(MetricsCommand, TheyArePrintedForAMemberOfPgMonitor) {
  const HelperResult result = cluster_.Helper(Arguments());

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, StartsWith("# "));
  EXPECT_THAT(result.output, HasSubstr("pg_baton_check_status{"));
}

TEST_F(MetricsCommand, TheyArePrintedAsJson) {
  const HelperResult result = cluster_.Helper(Arguments({"--format=json"}));

  EXPECT_EQ(result.exit_code, 0) << result.output;
  const auto metrics = nlohmann::json::parse(result.output)["metrics"];
  EXPECT_GT(metrics.size(), 10u);
  for (const auto& family : metrics) {
    EXPECT_THAT(family["name"].get<std::string>(), StartsWith("pg_baton_"));
    EXPECT_NE(family["help"], "");
    EXPECT_NE(family["type"], "untyped") << family;
  }
  EXPECT_EQ(cluster_.Helper(Arguments({"--format=json", "--listen=0"})).exit_code, 2);
}

TEST_F(MetricsCommand, TheyAreServedAnewAtEachRequest) {
  ASSERT_TRUE(Begin());

  const std::string up = Get("/metrics");
  a_.Stop();
  const std::string down = Get("/metrics");
  a_.Start();
  const std::string again = Get("/metrics");

  EXPECT_THAT(up, StartsWith(fmt::format("200 {}pg_baton_up 1\n# ", kUpHelp)));
  EXPECT_EQ(down, fmt::format("200 {}pg_baton_up 0\n", kUpHelp));
  EXPECT_THAT(again, StartsWith(fmt::format("200 {}pg_baton_up 1\n# ", kUpHelp)));
  EXPECT_EQ(Get("/-/healthy"), "200 ok\n");
  EXPECT_THAT(Get("/other"), StartsWith("404"));
  EXPECT_EQ(End(), 0);
}

TEST_F(MetricsCommand, ALoadBalancerLearnsWhereThePrimaryIs) {
  ASSERT_TRUE(Begin());

  EXPECT_EQ(Get("/primary"), "200 primary, write gate open\n");
  EXPECT_EQ(Get("/standby"), "503 primary, write gate open\n");
  a_.Sql("SELECT baton.fence('a test')");
  EXPECT_EQ(Get("/primary"), "503 primary, write gate closed\n");
  a_.Sql("SELECT baton.unfence()");
  EXPECT_TRUE(Eventually([&] { return Get("/primary") == "200 primary, write gate open\n"; }));
  a_.Stop();
  EXPECT_THAT(Get("/primary"), StartsWith("503 could not connect to the server"));
}

TEST_F(MetricsCommand, ALoadBalancerLearnsWhereAStandbyIs) {
  Node& b = cluster_.Clone("b", a_);
  ASSERT_TRUE(Begin(b));

  EXPECT_TRUE(
      Eventually([&] { return Get("/standby") == "200 standby, streaming, replay lag ok\n"; }));
  EXPECT_EQ(Get("/primary"), "503 standby, streaming, replay lag ok\n");
  a_.Stop();
  EXPECT_EQ(b.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  EXPECT_TRUE(Eventually([&] { return Get("/primary") == "200 primary, write gate open\n"; }));
  EXPECT_THAT(Get("/standby"), StartsWith("503 primary"));
}

TEST_F(MetricsCommand, APortThatIsTakenIsNamed) {
  ASSERT_TRUE(Begin());

  const HelperResult second = cluster_.Helper(Arguments({fmt::format("--listen={}", port_)}));

  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.output,
            fmt::format("pg_baton: error: could not listen at 127.0.0.1:{}\n"
                        "pg_baton: hint: Choose an address of this host, and a port that nobody "
                        "else listens on.\n",
                        port_));
}

}  // namespace
}  // namespace baton::test
