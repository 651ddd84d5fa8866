// What bench programs count with, and where their parameters come from.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

namespace baton::test {

// An environment variable's number, or the other one where it is not set.
int Number(const char* name, int otherwise);

double Seconds(const std::function<void()>& work);
// Of at least one value.
double Median(std::vector<double> values);

// Memory of a process that no other one shares, in kB; 0 if it is not there.
long PrivateKilobytes(int pid);

}  // namespace baton::test
