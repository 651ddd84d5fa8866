#include "helper/archive/restore_reading.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

Connection To(const std::string& database, ScratchSessions& sessions) {
  if (auto session = sessions.TryTo(database)) return std::move(*session);
  throw core::Error(
      core::ErrorCode::kFailed,
      fmt::format("could not connect to database \"{}\" of the restored server", database));
}

// What a program printed ends with what matters, and may be long.
std::string End(const std::string& text) {
  constexpr std::size_t kMost = 1000;
  return text.size() <= kMost ? text : "..." + text.substr(text.size() - kMost);
}

}  // namespace

void ReadAll(ScratchSessions& sessions, Output& output) {
  const Result databases = To("postgres", sessions)
                               .Query(
                                   "SELECT datname FROM pg_catalog.pg_database"
                                   " WHERE datallowconn ORDER BY datname");
  std::int64_t relations = 0;
  for (int row = 0; row < databases.rows(); ++row) {
    CheckInterrupt();
    const std::string name = databases.Text(row, 0);
    const std::int64_t count =
        std::stoll(To(name, sessions).Value("SELECT pg_catalog.count(*) FROM pg_catalog.pg_class"));
    relations += count;
    output.result()["databases"][name] = count;
  }
  output.Line(fmt::format("read {} databases with {} relations", databases.rows(), relations));
}

void ReadDeeply(const Programs& programs, const RestoreScratch& scratch, ScratchSessions& sessions,
                Output& output) {
  const std::string there = To("postgres", sessions)
                                .Value(
                                    "SELECT pg_catalog.count(*) FROM"
                                    " pg_catalog.pg_available_extensions"
                                    " WHERE name = 'amcheck'");
  if (there == "0") {
    output.Warning("the server has no extension amcheck",
                   "So tables and indexes were not looked "
                   "through.",
                   "Install the contrib modules of this version.");
    return;
  }
  const ProcessResult result =
      RunProcess({programs.Path("pg_amcheck"), "--host=" + scratch.sockets().string(),
                  "--port=" + sessions.port(), "--username=" + sessions.user(), "--no-password",
                  "--all", "--install-missing", "--heapallindexed"});
  CheckInterrupt();
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed, "pg_amcheck is not content with what was restored",
                      End(result.output));
  }
  output.Line("pg_amcheck finds no damage in tables and indexes");
}

void VerifyChecksums(const Programs& programs, const RestoreScratch& scratch, Output& output) {
  const ProcessResult result =
      RunProcess({programs.Path("pg_checksums"), "--check", "--pgdata=" + scratch.data().string()});
  CheckInterrupt();
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed, "checksums of what was restored are wrong",
                      End(result.output));
  }
  output.Line("pg_checksums finds every page as its checksum says");
}

}  // namespace baton::helper
