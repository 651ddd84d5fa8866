// Base backups in folders of this host: where the WAL begins that each of them needs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive_retention.hpp"

namespace baton::helper {

// What the base backup of a backup_label needs; nullopt if that does not say it.
std::optional<core::WalNeed> NeedOf(std::string_view label);

// The earliest of "WAL-Ranges" in the last part of a backup_manifest, where the server writes them;
// nullopt if they are not in there (AddWALInfoToBackupManifest in
// src/backend/backup/backup_manifest.c).
std::optional<core::WalNeed> ParseManifestEnd(std::string_view end);

// Those in `folder`, or being it, each named by its path.  What is no base backup is passed over, a
// server's data directory too.  Throws kFailed where something cannot be read, or is a base backup
// whose beginning cannot be told, and kRefused for one of another cluster.
std::vector<core::WalNeed> FindBaseBackups(const std::filesystem::path& folder,
                                           std::uint64_t system_identifier);

}  // namespace baton::helper
