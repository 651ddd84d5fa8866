#include "helper/backup/rewind.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr std::array<std::string_view, 10> kDescribeTheData = {
    "PG_VERSION",         "backup_label",    "backup_label.old", "tablespace_map",
    "tablespace_map.old", "backup_manifest", "postmaster.pid",   "postmaster.opts",
    "current_logfiles",   "promote"};

// "12345/67890 kB (18%) copied"
bool ParseRewindProgress(const std::string& line, std::int64_t& done, std::int64_t& total) {
  return line.find("copied") != std::string::npos && ParseCopyProgress(line, done, total);
}

}  // namespace

void RecoverSingleUser(const Programs& programs, const fs::path& directory,
                       const fs::path& configuration) {
  std::vector<std::string> arguments = {
      programs.Path("postgres"), "--single", "-D",
      directory.string(),        "-c",       "log_min_messages=warning"};
  if (!configuration.empty()) {
    arguments.push_back("-c");
    arguments.push_back("config_file=" + configuration.string());
  }
  arguments.push_back("template1");
  ProcessOptions process;
  process.passes_interrupts_on = false;  // it is short, and cannot be left half-way to any use
  const ProcessResult result = RunProcess(arguments, process);
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("crash recovery of \"{}\" failed", directory.string()),
                      result.output,
                      "If a process of the old server is still there, wait for its end.");
  }
}

bool RunRewind(const RewindOptions& options, const CopyProgress& progress) {
  std::string reason;  // the first error; else the last words
  bool nothing_to_do = false;
  ProcessOptions process;
  process.environment["PGPASSFILE"] = options.passfile;
  process.on_line = [&](const std::string& line) {
    std::int64_t done = 0;
    std::int64_t total = 0;
    if (ParseRewindProgress(line, done, total)) {
      progress(done, total);
      return;
    }
    nothing_to_do |= line.find("no rewind required") != std::string::npos;
    if (reason.find("error:") == std::string::npos) reason = line;
  };
  std::vector<std::string> arguments = {
      options.program, "--target-pgdata=" + options.directory.string(),
      "--source-server=" + ConninfoText(options.source), "--no-ensure-shutdown", "--progress"};
  if (options.rehearse) arguments.push_back("--dry-run");
  const ProcessResult result = RunProcess(arguments, process);
  CheckInterrupt();
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed, "pg_rewind failed",
                      fmt::format("{} (exit code {})", reason, result.exit_code));
  }
  return !nothing_to_do;
}

std::vector<fs::path> OwnFiles(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    const bool is_file = entry.is_symlink() ? !entry.is_directory() : entry.is_regular_file();
    if (!is_file || name.ends_with(".signal")) continue;
    if (std::find(kDescribeTheData.begin(), kDescribeTheData.end(), name) !=
        kDescribeTheData.end()) {
      continue;
    }
    files.push_back(entry.path());
  }
  return files;
}

std::vector<fs::path> OwnFolders(const fs::path& directory) {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (!entry.is_directory() || entry.is_symlink()) continue;
    if (name == "base" || name == "global") continue;
    if (name.starts_with("pg_") && name != "pg_baton") continue;
    folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace baton::helper
