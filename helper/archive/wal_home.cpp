#include "helper/archive/wal_home.hpp"

#include <charconv>
#include <cstring>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

bool IsDataDirectory(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "PG_VERSION", ignored) &&
         fs::exists(folder / "global" / "pg_control", ignored);
}

std::uint64_t SystemIdentifierOf(const fs::path& data) {
  const fs::path file = data / "global" / "pg_control";
  const std::string content = ReadFile(file);
  std::uint64_t identifier = 0;
  if (content.size() >= sizeof(identifier)) {
    std::memcpy(&identifier, content.data(), sizeof(identifier));
  }
  if (identifier == 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("file \"{}\" is damaged", file.string()),
                      "It does not begin with a system identifier.");
  }
  return identifier;
}

int MajorOf(const fs::path& data) {
  const std::string content = ReadFile(data / "PG_VERSION");
  int major = 0;
  std::from_chars(content.data(), content.data() + content.size(), major);
  return major;
}

WalHome HomeAt(const fs::path& data) {
  return {data, {SystemIdentifierOf(data), 0, core::PageMagic(MajorOf(data))}};
}

}  // namespace

fs::path AsTheServerMeans(const fs::path& path, const fs::path& data) {
  return path.is_absolute() || data.empty() ? path : data / path;
}

std::optional<WalHome> FindWalHome(const fs::path& file, const fs::path& data) {
  if (!data.empty()) {
    if (IsDataDirectory(data)) return HomeAt(PlainPath(data));
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("\"{}\" is no data directory", data.string()),
                      "It has no PG_VERSION or no global/pg_control.");
  }
  const fs::path plain = PlainPath(file);
  for (fs::path folder = plain.parent_path();; folder = folder.parent_path()) {
    if (IsDataDirectory(folder)) return HomeAt(folder);
    if (folder == folder.parent_path()) break;
  }
  const fs::path here = PlainPath(".");
  if (IsDataDirectory(here)) return HomeAt(here);
  return std::nullopt;
}

}  // namespace baton::helper
