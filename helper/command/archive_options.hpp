// What archive-push and archive-get are told alike.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace baton::helper {

// For one archive; longer than a slow storage takes for a segment of 1 GB at 4 MB a second.
inline constexpr int kArchiveTimeoutSeconds = 300;

// --archive-directory, once or more
void AddArchiveDirectories(CLI::App& command, std::vector<std::string>& archives,
                           const std::string& what);
// -D and --timeout
void AddWalHomeOptions(CLI::App& command, std::string& data, int& timeout_s);

}  // namespace baton::helper
