#include "helper/report/lag_samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "helper/report/table.hpp"

namespace baton::helper {
namespace {

constexpr std::size_t kShown = 60;
constexpr std::array kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::optional<double> Largest(const std::deque<std::optional<double>>& seconds) {
  std::optional<double> largest;
  for (const auto& one : seconds) {
    if (one) largest = std::max(largest.value_or(0), *one);
  }
  return largest;
}

std::string Text(const std::optional<double>& seconds) {
  if (!seconds) return "unknown";
  return core::DurationText(std::chrono::microseconds(std::llround(*seconds * 1e6)));
}

}  // namespace

std::string Sparkline(const std::deque<std::optional<double>>& seconds) {
  const double scale = std::max(Largest(seconds).value_or(0), 1.0);
  std::string line;
  for (const auto& one : seconds) {
    if (!one) {
      line += '?';
      continue;
    }
    const double share = std::clamp(*one / scale, 0.0, 1.0);
    line += kBlocks[static_cast<std::size_t>(std::lround(share * (kBlocks.size() - 1)))];
  }
  return line;
}

void LagSamples::Add(const ClusterFacts& facts) {
  for (const NodeFacts& node : facts.nodes) {
    const bool is_standby = node.Answers() && node.row.role == "standby";
    if (node.Answers() && !is_standby) samples_.erase(node.row.name);
    if (!is_standby && !samples_.contains(node.row.name)) continue;
    auto& seconds = samples_[node.row.name];
    std::optional<double> lag;
    if (is_standby && node.row.replay_lag) {
      lag = std::chrono::duration<double>(*node.row.replay_lag).count();
    }
    seconds.push_back(lag);
    if (seconds.size() > kShown) seconds.pop_front();
  }
}

std::vector<std::string> LagSamples::Lines() const {
  std::size_t width = 0;
  for (const auto& [name, seconds] : samples_) width = std::max(width, DisplayWidth(name));
  std::vector<std::string> lines;
  for (const auto& [name, seconds] : samples_) {
    lines.push_back(fmt::format("{:<{}} {} now {}, at most {}", name, width, Sparkline(seconds),
                                Text(seconds.back()), Text(Largest(seconds))));
  }
  return lines;
}

}  // namespace baton::helper
