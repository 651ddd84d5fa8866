#include "helper/setup/node_rules.hpp"

#include <fmt/format.h>

#include "helper/config/hba_file.hpp"

namespace baton::helper {

void EnsureNodeRules(Setup& setup) {
  const fs::path& file = setup.places.hba_file;
  std::vector<std::string> addresses = {setup.request.advertise};
  addresses.insert(addresses.end(), setup.request.allow.begin(), setup.request.allow.end());
  const std::vector<std::string> lines = HbaLines(addresses, kNodeRole, setup.places.database);
  const std::string before = ReadFile(file);
  const std::string after = WithHbaLines(before, lines);
  if (before == after) return;
  for (const std::string& line : lines) {
    if (before.find(line) == std::string::npos) {
      setup.Change(fmt::format("add to \"{}\": {}", file.string(), line));
    }
  }
  if (setup.dry_run()) return;
  KeepFirst(file, before);
  ReplaceFile(file, after);
  const std::string error = setup.server.Value(
      "SELECT format('line %s: %s', line_number, error) FROM pg_hba_file_rules WHERE error IS NOT "
      "NULL");
  if (!error.empty()) {
    ReplaceFile(file, before);
    throw core::Error(core::ErrorCode::kFailed, "pg_hba.conf would not be valid", error,
                      "It was put back as it was; mend it first.");
  }
  setup.Reload();
}

}  // namespace baton::helper
