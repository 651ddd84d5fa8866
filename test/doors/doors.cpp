// Drives the doors between C++ and the backend through nested levels, a given number of times, and
// counts what did not arrive as it was sent.  Each level holds an object on the heap, so that a
// frame that was jumped over shows as one that still lives.
#include <cstring>
#include <stdexcept>
#include <string>

#include "pg/guard.hpp"

extern "C" PGDLLEXPORT Datum pg_baton_doors_level(PG_FUNCTION_ARGS);

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

struct Expected {
  const char* sqlstate;  // "" if nothing is to be raised
  const char* message;
  const char* detail;
  const char* hint;
};

bool Same(const char* text, const char* expected) {
  return strcmp(text == nullptr ? "" : text, expected) == 0;
}

// One call, with what it raises caught and compared.  Out of line, since a frame with a setjmp in
// it keeps its variables in registers that a longjmp may spoil.
[[gnu::noinline]] bool RaisesAsExpected(int kind, int depth, const Expected& expected,
                                        MemoryContext turn) {
  PG_TRY();
  { DirectFunctionCall2(pg_baton_doors_level, Int32GetDatum(kind), Int32GetDatum(depth)); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(turn);
    const ErrorData* const error = CopyErrorData();
    FlushErrorState();
    PG_exception_stack = _save_exception_stack;
    error_context_stack = _save_context_stack;
    return Same(unpack_sql_state(error->sqlerrcode), expected.sqlstate) &&
           Same(error->message, expected.message) && Same(error->detail, expected.detail) &&
           Same(error->hint, expected.hint);
  }
  PG_END_TRY();
  return expected.sqlstate[0] == '\0';
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
  const Expected expected = {
      text_to_cstring(PG_GETARG_TEXT_PP(3)), text_to_cstring(PG_GETARG_TEXT_PP(4)),
      text_to_cstring(PG_GETARG_TEXT_PP(5)), text_to_cstring(PG_GETARG_TEXT_PP(6))};
  const MemoryContext outside = CurrentMemoryContext;
  const MemoryContext turn =
      AllocSetContextCreate(outside, "one turn of the doors", ALLOCSET_DEFAULT_SIZES);
  int64 wrong = 0;
  for (int64 i = 0; i < times; ++i) {
    sigjmp_buf* const jump_before = PG_exception_stack;
    MemoryContextSwitchTo(turn);
    const bool right = RaisesAsExpected(kind, depth, expected, turn);
    if (!right || PG_exception_stack != jump_before || live != 0 || CurrentMemoryContext != turn) {
      ++wrong;
    }
    MemoryContextSwitchTo(outside);
    MemoryContextReset(turn);
    CHECK_FOR_INTERRUPTS();
  }
  PG_RETURN_INT64(wrong);
}
}
