#include "promote_executor.hpp"

#include "pg/postgres.hpp"

#include "pg/guard.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

void Finish(Request request, RequestState state, std::string_view reason) {
  request.state = state;
  if (!reason.empty()) request.reason = reason;
  request.finished_at = GetCurrentTimestamp();
  shared::UpdateRequest(request);
}

void Begin(Request request) {
  if (!RecoveryInProgress()) {
    Finish(request, RequestState::kRefused, "this server is not a standby");
    return;
  }
  pg::Call([&] {
    ereport(LOG, (errmsg("promotion requested by \"%s\"%s", request.requested_by.c_str(),
                         request.force ? ", with force" : ""),
                  errdetail("Request %lld.", static_cast<long long>(request.id))));
    // Without waiting it only signals the postmaster, so the 60 seconds mean nothing here.
    DirectFunctionCall2(pg_promote, BoolGetDatum(false), Int32GetDatum(60));
  });
  request.state = RequestState::kRunning;
  shared::UpdateRequest(request);
}

}  // namespace

bool AdvancePromotion() {
  const auto request = shared::OpenPromotion();
  if (!request) return false;
  if (request->state == RequestState::kSubmitted) {
    Begin(*request);
    return true;
  }
  if (RecoveryInProgress()) return true;
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
