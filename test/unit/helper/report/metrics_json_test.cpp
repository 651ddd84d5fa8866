#include "helper/report/metrics_json.hpp"

#include <gtest/gtest.h>

namespace baton::helper {
namespace {

using nlohmann::json;

TEST(MetricsJson, HasAFamilyWithItsSamples) {
  const json metrics = MetricsJson(
      "# HELP pg_baton_lag How late.\n"
      "# TYPE pg_baton_lag gauge\n"
      "pg_baton_lag{node=\"a\",kind=\"x\"} 1.5\n"
      "pg_baton_lag{node=\"b\"} 0\n"
      "# HELP pg_baton_up Whether.\n"
      "# TYPE pg_baton_up gauge\n"
      "pg_baton_up 1\n");

  EXPECT_EQ(metrics, json::parse(R"([
    {"name": "pg_baton_lag", "type": "gauge", "help": "How late.", "samples": [
      {"labels": {"node": "a", "kind": "x"}, "value": 1.5},
      {"labels": {"node": "b"}, "value": 0.0}]},
    {"name": "pg_baton_up", "type": "gauge", "help": "Whether.", "samples": [
      {"labels": {}, "value": 1.0}]}])"));
}

TEST(MetricsJson, UndoesTheEscapesOfLabels) {
  const json metrics = MetricsJson("m{a=\"x\\\"y\\\\z\\nw}, b=1\"} 2\n");

  EXPECT_EQ(metrics[0]["samples"][0]["labels"]["a"], "x\"y\\z\nw}, b=1");
  EXPECT_EQ(metrics[0]["samples"][0]["value"], 2.0);
}

TEST(MetricsJson, TakesWhatIsNoNumberForNothing) {
  EXPECT_TRUE(MetricsJson("m NaN\n")[0]["samples"][0]["value"].is_null());
  EXPECT_TRUE(MetricsJson("m +Inf\n")[0]["samples"][0]["value"].is_null());
}

TEST(MetricsJson, LeavesOutWhatIsNoLineOfTheFormat) {
  EXPECT_EQ(MetricsJson(""), json::array());
  EXPECT_EQ(MetricsJson("m{a=\"1} 2\nm{a} 2\nm\n# a comment\n\n"), json::array());
}

}  // namespace
}  // namespace baton::helper
