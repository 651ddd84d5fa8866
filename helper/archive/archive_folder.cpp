#include "helper/archive/archive_folder.hpp"

#include <fmt/format.h>

#include "core/archive_name.hpp"
#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {

namespace fs = std::filesystem;

std::string NewestSegment(const fs::path& archive) {
  std::string newest;
  std::error_code error;
  for (fs::directory_iterator entry(archive, error), end; !error && entry != end;
       entry.increment(error)) {
    CheckInterrupt();
    const auto name = core::ParseArchivedName(entry->path().filename().string());
    if (!name || name->kind != core::ArchivedKind::kSegment) continue;
    // Names begin with the timeline and have all the same length.
    if (name->name > newest) newest = name->name;
  }
  if (!error) return newest;
  throw core::Error(core::ErrorCode::kFailed, fmt::format("could not read directory \"{}\": {}",
                                                          archive.string(), error.message()));
}

}  // namespace baton::helper
