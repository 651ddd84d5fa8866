// The commands that a document lets its reader type: what stands between lines of ```.
#pragma once

#include <string>
#include <vector>

namespace baton::test {

struct TypedCommand {
  int line = 0;         // of the document, from 1
  std::string chapter;  // the heading of the second level above it
  std::string section;  // the nearest heading above it
  std::string host;     // as the text says: "a", "b", "both" or "either"; empty if it does not say
  std::string text;     // several lines, where backslashes join them
};

// The host is that of the last words such as "On a:" or "on both hosts," below the nearest heading.
// A block that says which language it is in begins with a command of its own, "```" and that name.
std::vector<TypedCommand> CommandsIn(const std::string& document);

}  // namespace baton::test
