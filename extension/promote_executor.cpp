#include "promote_executor.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kRemindAfter = std::chrono::seconds(10);
constexpr std::string_view kSlow = "it is not taken up yet: replay is busy, or waits for a query";

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
  });
  pg::RequestPromotion();
}

// The startup process looks for a promotion when it needs WAL, so not while it waits for a query or
// replays what it has.  A request of the past may still be taken up, so it can never be said to
// have failed; it is only repeated.
void RemindIfSlow(Request request) {
  if (PromoteIsTriggered() || pg::Now() < request.begun_at + kRemindAfter) return;
  request.begun_at = pg::Now();
  if (request.reason.view().find(kSlow) == std::string_view::npos) {
    request.reason = request.reason.empty() ? std::string(kSlow)
                                            : fmt::format("{}; {}", request.reason.view(), kSlow);
  }
  shared::UpdateRequest(request);
  pg::RequestPromotion();
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
    RemindIfSlow(*request);
    return true;
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
