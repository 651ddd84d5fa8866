#include "helper/server/server_control.hpp"

#include <fmt/format.h>
#include <sstream>

#include "core/error.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

std::string LastLines(const fs::path& file) {
  const std::string text = ReadFileIfThere(file).value_or("");
  std::size_t begin = text.size();
  for (int lines = 0; begin > 0 && lines < 6; ++lines) {
    const auto newline = text.rfind('\n', begin - 2);
    if (newline == std::string::npos || begin < 2) {
      begin = 0;
      break;
    }
    begin = newline + 1;
  }
  return text.substr(begin);
}

// Where the running postmaster's own words go, if that is a file: a restart should go on there.
fs::path LogOf(int postmaster) {
  std::error_code error;
  const fs::path file = fs::read_symlink(fmt::format("/proc/{}/fd/2", postmaster), error);
  return !error && fs::is_regular_file(file, error) ? file : fs::path();
}

void RunPgCtl(const std::string& action, const StartOptions& options, const fs::path& log) {
  std::vector<std::string> arguments = {
      options.programs.Path("pg_ctl"),
      action,
      "--pgdata=" +
          (options.configuration.empty() ? options.directory : options.configuration).string(),
      "--wait",
      fmt::format("--timeout={}", options.timeout.count()),
      "--log=" + log.string()};
  if (action == "restart") arguments.push_back("--mode=fast");
  const ProcessResult result = RunProcess(arguments);
  CheckInterrupt();
  if (result.exit_code == 0) return;
  throw core::Error(core::ErrorCode::kFailed, fmt::format("could not {} the server", action),
                    result.output + LastLines(log),
                    fmt::format("See the server log, \"{}\".", log.string()));
}

void RunCommand(const std::string& action, const std::string& command) {
  const int code = RunShell(command);
  if (code == 0) return;
  throw core::Error(core::ErrorCode::kFailed, fmt::format("could not {} the server", action),
                    fmt::format("The command \"{}\" ended with exit code {}.", command, code));
}

}  // namespace

std::optional<int> RunningPostmaster(const fs::path& directory) {
  const auto text = ReadFileIfThere(directory / "postmaster.pid");
  if (!text) return std::nullopt;
  int pid = 0;
  std::istringstream(*text) >> pid;
  if (pid <= 0) return std::nullopt;
  // A stale file may name a process that has nothing to do with PostgreSQL.
  const auto name = ReadFileIfThere(fmt::format("/proc/{}/comm", pid));
  if (!name || (*name != "postgres\n" && *name != "postmaster\n")) return std::nullopt;
  return pid;
}

void StartServer(const StartOptions& options) {
  if (!options.command.empty()) return RunCommand("start", options.command);
  fs::path log = options.log;
  if (log.empty()) {
    log = options.directory / "log" / "server.log";
    std::error_code error;
    fs::create_directory(log.parent_path(), error);
  }
  RunPgCtl("start", options, log);
}

void RestartServer(const StartOptions& options) {
  if (!options.command.empty()) return RunCommand("restart", options.command);
  fs::path log = options.log;
  if (const auto postmaster = RunningPostmaster(options.directory); postmaster && log.empty()) {
    log = LogOf(*postmaster);
  }
  RunPgCtl("restart", options, log.empty() ? fs::path("/dev/null") : log);
}

}  // namespace baton::helper
