#include "helper/command/archive_options.hpp"

#include <CLI/CLI.hpp>

namespace baton::helper {

void AddArchiveDirectories(CLI::App& command, std::vector<std::string>& archives,
                           const std::string& what) {
  command.add_option("--archive-directory", archives, what)
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("DIR");
}

void AddWalHomeOptions(CLI::App& command, std::string& data, int& timeout_s) {
  command
      .add_option("-D,--pgdata", data,
                  "data directory; without it the one that PATH lies in, or the present folder")
      ->type_name("DIR");
  command.add_option("-t,--timeout", timeout_s, "seconds to wait for each archive; 0: for ever")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
}

}  // namespace baton::helper
