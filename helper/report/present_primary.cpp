#include "helper/report/present_primary.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace baton::helper {

std::string PresentPrimary(const std::string& asked, const std::vector<ClusterRow>& rows) {
  std::vector<std::string> primaries;
  std::string silent;
  for (const ClusterRow& row : rows) {
    if (row.role != "primary") continue;
    if (row.reachable) {
      primaries.push_back(row.name);
    } else {
      silent += fmt::format("{}Node \"{}\" was the primary when it was last seen{}{}.",
                            silent.empty() ? "" : " ", row.name, row.error.empty() ? "" : ": ",
                            row.error);
    }
  }
  if (primaries.size() == 1) return primaries.front();
  if (primaries.empty()) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("no primary answers node \"{}\"", asked), silent,
                      "See pg_baton status. Where the primary is gone: pg_baton promote.");
  }
  std::string names;
  for (const std::string& name : primaries) {
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
  }
  throw core::Error(core::ErrorCode::kRefused,
                    fmt::format("{} nodes answer as primary", primaries.size()),
                    fmt::format("By the word of node \"{}\": {}.", asked, names),
                    "Stop the one that should not be it, then pg_baton rejoin there.");
}

}  // namespace baton::helper
