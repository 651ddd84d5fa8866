#include "pg/query.hpp"

#include "pg/postgres.hpp"

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
