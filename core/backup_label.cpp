#include "core/backup_label.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace baton::core {
namespace {

// The rest of the line that begins so; nullopt if there is none.
std::optional<std::string_view> Field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) {
      return line.substr(name.size() + 2);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<BackupLabel> ParseBackupLabel(std::string_view text) {
  BackupLabel label;
  const auto location = Field(text, "START WAL LOCATION");
  if (!location) return std::nullopt;
  const auto start = Lsn::Parse(location->substr(0, location->find(' ')));
  const auto timeline = Field(text, "START TIMELINE");
  if (!start || start->IsNone() || !timeline) return std::nullopt;
  label.start = *start;
  const auto parsed =
      std::from_chars(timeline->data(), timeline->data() + timeline->size(), label.timeline);
  if (parsed.ec != std::errc() || label.timeline == 0) return std::nullopt;
  const std::string_view stop = Field(text, "STOP WAL LOCATION").value_or("");
  label.stop = Lsn::Parse(stop.substr(0, stop.find(' '))).value_or(Lsn());
  label.start_time = Field(text, "START TIME").value_or("");
  label.label = Field(text, "LABEL").value_or("");
  label.is_incremental = Field(text, "INCREMENTAL FROM LSN").has_value();
  return label;
}

bool IsNewer(const BackupLabel& one, const BackupLabel& other) {
  return std::tie(one.timeline, one.start) > std::tie(other.timeline, other.start);
}

}  // namespace baton::core
