#include "test/cluster/small_file_system.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>
#include <vector>

namespace baton::test {

namespace fs = std::filesystem;

helper::ProcessResult RunOnSmallFileSystem(const fs::path& directory, const std::string& command,
                                           int megabytes) {
  const std::vector<std::string> alone = {"/usr/bin/unshare", "--user", "--map-current-user",
                                          "--keep-caps", "--mount"};
  const auto run = [&](std::vector<std::string> how, const std::string& script) {
    how.insert(how.end(), {"/bin/sh", "-c", script});
    return helper::RunProcess(how);
  };
  if (run(alone, "true").exit_code == 0) {
    const std::string small = (directory / "small").string();
    return run(alone, fmt::format("mkdir -p {0} && mount -t tmpfs -o size={2}m tmpfs {0} && "
                                  "export SMALL={0} && {1}",
                                  small, command, megabytes));
  }
  const char* const freezer = std::getenv("PG_BATON_TEST_FREEZER");
  if (freezer == nullptr || !fs::exists(fs::path(freezer) / "ready")) {
    throw std::runtime_error("neither a mount namespace nor a file system of test/freezer.sh");
  }
  return run({}, fmt::format("export SMALL={0}/disk; free=$(df --output=avail -k $SMALL | tail -1);"
                             " fallocate -l $((free - {2} * 1024))K $SMALL/filler && ( {1} );"
                             " result=$?; rm -f $SMALL/filler; exit $result",
                             freezer, command, megabytes));
}

}  // namespace baton::test
