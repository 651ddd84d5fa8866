// What pg_controldata says about a data directory whose server is down.
#pragma once

#include <string>

#include "core/lsn.hpp"

namespace baton::helper {

struct ControlData {
  std::string state;  // "shut down", "in production", "in archive recovery", ...
  std::string system_identifier;
  core::TimelineId timeline = 0;
  bool wal_log_hints = false;
  bool data_checksums = false;
};

ControlData ParseControlData(const std::string& text);

// Runs pg_controldata; throws if it fails.
ControlData ReadControlData(const std::string& program, const std::string& directory);

}  // namespace baton::helper
