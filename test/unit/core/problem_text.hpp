// How GoogleTest prints a Problem.
#pragma once

#include <ostream>

#include "core/problem.hpp"

namespace baton::core {

inline void PrintTo(const Problem& problem, std::ostream* out) {
  *out << problem.message << " | " << problem.detail << " | " << problem.hint;
}

}  // namespace baton::core
