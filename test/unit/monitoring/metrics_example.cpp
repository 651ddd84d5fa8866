// Prints the metrics of a node of which everything is known, for promtool to judge.
#include <cstdio>

#include "test/unit/monitoring/example.hpp"

int main() {
  const std::string text = baton::core::MetricsText(baton::core::RichExample());
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
