#include "helper/server/own_settings.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

ProcessResult Ask(const Programs& programs, const std::vector<std::string>& arguments,
                  const std::string& name) {
  std::vector<std::string> all = {programs.Path("postgres")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"-C", name});
  return RunProcess(all);
}

// Warnings about the configuration may stand before it.
std::string LastLine(const std::string& output) {
  // An empty value is an empty line.
  const std::string text = output.substr(0, output.empty() ? 0 : output.size() - 1);
  const auto begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

}  // namespace

std::string OwnSettings::Value(const std::string& name) const {
  const ProcessResult result = Ask(programs_, arguments_, name);
  if (result.exit_code == 0) return LastLine(result.output);
  throw core::Error(core::ErrorCode::kFailed, "could not read the configuration of the server",
                    result.output,
                    "On Debian it is not in the data directory: name its folder with --config-dir, "
                    "or the cluster with --cluster.");
}

std::string OwnSettings::ValueIfSet(const std::string& name) const {
  const ProcessResult result = Ask(programs_, arguments_, name);
  return result.exit_code == 0 ? LastLine(result.output) : "";
}

}  // namespace baton::helper
