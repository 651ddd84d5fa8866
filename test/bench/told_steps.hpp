// Steps of a program as it tells of them itself, line by line.
#pragma once

#include <string>
#include <vector>

#include "test/bench/figures.hpp"

namespace baton::test {

// A line with these words begins the step; further ones belong to it.
struct Mark {
  const char* words;
  const char* step;
};

// Runs the program, whose first step has no mark.  Throws unless it ends with 0 and has come to
// the step `needed`.
Steps ToldSteps(const std::vector<std::string>& arguments, const std::string& first,
                const std::vector<Mark>& marks, const std::string& needed);

}  // namespace baton::test
