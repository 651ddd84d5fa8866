// What is wrong with an archive_command by its text alone: the mistakes that people copy from
// tutorials, where files are lost without anybody being told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/finding.hpp"

namespace baton::core {

struct CommandAdvice {
  Status status = Status::kOk;  // kCritical: WAL is lost while all is reported well; kWarning else
  std::string reason;
  std::string hint;

  bool operator==(const CommandAdvice&) const = default;
};

// The gravest mistake in it; nullopt if none is known, as for every program that this does not
// know.  `data_directory` is this server's, an absolute path.
std::optional<CommandAdvice> AdviseArchiveCommand(std::string_view command,
                                                  std::string_view data_directory);

// Whether archive_library names this library.
bool IsOwnArchiveLibrary(std::string_view library);

}  // namespace baton::core
