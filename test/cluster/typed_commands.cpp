#include "test/cluster/typed_commands.hpp"

#include <regex>
#include <sstream>

namespace baton::test {
namespace {

constexpr const char* kFence = "```";

void TakeHeading(const std::string& line, TypedCommand& here) {
  here.section = line.substr(line.find_first_not_of("# "));
  if (line.starts_with("## ")) here.chapter = here.section;
  here.host.clear();
}

void TakeHost(const std::string& prose, TypedCommand& here) {
  static const std::regex words(R"(\b(?:[Oo]n|[Ff]rom) (a|b|both|either)(?: hosts?)?[:,])");
  for (std::sregex_iterator found(prose.begin(), prose.end(), words), end; found != end; ++found) {
    here.host = (*found)[1];
  }
}

}  // namespace

std::vector<TypedCommand> CommandsIn(const std::string& document) {
  std::vector<TypedCommand> commands;
  TypedCommand here;
  bool is_block = false;
  bool goes_on = false;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    ++here.line;
    const bool is_fence = line.starts_with(kFence);
    if (is_fence) is_block = !is_block;
    if (!is_block && !is_fence) {
      line.starts_with("##") ? TakeHeading(line, here) : TakeHost(line, here);
    } else if (goes_on) {
      commands.back().text += "\n" + line;
    } else if (!line.empty() && line != kFence) {
      here.text = line;
      commands.push_back(here);
    }
    goes_on = is_block && line.ends_with('\\');
  }
  return commands;
}

}  // namespace baton::test
