#include "helper/archive/backup_taking.hpp"

#include "helper/backup/base_backup.hpp"
#include "helper/progress.hpp"

namespace baton::helper {

void TakeBackup(Connection& server, const RestoreTestRequest& request, const Programs& programs,
                const RestoreScratch& scratch, Output& output) {
  BaseBackupOptions options;
  options.program = programs.Path("pg_basebackup");
  options.directory = scratch.data();
  options.source = request.source;
  options.source.erase("dbname");
  options.source["host"] = server.host();
  options.source["port"] = server.port();
  options.source["user"] = server.user();
  options.passfile = request.passfile;
  options.wal_method = "none";
  const Result spaces = server.Query(
      "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace"
      " WHERE pg_tablespace_location(oid) LIKE '/%'");
  for (int row = 0; row < spaces.rows(); ++row) {
    options.tablespace_mappings.push_back(spaces.Text(row, 1) + "=" +
                                          scratch.tablespace(spaces.Text(row, 0)).string());
  }
  Progress progress("copying", output.is_json());
  RunBaseBackup(options,
                [&](std::int64_t done, std::int64_t total) { progress.Update(done, total); });
  progress.Finish();
}

}  // namespace baton::helper
