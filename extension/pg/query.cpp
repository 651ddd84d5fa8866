#include "pg/query.hpp"

#include "pg/postgres.hpp"

#include <map>

#include "core/error.hpp"
#include "pg/guard.hpp"

namespace baton::pg {
namespace {

constexpr int kMaxArguments = 8;

}  // namespace

Spi::Spi() {
  Call([] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "could not open an SPI session");
  });
}

std::vector<Row> Spi::Run(const char* sql, std::initializer_list<const char*> arguments) {
  Oid types[kMaxArguments];
  Datum values[kMaxArguments];
  char nulls[kMaxArguments];
  const int count = static_cast<int>(arguments.size());
  if (count > kMaxArguments) throw core::Error(core::ErrorCode::kFailed, "too many arguments");

  int i = 0;
  for (const char* const argument : arguments) {
    types[i] = TEXTOID;
    nulls[i] = argument == nullptr ? 'n' : ' ';
    values[i] =
        argument == nullptr ? Datum{0} : Call([argument] { return CStringGetTextDatum(argument); });
    ++i;
  }
  Call([&] {
    const int result = SPI_execute_with_args(sql, count, types, values, nulls, false, 0);
    if (result < 0) elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
  });

  return Fetch();
}

std::vector<Row> Spi::RunAgain(const char* sql) {
  static std::map<const char*, SPIPlanPtr> plans;
  const auto known = plans.find(sql);
  SPIPlanPtr plan = known == plans.end() ? nullptr : known->second;
  if (plan == nullptr) {
    plan = Call([sql] {
      const SPIPlanPtr prepared = SPI_prepare(sql, 0, nullptr);
      if (prepared == nullptr) {
        elog(ERROR, "could not prepare \"%s\": %s", sql, SPI_result_code_string(SPI_result));
      }
      SPI_keepplan(prepared);
      return prepared;
    });
    plans[sql] = plan;
  }
  Call([&] {
    const int result = SPI_execute_plan(plan, nullptr, nullptr, true, 0);
    if (result < 0) elog(ERROR, "could not run \"%s\": %s", sql, SPI_result_code_string(result));
  });
  return Fetch();
}

std::vector<Row> Spi::Fetch() {
  std::vector<Row> rows;
  SPITupleTable* const table = SPI_tuptable;
  if (table == nullptr) return rows;
  const int columns = table->tupdesc->natts;
  for (std::uint64_t r = 0; r < table->numvals; ++r) {
    Row& row = rows.emplace_back();
    for (int column = 1; column <= columns; ++column) {
      const char* const text =
          Call([&] { return SPI_getvalue(table->vals[r], table->tupdesc, column); });
      row.push_back(text == nullptr ? std::nullopt : std::optional<std::string>(text));
    }
  }
  Call([table] { SPI_freetuptable(table); });
  return rows;
}

AsSuperuser::AsSuperuser() {
  GetUserIdAndSecContext(&user_, &context_);
  SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context_ | SECURITY_LOCAL_USERID_CHANGE);
}

AsSuperuser::~AsSuperuser() { SetUserIdAndSecContext(user_, context_); }

std::string TextAt(const Row& row, std::size_t column) { return row[column].value_or(""); }

std::optional<std::int64_t> NumberAt(const Row& row, std::size_t column) {
  if (!row[column]) return std::nullopt;
  return std::strtoll(row[column]->c_str(), nullptr, 10);
}

core::Lsn LsnAt(const Row& row, std::size_t column) {
  return core::Lsn::Parse(TextAt(row, column)).value_or(core::Lsn());
}

void Spi::Finish() {
  Call([] { SPI_finish(); });
}

WorkerTransaction::WorkerTransaction() {
  Call([] {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
  });
}

void WorkerTransaction::Commit() {
  Call([] {
    PopActiveSnapshot();
    CommitTransactionCommand();
  });
}

}  // namespace baton::pg
