// Starting, restarting and finding the server of a data directory on this host, by pg_ctl or by the
// administrator's own command.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "helper/system/programs.hpp"

namespace baton::helper {

// The process that postmaster.pid names, if it is there and is a postgres.
std::optional<int> RunningPostmaster(const std::filesystem::path& directory);

struct StartOptions {
  Programs programs;
  std::filesystem::path directory;      // of the data
  std::filesystem::path configuration;  // folder with postgresql.conf; empty: the data directory
  std::filesystem::path log;            // where the server's first words go; empty: log/server.log
  std::string command;                  // run instead of pg_ctl if not empty
  std::chrono::seconds timeout{60};
};

// Both throw with what was printed as detail.
void StartServer(const StartOptions& options);
void RestartServer(const StartOptions& options);

}  // namespace baton::helper
