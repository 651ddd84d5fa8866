// Drives the doors between C++ and the backend through nested levels, a given number of times, and
// counts what did not arrive as it was sent.  Each level holds an object on the heap, so that a
// frame that was jumped over shows as one that still lives.
#include <cstring>
#include <stdexcept>
#include <string>

#include "pg/guard.hpp"

namespace {

enum Kind { kBackendError, kOwnError, kBadAlloc, kForeign, kNothing, kInsideCall };

int live = 0;

class Counted {
 public:
  Counted() { ++live; }
  ~Counted() { --live; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::string heap_ = std::string(100, 'x');
};

void RaiseAtTheBottom(int kind) {
  using baton::core::Error;
  using baton::core::ErrorCode;
  switch (kind) {
    case kBackendError:
      baton::pg::Call([] {
        ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("bottom %d", 7),
                        errdetail("the detail"), errhint("the hint")));
      });
      return;
    case kOwnError:
      throw Error(ErrorCode::kBusy, "bottom 7", "the detail", "the hint");
    case kBadAlloc:
      throw std::bad_alloc();
    case kForeign:
      throw 42;  // NOLINT: what nobody should throw
    case kInsideCall:
      baton::pg::Call([] { throw Error(ErrorCode::kBusy, "bottom 7", "the detail", "the hint"); });
      return;
    default:
      return;
  }
}

}  // namespace

extern "C" {
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(pg_baton_doors_level);
PG_FUNCTION_INFO_V1(pg_baton_doors_run);

// One level: goes down through both doors and the function manager, then raises.
Datum pg_baton_doors_level(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo]() -> Datum {
    const Counted counted;
    const int kind = PG_GETARG_INT32(0);
    const int depth = PG_GETARG_INT32(1);
    if (depth == 0) {
      RaiseAtTheBottom(kind);
      return Int32GetDatum(0);
    }
    return baton::pg::Call([kind, depth] {
      return DirectFunctionCall2(pg_baton_doors_level, Int32GetDatum(kind),
                                 Int32GetDatum(depth - 1));
    });
  });
}

// Catches, as PL/pgSQL would, what the levels raise; returns how many times it was not what it
// should have been.  Arguments: kind, depth, times, expected SQLSTATE, message, detail, hint (""
// for none).
Datum pg_baton_doors_run(PG_FUNCTION_ARGS) {
  const int kind = PG_GETARG_INT32(0);
  const int depth = PG_GETARG_INT32(1);
  const int64 times = PG_GETARG_INT64(2);
  const char* const sqlstate = text_to_cstring(PG_GETARG_TEXT_PP(3));
  const char* const message = text_to_cstring(PG_GETARG_TEXT_PP(4));
  const char* const detail = text_to_cstring(PG_GETARG_TEXT_PP(5));
  const char* const hint = text_to_cstring(PG_GETARG_TEXT_PP(6));
  const MemoryContext outside = CurrentMemoryContext;
  const MemoryContext turn =
      AllocSetContextCreate(outside, "one turn of the doors", ALLOCSET_DEFAULT_SIZES);
  volatile int64 wrong = 0;
  for (volatile int64 i = 0; i < times; i = i + 1) {
    volatile bool raised = false;
    sigjmp_buf* const jump_before = PG_exception_stack;
    MemoryContextSwitchTo(turn);
    PG_TRY();
    { DirectFunctionCall2(pg_baton_doors_level, Int32GetDatum(kind), Int32GetDatum(depth)); }
    PG_CATCH();
    {
      raised = true;
      MemoryContextSwitchTo(turn);
      const ErrorData* const error = CopyErrorData();
      FlushErrorState();
      const auto same = [](const char* a, const char* b) {
        return strcmp(a == nullptr ? "" : a, b) == 0;
      };
      if (strcmp(unpack_sql_state(error->sqlerrcode), sqlstate) != 0 ||
          !same(error->message, message) || !same(error->detail, detail) ||
          !same(error->hint, hint)) {
        wrong = wrong + 1;
      }
    }
    PG_END_TRY();
    if (raised != (sqlstate[0] != '\0') || PG_exception_stack != jump_before || live != 0 ||
        CurrentMemoryContext != turn) {
      wrong = wrong + 1;
    }
    MemoryContextSwitchTo(outside);
    MemoryContextReset(turn);
    CHECK_FOR_INTERRUPTS();
  }
  PG_RETURN_INT64(wrong);
}
}
