// What setup-primary changed, kept in the data directory: written before each change, so that what
// a crash interrupts can be put back too.
#pragma once

#include <filesystem>
#include <optional>

#include "core/setup_record.hpp"

namespace baton::helper {

// Below the data directory; rejoin keeps that folder as this server's own.
std::filesystem::path RecordFile(const std::filesystem::path& data_directory);

// nullopt if there is none.  Throws kFailed if it cannot be understood.
std::optional<core::SetupRecord> ReadRecord(const std::filesystem::path& data_directory);

void WriteRecord(const std::filesystem::path& data_directory, const core::SetupRecord& record);
void RemoveRecord(const std::filesystem::path& data_directory);

}  // namespace baton::helper
