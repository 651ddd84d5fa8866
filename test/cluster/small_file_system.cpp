#include "test/cluster/small_file_system.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>
#include <vector>

#include "test/cluster/harness.hpp"

namespace baton::test {

namespace fs = std::filesystem;

namespace {

// How the shell is run with the command, or with what is needed around it.
std::vector<std::string> OnSmallFileSystem(const fs::path& directory, const std::string& command,
                                           int megabytes) {
  std::vector<std::string> alone = {"/usr/bin/unshare",
                                    "--user",
                                    "--map-current-user",
                                    "--keep-caps",
                                    "--mount",
                                    "/bin/sh",
                                    "-c",
                                    "true"};
  if (helper::RunProcess(alone).exit_code == 0) {
    const std::string small = (directory / "small").string();
    alone.back() = fmt::format(
        "mkdir -p {0} && mount -t tmpfs -o size={2}m tmpfs {0} && export SMALL={0} && {1}", small,
        command, megabytes);
    return alone;
  }
  const char* const freezer = std::getenv("PG_BATON_TEST_FREEZER");
  if (freezer == nullptr || !fs::exists(fs::path(freezer) / "ready")) {
    throw std::runtime_error("neither a mount namespace nor a file system of test/freezer.sh");
  }
  return {"/bin/sh", "-c",
          fmt::format("export SMALL={0}/disk; free=$(df --output=avail -k $SMALL | tail -1);"
                      " fallocate -l $((free - {2} * 1024))K $SMALL/filler && ( {1} );"
                      " result=$?; rm -f $SMALL/filler; exit $result",
                      freezer, command, megabytes)};
}

}  // namespace

helper::ProcessResult RunOnSmallFileSystem(const fs::path& directory, const std::string& command,
                                           int megabytes) {
  return helper::RunProcess(OnSmallFileSystem(directory, command, megabytes));
}

pid_t SpawnOnSmallFileSystem(const fs::path& directory, const std::string& command, int megabytes,
                             const fs::path& output) {
  return Spawn(OnSmallFileSystem(directory, command, megabytes), output);
}

}  // namespace baton::test
