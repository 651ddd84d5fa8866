#include "test/bench/figures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace baton::test {
namespace {

// Student's t for 95 %, two-sided, by degrees of freedom; the normal's beyond the table.
double StudentT(std::size_t degrees) {
  static constexpr double kTable[] = {0,     12.706, 4.303, 3.182, 2.776,
                                      2.571, 2.447,  2.365, 2.306, 2.262};
  return degrees < std::size(kTable) ? kTable[degrees] : 1.96;
}

Interval IntervalOf(const std::vector<double>& values) {
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean);
  const std::size_t degrees = values.size() - 1;
  const double half = degrees == 0
                          ? 0
                          : StudentT(degrees) * std::sqrt(variance / static_cast<double>(degrees) /
                                                          static_cast<double>(values.size()));
  return {mean, mean - half, mean + half};
}

}  // namespace

int Number(const char* name, int otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

double Seconds(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Interval Report(const std::string& what, const std::string& ours, const std::vector<double>& a,
                const std::string& other, const std::vector<double>& b, const std::string& unit) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  const Interval ratio = IntervalOf(ratios);
  fmt::print(
      "{}\n  {:<28} median {:.3f} {}\n  {:<28} median {:.3f} {}\n"
      "  ratio round by round: mean {:.3f}, 95 % confidence {:.3f} to {:.3f}, {} rounds\n",
      what, ours, Median(a), unit, other, Median(b), unit, ratio.mean, ratio.least, ratio.most,
      ratios.size());
  std::fflush(stdout);
  return ratio;
}

bool Judge(const std::string& ours, const std::vector<double>& a, const std::string& other,
           const std::vector<double>& b, const Interval& ratio) {
  // One round in which the disk was busy makes the interval wide, so the rounds are counted too.
  std::size_t slower = 0;
  std::vector<std::string> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) {
    slower += a[i] > b[i] ? 1 : 0;
    ratios.push_back(fmt::format("{:.3f}", a[i] / b[i]));
  }
  const std::string count =
      fmt::format("in {} of {} rounds; ratio of medians {:.3f}, of rounds {}", slower, a.size(),
                  Median(a) / Median(b), fmt::join(ratios, " "));
  const bool is_slower = ratio.least > 1 || slower == a.size();
  if (is_slower) {
    fmt::print("{} is slower than {}, {}\n", ours, other, count);
  } else if (ratio.most < 1 || slower == 0) {
    fmt::print("{} is faster than {}, slower {}\n", ours, other, count);
  } else {
    fmt::print("{} and {} cannot be told apart: slower {}\n", ours, other, count);
  }
  std::fflush(stdout);
  return is_slower;
}

double SumSeconds(const Steps& steps) {
  double seconds = 0;
  for (const auto& [name, milliseconds] : steps) seconds += milliseconds / 1000;
  return seconds;
}

std::string StepMedians(const std::vector<Steps>& rounds) {
  std::vector<std::string> parts;
  for (const auto& [name, first] : rounds.front()) {
    std::vector<double> values;
    for (const Steps& steps : rounds) {
      for (const auto& [other, milliseconds] : steps) {
        if (other == name) values.push_back(milliseconds);
      }
    }
    parts.push_back(fmt::format("{} {:.0f}", name, Median(values)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void WarnIfInMemory(const std::filesystem::path& directory) {
  struct statfs file_system {};
  statfs(directory.c_str(), &file_system);
  if (file_system.f_type != TMPFS_MAGIC) return;
  fmt::print("!!!! the data directories are in memory, where fsync costs nothing\n");
  std::fflush(stdout);
}

long PrivateKilobytes(int pid) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  std::string line;
  long sum = 0;
  while (std::getline(file, line)) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    sum += std::strtol(line.c_str() + line.find(':') + 1, nullptr, 10);
  }
  return sum;
}

}  // namespace baton::test
