// One row of an archive's audit: what was found, and what it means for a restore.
#pragma once

#include <string>

#include "core/finding.hpp"

namespace baton::core {

struct ArchiveFinding {
  Status severity = Status::kUnknown;
  std::string kind;     // a word that stays, "missing_segment"
  std::string file;     // its name in the archive; empty if it is about the whole
  std::string message;  // for people: lower case, no full stop
  std::string meaning;  // for a restore, a whole sentence; may be empty

  bool operator==(const ArchiveFinding&) const = default;
};

}  // namespace baton::core
