#include "promote_executor.hpp"

#include "pg/postgres.hpp"

#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kTakenUpWithin = std::chrono::seconds(10);

void Finish(Request request, RequestState state, std::string_view reason) {
  request.state = state;
  if (!reason.empty()) {
    // What spoke against it stays on record, whatever became of it.
    const std::string before = request.reason.str();
    request.reason = std::string(reason) + (before.empty() ? "" : "; ") + before;
  }
  request.finished_at = GetCurrentTimestamp();
  shared::UpdateRequest(request);
}

void Begin(Request request) {
  if (!RecoveryInProgress()) {
    Finish(request, RequestState::kRefused, "this server is not a standby");
    return;
  }
  if (pg::Now() > request.begin_before) {
    Finish(request, RequestState::kFailed,
           "it was not begun in time, and its checks are too old now");
    return;
  }
  // Before the act, so that a successor of this process knows of it.
  request.state = RequestState::kRunning;
  request.begun_at = pg::Now();
  shared::UpdateRequest(request);
  pg::Call([&] {
    ereport(LOG, (errmsg("promotion requested by \"%s\"%s", request.requested_by.c_str(),
                         request.force ? ", with force" : ""),
                  errdetail("Request %lld.", static_cast<long long>(request.id))));
    // Without waiting it only signals the postmaster, so the 60 seconds mean nothing here.
    DirectFunctionCall2(pg_promote, BoolGetDatum(false), Int32GetDatum(60));
  });
}

// The startup process takes a promotion up at once, or, if the request never reached it, never.
bool WasLost(const Request& request) {
  return !PromoteIsTriggered() && pg::Now() > request.begun_at + kTakenUpWithin;
}

}  // namespace

bool AdvancePromotion() {
  const auto request = shared::OpenPromotion();
  if (!request) return false;
  if (request->state == RequestState::kSubmitted) {
    Begin(*request);
    return true;
  }
  if (RecoveryInProgress()) {
    if (!WasLost(*request)) return true;
    Finish(*request, RequestState::kFailed,
           "the server did not take the promotion up; see its log");
    return false;
  }
  Request done = *request;
  done.timeline = pg::Call([] { return GetWALInsertionTimeLine(); });
  done.lsn = core::Lsn(pg::Call([] { return GetXLogWriteRecPtr(); }));
  Finish(done, RequestState::kDone, "");
  pg::Call([&] {
    ereport(LOG, (errmsg("promotion finished: this server is the primary on timeline %u",
                         done.timeline)));
  });
  return false;
}

}  // namespace baton
