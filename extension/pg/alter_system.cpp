#include "pg/alter_system.hpp"

#include "pg/postgres.hpp"

#include <csignal>

#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"

namespace baton::pg {

bool MayAlterSystem() { return Setting("allow_alter_system").value_or("on") == "on"; }

void AlterSystem(const char* name, const std::string& value) {
  const char* const text = value.c_str();
  WorkerTransaction transaction;
  Call([name, text] {
    const char* const statement =
        psprintf("ALTER SYSTEM SET %s = %s", name, quote_literal_cstr(text));
    auto* const parsed = linitial_node(RawStmt, pg_parse_query(statement));
    AlterSystemSetConfigFile(castNode(AlterSystemStmt, parsed->stmt));
  });
  transaction.Commit();
  kill(PostmasterPid, SIGHUP);
}

}  // namespace baton::pg
