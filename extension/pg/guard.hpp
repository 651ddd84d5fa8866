// The two doors between C++ and the backend.  A backend error is a longjmp and must not cross a C++
// frame; a C++ exception must not cross a backend frame.
//
//   Entry(f)  backend -> C++.  Every extern "C" function is one Entry.  What f throws leaves as
//             ereport(ERROR), after all C++ objects are gone.
//   Call(f)   C++ -> backend.  Runs f; if the backend raises an error, throws ErrorInFlight.
//
// An error of the backend is not copied and cannot be handled in between: C++ unwinds, and Entry
// raises the very same error again, with its SQLSTATE, detail and hint.  Both lambdas are jumped
// over, so they may hold nothing that has to be destroyed.
//
// While an error is in flight, destructors may call only what never raises, and must not release an
// LWLock: errfinish() in src/backend/utils/error/elog.c has reset InterruptHoldoffCount by then.
#pragma once

#include "pg/postgres.hpp"

#include <exception>
#include <new>
#include <string_view>
#include <type_traits>

#include "core/error.hpp"

namespace baton::pg {

struct ErrorInFlight {};  // thrown by Call, caught by Entry alone

int SqlState(core::ErrorCode code);

namespace internal {

// What an exception said, in memory that a longjmp may leave behind.
struct Report {
  int sqlstate = ERRCODE_INTERNAL_ERROR;
  char message[1024] = "";
  char detail[1024] = "";
  char hint[512] = "";
};

void Describe(const core::Error& error, Report& report) noexcept;
void Describe(int sqlstate, std::string_view message, Report& report) noexcept;
[[noreturn]] void Raise(const Report& report);

// What an error changes on its way, put back also when f leaves by a C++ exception; but not when f
// returns, for it may be meant to change the memory context, as the beginning of a transaction is.
struct BackendState {
  sigjmp_buf* jump = PG_exception_stack;
  ErrorContextCallback* context = error_context_stack;
  MemoryContext memory = CurrentMemoryContext;

  void Restore() const {
    PG_exception_stack = jump;
    error_context_stack = context;
    MemoryContextSwitchTo(memory);
  }
};

// Out of line, so that nothing of C++ lives in the frame that setjmp returns to twice.
template <typename F>
[[gnu::noinline]] bool RunsWithoutError(const F& f) {
  sigjmp_buf jump;
  sigjmp_buf* const before = PG_exception_stack;
  if (sigsetjmp(jump, 0) != 0) return false;
  PG_exception_stack = &jump;
  f();
  PG_exception_stack = before;
  return true;
}

template <typename F>
constexpr bool kMayBeJumpedOver = std::is_trivially_destructible_v<F> &&
                                  (std::is_void_v<std::invoke_result_t<const F&>> ||
                                   std::is_trivially_copyable_v<std::invoke_result_t<const F&>>);

}  // namespace internal

template <typename F>
auto Call(const F& f) {
  static_assert(internal::kMayBeJumpedOver<F>, "the lambda and its result are jumped over");
  using Result = std::invoke_result_t<const F&>;
  struct Door : internal::BackendState {
    ~Door() {
      if (!returned) Restore();
    }
    bool returned = false;
  } door;
  if constexpr (std::is_void_v<Result>) {
    door.returned = internal::RunsWithoutError(f);
    if (!door.returned) throw ErrorInFlight{};
  } else {
    Result result;
    door.returned = internal::RunsWithoutError([&] { result = f(); });
    if (!door.returned) throw ErrorInFlight{};
    return result;
  }
}

template <typename F>
auto Entry(const F& f) -> std::invoke_result_t<const F&> {
  static_assert(internal::kMayBeJumpedOver<F>, "the lambda and its result are jumped over");
  internal::Report report;
  bool in_flight = false;
  try {
    return f();
  } catch (const ErrorInFlight&) {
    in_flight = true;
  } catch (const core::Error& error) {
    internal::Describe(error, report);
  } catch (const std::bad_alloc&) {
    internal::Describe(ERRCODE_OUT_OF_MEMORY, "out of memory", report);
  } catch (const std::exception& error) {
    internal::Describe(ERRCODE_INTERNAL_ERROR, error.what(), report);
  } catch (...) {
    internal::Describe(ERRCODE_INTERNAL_ERROR, "unknown C++ exception", report);
  }
  if (in_flight) PG_RE_THROW();
  internal::Raise(report);
}

}  // namespace baton::pg
