// A file system with little room, for those who have to notice in time.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

#include "helper/system/process.hpp"

namespace baton::test {

// Runs a command of the shell, in which SMALL is a folder on a file system with that many MB free,
// nearly: one of its own in a mount namespace, or, where the kernel gives none (as in a chroot),
// the one of test/freezer.sh, filled up.  Throws if there is neither.
helper::ProcessResult RunOnSmallFileSystem(const std::filesystem::path& directory,
                                           const std::string& command, int megabytes = 20);
// The same without waiting for its end; the output goes to a file.
pid_t SpawnOnSmallFileSystem(const std::filesystem::path& directory, const std::string& command,
                             int megabytes, const std::filesystem::path& output);

}  // namespace baton::test
