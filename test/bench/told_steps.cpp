#include "test/bench/told_steps.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <stdexcept>

#include "helper/system/process.hpp"

namespace baton::test {

Steps ToldSteps(const std::vector<std::string>& arguments, const std::string& first,
                const std::vector<Mark>& marks, const std::string& needed) {
  using Clock = std::chrono::steady_clock;
  Steps steps = {{first, 0}};
  auto began = Clock::now();
  const auto end_step = [&] {
    const auto now = Clock::now();
    steps.back().second = std::chrono::duration<double, std::milli>(now - began).count();
    began = now;
  };
  helper::ProcessOptions process;
  process.on_line = [&](const std::string& line) {
    const auto mark = std::find_if(marks.begin(), marks.end(), [&](const Mark& one) {
      return line.find(one.words) != std::string::npos;
    });
    if (mark == marks.end() || steps.back().first == mark->step) return;
    end_step();
    steps.emplace_back(mark->step, 0);
  };
  const helper::ProcessResult result = helper::RunProcess(arguments, process);
  end_step();
  const bool has_needed = std::any_of(steps.begin(), steps.end(),
                                      [&](const auto& step) { return step.first == needed; });
  if (result.exit_code != 0 || !has_needed) {
    throw std::runtime_error(fmt::format("no step \"{}\":\n{}", needed, result.output));
  }
  return steps;
}

}  // namespace baton::test
