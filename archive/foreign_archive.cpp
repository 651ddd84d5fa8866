#include "archive/foreign_archive.hpp"

#include "archive/store.hpp"
#include "core/archive_layout.hpp"

namespace baton::archive {
namespace {

bool IsFolder(const fs::directory_entry& entry) {
  std::error_code unknown;
  return fs::is_directory(entry.symlink_status(unknown));
}

// The tool that the first names tell that tell one for sure; else one of two, or none.
std::string ToolIn(fs::directory_iterator entries) {
  std::string tool;
  for (const fs::directory_entry& entry : entries) {
    const std::string_view told = core::ToolOf(entry.path().filename().string(), IsFolder(entry));
    if (!told.empty()) tool = told;
    if (!tool.empty() && tool != core::kEitherTool) break;
  }
  return tool;
}

}  // namespace

std::string ForeignTool(const fs::path& folder) {
  std::string tool = ToolIn(fs::directory_iterator(folder));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!tool.empty()) break;
    if (!IsFolder(entry) || entry.path().filename() == kIncomingFolder) continue;
    std::error_code unreadable;
    tool = ToolIn(fs::directory_iterator(entry.path(), unreadable));
  }
  return tool;
}

}  // namespace baton::archive
