#include "helper/archive/restore_reading.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

// pg_amcheck ends with 1 where it could not look (src/bin/pg_amcheck/pg_amcheck.c).
constexpr int kAmcheckFoundDamage = 2;
// pg_checksums ends with 1 in both cases, but sums up only what it has looked through
// (src/bin/pg_checksums/pg_checksums.c).
constexpr const char* kChecksumsSum = "Bad checksums:";

Connection To(const std::string& database, ScratchSessions& sessions) {
  if (auto session = sessions.TryTo(database)) return std::move(*session);
  throw core::Error(
      core::ErrorCode::kRefused,
      fmt::format("could not connect to database \"{}\" of the restored server", database));
}

// Internal and system errors of a server that does nothing but read (errcodes.txt: classes XX, 58).
bool IsDamage(const SqlError& error) {
  return error.sqlstate().starts_with("XX") || error.sqlstate().starts_with("58");
}

std::int64_t CountRelations(const std::string& database, ScratchSessions& sessions) {
  try {
    return std::stoll(
        To(database, sessions).Value("SELECT pg_catalog.count(*) FROM pg_catalog.pg_class"));
  } catch (const SqlError& error) {
    if (!IsDamage(error)) throw;
    throw core::Error(
        core::ErrorCode::kRefused,
        fmt::format("database \"{}\" of the restored server cannot be read", database),
        error.message());
  }
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
    const std::int64_t count = CountRelations(name, sessions);
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
  if (result.exit_code == kAmcheckFoundDamage) {
    throw core::Error(core::ErrorCode::kRefused, "pg_amcheck is not content with what was restored",
                      End(result.output));
  }
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      "pg_amcheck could not look through what was restored", End(result.output));
  }
  output.Line("pg_amcheck finds no damage in tables and indexes");
}

void VerifyChecksums(const Programs& programs, const RestoreScratch& scratch, Output& output) {
  const ProcessResult result =
      RunProcess({programs.Path("pg_checksums"), "--check", "--pgdata=" + scratch.data().string()});
  CheckInterrupt();
  if (result.exit_code != 0) {
    const bool has_looked = result.output.find(kChecksumsSum) != std::string::npos;
    throw core::Error(has_looked ? core::ErrorCode::kRefused : core::ErrorCode::kFailed,
                      has_looked ? "checksums of what was restored are wrong"
                                 : "pg_checksums could not look through what was restored",
                      End(result.output));
  }
  output.Line("pg_checksums finds every page as its checksum says");
}

}  // namespace baton::helper
