#include "helper/backup/base_backup.hpp"

#include <cstdio>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

bool ParseCopyProgress(const std::string& line, std::int64_t& done, std::int64_t& total) {
  long long done_kb = 0;
  long long total_kb = 0;
  int read = 0;
  if (std::sscanf(line.c_str(), " %lld/%lld kB (%n", &done_kb, &total_kb, &read) != 2 ||
      read == 0) {
    return false;
  }
  done = done_kb * 1024;
  total = total_kb * 1024;
  return true;
}

void RunBaseBackup(const BaseBackupOptions& options, const CopyProgress& progress) {
  std::vector<std::string> arguments = {options.program,
                                        "--pgdata=" + options.directory.string(),
                                        "--dbname=" + ConninfoText(options.source),
                                        "--format=plain",
                                        "--wal-method=" + options.wal_method,
                                        "--checkpoint=" + options.checkpoint,
                                        "--progress",
                                        "--no-password"};
  if (!options.slot.empty()) arguments.push_back("--slot=" + options.slot);
  if (!options.flushes) arguments.emplace_back("--no-sync");
  if (!options.max_rate.empty()) arguments.push_back("--max-rate=" + options.max_rate);
  if (!options.waldir.empty()) arguments.push_back("--waldir=" + options.waldir);
  // A plain copy is compressed by the server or not at all.
  if (!options.compression.empty()) {
    arguments.push_back("--compress=server-" + options.compression);
  }
  for (const std::string& mapping : options.tablespace_mappings) {
    arguments.push_back("--tablespace-mapping=" + mapping);
  }
  std::string reason;  // the first error, which the others follow from; else the last words
  ProcessOptions process;
  if (!options.passfile.empty()) process.environment["PGPASSFILE"] = options.passfile;
  process.on_line = [&](const std::string& line) {
    std::int64_t done = 0;
    std::int64_t total = 0;
    if (ParseCopyProgress(line, done, total)) {
      progress(done, total);
    } else if (reason.find("error:") == std::string::npos) {
      reason = line;
    }
  };
  const ProcessResult result = RunProcess(arguments, process);
  CheckInterrupt();
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed, "the base backup failed",
                      fmt::format("{} (exit code {})", reason, result.exit_code),
                      "See also the server log of the source.");
  }
}

void VerifyBackup(const std::string& program, const std::filesystem::path& directory) {
  const ProcessResult result = RunProcess({program, "--exit-on-error", directory.string()});
  CheckInterrupt();
  if (result.exit_code == 0) return;
  throw core::Error(core::ErrorCode::kFailed, "the copy is not what the source sent", result.output,
                    "Look for errors of the disk in this host's log.");
}

}  // namespace baton::helper
