#include "helper/rejoin/journal_file.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace baton::helper {

RejoinFolder::RejoinFolder(const fs::path& directory, const fs::path& elsewhere)
    : directory_(directory),
      beside_(elsewhere.empty() ? directory.parent_path() : PlainPath(elsewhere)),
      path_(beside_ / (directory.filename().string() + ".pg_baton_rejoin")) {}

fs::path RejoinFolder::lost_work(const std::string& name) const {
  return beside_ / (directory_.filename().string() + ".pg_baton_lost") / name;
}

// These two take the directory's place by a rename, so they are always beside it.
fs::path RejoinFolder::new_copy() const { return directory_.string() + ".pg_baton_new"; }
fs::path RejoinFolder::old_copy() const { return directory_.string() + ".pg_baton_old"; }

bool RejoinFolder::IsAboutDirectory(const core::RejoinJournal& state) const {
  const DirectoryFacts facts = LookAtDirectory(directory_);
  if (!facts.exists || !facts.is_own || facts.mode == kUnstartableMode) return true;
  if (state.step == core::RejoinStep::kReady) return fs::exists(directory_ / "standby.signal");
  // Nothing was changed before the guard was there, and whoever takes it away has undone the rest.
  const auto configuration = ReadFileIfThere(directory_ / "postgresql.auto.conf");
  return configuration && configuration->find(kGuard) != std::string::npos;
}

void RejoinFolder::RemoveAllButJournal() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    if (entry.path() != journal()) fs::remove_all(entry.path(), error);
  }
}

std::optional<core::RejoinJournal> RejoinFolder::Read() const {
  const auto text = ReadFileIfThere(journal());
  if (!text) return std::nullopt;
  auto read = core::JournalFromText(*text);
  if (!read) {
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("\"{}\" is no journal of a rejoin", journal().string()),
                      "It is damaged, or of another version of pg_baton.",
                      "If you are sure that no rejoin of this directory was broken off, move the "
                      "folder aside.");
  }
  return read;
}

void RejoinFolder::Write(const core::RejoinJournal& state) const {
  if (!fs::exists(path_)) {
    std::error_code error;
    fs::create_directories(path_, error);
    if (error) {
      throw core::Error(
          core::ErrorCode::kRefused,
          fmt::format("could not make folder \"{}\": {}", path_.string(), error.message()),
          "The journal of a rejoin must be outside of the data directory.",
          "Name a folder on a disk that stays with --work-directory.");
    }
    SetMode(path_, 0700);
    Flush(path_.parent_path());
  }
  ReplaceFile(journal(), core::JournalToText(state));
}

void RejoinFolder::Remove() const {
  std::error_code error;
  fs::remove(journal(), error);
  if (!fs::exists(path_)) return;
  Flush(path_);
  fs::remove_all(path_, error);
}

}  // namespace baton::helper
