// Faults that can be made in an archive, each with all that its audit finds then.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "test/unit/archive/audited_archive.hpp"

namespace baton::test {

struct AuditFault {
  const char* name;
  std::function<void(const AuditedArchive&)> make;
  // As AuditedArchive::Findings writes them.
  std::function<std::vector<std::string>(const AuditedArchive&)> findings;
};

std::vector<AuditFault> AuditFaults();

// What it means that this segment is no good.
std::string Cannot(const AuditedArchive& archive, int number);

}  // namespace baton::test
