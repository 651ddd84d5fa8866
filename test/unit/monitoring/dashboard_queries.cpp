// Prints the queries of the dashboard named by the argument as a file of rules, for promtool to
// judge them; JSON is YAML too.
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace {

// What Grafana puts in, where the language allows no letters.
std::string FilledIn(std::string query) {
  static constexpr std::string_view kRange = "$__range";
  for (auto at = query.find(kRange); at != std::string::npos; at = query.find(kRange)) {
    query.replace(at, kRange.size(), "1h");
  }
  return query;
}

nlohmann::json RulesOf(const nlohmann::json& dashboard) {
  nlohmann::json rules = nlohmann::json::array();
  for (const auto& panel : dashboard.at("panels")) {
    for (const auto& target : panel.value("targets", nlohmann::json::array())) {
      rules.push_back({{"record", fmt::format("dashboard:query_{}", rules.size())},
                       {"expr", FilledIn(target.at("expr").get<std::string>())}});
    }
  }
  return {{"groups", {{{"name", "dashboard"}, {"rules", rules}}}}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("dashboard_queries: name the dashboard\n", stderr);
    return 2;
  }
  try {
    std::ifstream file(arguments[1]);
    std::puts(RulesOf(nlohmann::json::parse(file)).dump(2).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dashboard_queries: \"%s\": %s\n", arguments[1], error.what());
    return 1;
  }
}
