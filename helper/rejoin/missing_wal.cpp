#include "helper/rejoin/missing_wal.hpp"

#include <fmt/format.h>
#include <fstream>

#include "core/error.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr std::int64_t kPieceBytes = 1024 * 1024;

std::string Unescaped(const Result& result, int row, int column) {
  std::size_t length = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      PQunescapeBytea(reinterpret_cast<const unsigned char*>(  // NOLINT: libpq wants it unsigned
                          PQgetvalue(result.get(), row, column)),
                      &length),
      &PQfreemem);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes.get()), length) : std::string();
}

}  // namespace

std::string_view PlaceName(WalPlace place) {
  switch (place) {
    case WalPlace::kHere:
      return "here";
    case WalPlace::kArchive:
      return "archive";
    case WalPlace::kSource:
      return "source";
    case WalPlace::kNowhere:
      break;
  }
  return "nowhere";
}

MissingWal::MissingWal(Connection& source, fs::path directory,
                       std::function<std::string()> restore_command, Cluster cluster)
    : source_(source),
      directory_(std::move(directory)),
      ask_for_command_(std::move(restore_command)),
      cluster_(std::move(cluster)) {}

WalPlace MissingWal::Fetch(const std::string& name, const fs::path& to, bool source_has_the_same) {
  for (const WalPlace place : {WalPlace::kArchive, WalPlace::kSource}) {
    if (place == WalPlace::kSource && !source_has_the_same) break;
    const bool there = place == WalPlace::kArchive ? FromArchive(name, to) : FromSource(name, to);
    if (there && (!core::IsSegmentName(name) || IsSound(to, name))) {
      Flush(to);
      return place;
    }
    std::error_code error;
    fs::remove(to, error);
  }
  return WalPlace::kNowhere;
}

bool MissingWal::IsInArchive(const std::string& name) const {
  const fs::path trial = directory_.string() + ".pg_baton_trial";
  const bool found = FromArchive(name, trial) && IsSound(trial, name);
  std::error_code error;
  fs::remove(trial, error);
  return found;
}

bool MissingWal::IsSound(const fs::path& file, const std::string& name) const {
  std::error_code error;
  if (fs::file_size(file, error) != cluster_.segment_bytes || error) return false;
  std::string head(core::kLongPageHeaderBytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(head.data(), static_cast<std::streamsize>(head.size()))) return false;
  const core::SegmentOrigin origin{std::stoull(cluster_.system_identifier), cluster_.segment_bytes};
  return core::SegmentFault(name, head, origin).empty();
}

bool MissingWal::FromArchive(const std::string& name, const fs::path& to) const {
  if (!restore_command_) restore_command_ = ask_for_command_();
  if (restore_command_->empty()) return false;
  const ProcessResult result =
      RunProcess({"/bin/sh", "-c",
                  fmt::format("cd {} && {}", CommandText({directory_.string()}),
                              core::ExpandRestoreCommand(*restore_command_, name, to.string()))});
  return result.exit_code == 0 && fs::is_regular_file(to);
}

bool MissingWal::FromSource(const std::string& name, const fs::path& to) {
  const auto content = ReadFromSource(source_, "pg_wal/" + name);
  if (!content) return false;
  ReplaceFile(to, *content);
  return true;
}

std::optional<std::string> ReadFromSource(Connection& source, const std::string& path) {
  std::string content;
  for (;;) {
    const Result piece =
        source.Query("SELECT pg_catalog.pg_read_binary_file($1, $2, $3, true)",
                     {path, std::to_string(content.size()), std::to_string(kPieceBytes)});
    if (piece.IsNull(0, 0)) return std::nullopt;
    const std::string bytes = Unescaped(piece, 0, 0);
    content += bytes;
    if (bytes.size() < kPieceBytes) return content;
  }
}

}  // namespace baton::helper
