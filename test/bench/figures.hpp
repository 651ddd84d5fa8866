// What bench programs count with, and where their parameters come from.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace baton::test {

// An environment variable's number, or the other one where it is not set.
int Number(const char* name, int otherwise);

double Seconds(const std::function<void()>& work);
// Of at least one value.
double Median(std::vector<double> values);

struct Interval {
  double mean = 0;
  double least = 0;  // of 95 % confidence
  double most = 0;
};

// Prints a pair of figures over all rounds and their ratio round by round, which it returns.
Interval Report(const std::string& what, const std::string& ours, const std::vector<double>& a,
                const std::string& other, const std::vector<double>& b, const std::string& unit);

// Says whether the first takes longer than the second, where less is better, as far as rounds tell.
// Returns true if it does.
bool Judge(const std::string& ours, const std::vector<double>& a, const std::string& other,
           const std::vector<double>& b, const Interval& ratio);

// What was done one after the other, with milliseconds.
using Steps = std::vector<std::pair<std::string, double>>;
double SumSeconds(const Steps& steps);
// The median of each step, in the order of the first round, of which there is one.
std::string StepMedians(const std::vector<Steps>& rounds);

// Tells the reader if files in this directory are in memory, where fsync costs nothing.
void WarnIfInMemory(const std::filesystem::path& directory);

// Memory of a process that no other one shares, in kB; 0 if it is not there.
long PrivateKilobytes(int pid);

}  // namespace baton::test
