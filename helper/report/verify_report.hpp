// What baton.verify_replication() found, as `pg_baton verify` tells it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace baton::helper {

// One registered standby.
struct SightingRow {
  std::string name;
  std::string written_lsn;  // of the row on the primary
  std::optional<double>
      elapsed_ms;      // from its commit until it was readable there; none: it was not
  std::string reason;  // why it was not; empty: it was
};

// A line a standby.
std::vector<std::string> VerifyLines(const std::vector<SightingRow>& rows);
// A list with an object a standby.
nlohmann::json VerifyJson(const std::vector<SightingRow>& rows);
// What is not proven; empty if the row was readable on every standby, and there is one.
std::string NotVerified(const std::vector<SightingRow>& rows);

}  // namespace baton::helper
