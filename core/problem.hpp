// Why a command will not begin: every problem that a preflight found, all at once.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace baton::core {

// In the three parts of a PostgreSQL message.
struct Problem {
  std::string message;
  std::string detail;
  std::string hint;

  bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

class Refusal : public std::exception {
 public:
  explicit Refusal(Problems problems) : problems_(std::move(problems)) {}
  const char* what() const noexcept override { return "refused by a check"; }
  const Problems& problems() const { return problems_; }

 private:
  Problems problems_;
};

inline void RequireNone(Problems problems) {
  if (!problems.empty()) throw Refusal(std::move(problems));
}

}  // namespace baton::core
