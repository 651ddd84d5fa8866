#include "helper/backup/rewind.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

// "12345/67890 kB (18%) copied"
bool ParseRewindProgress(const std::string& line, std::int64_t& done, std::int64_t& total) {
  return line.find("copied") != std::string::npos && ParseCopyProgress(line, done, total);
}

}  // namespace

void RecoverSingleUser(const Programs& programs, const fs::path& directory,
                       const fs::path& configuration) {
  // Its checkpoints would remove old WAL, which pg_rewind reads.
  std::vector<std::string> arguments = {programs.Path("postgres"), "--single", "-D",
                                        directory.string(), "-c", "log_min_messages=warning", "-c",
                                        "wal_keep_size=1TB", "-c",
                                        // One flush instead of one for each file.
                                        "recovery_init_sync_method=syncfs"};
  if (!configuration.empty()) {
    arguments.push_back("-c");
    arguments.push_back("config_file=" + configuration.string());
  }
  arguments.push_back("template1");
  ProcessOptions process;
  process.passes_interrupts_on = false;  // it is short, and cannot be left half-way to any use
  // In a container the process of the last server may have had the number that we have: as pg_ctl
  // does, we say who we are (CreateLockFile in src/backend/utils/init/miscinit.c).
  process.environment["PG_GRANDPARENT_PID"] = std::to_string(getpid());
  const ProcessResult result = RunProcess(arguments, process);
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("crash recovery of \"{}\" failed", directory.string()),
                      result.output,
                      "If a process of the old server is still there, wait for its end.");
  }
}

RewindEnd RunRewind(const RewindOptions& options, const CopyProgress& progress) {
  std::string reason;  // the first error; else the last words
  RewindEnd end;
  ProcessOptions process;
  process.environment["PGPASSFILE"] = options.passfile;
  process.on_line = [&](const std::string& line) {
    std::int64_t done = 0;
    std::int64_t total = 0;
    if (ParseRewindProgress(line, done, total)) {
      progress(done, total);
      return;
    }
    end.has_changed |= line.find("need to copy") != std::string::npos;
    if (reason.find("error:") == std::string::npos) reason = line;
  };
  const ProcessResult result =
      RunProcess({options.program, "--target-pgdata=" + options.directory.string(),
                  "--source-server=" + ConninfoText(options.source), "--no-ensure-shutdown",
                  "--no-sync", "--progress"},
                 process);
  try {
    CheckInterrupt();
    if (result.exit_code == 0) return end;
    throw core::Error(core::ErrorCode::kFailed, "pg_rewind failed",
                      fmt::format("{} (exit code {})", reason, result.exit_code));
  } catch (const core::Error& error) {
    end.error = error;
  }
  return end;
}

}  // namespace baton::helper
