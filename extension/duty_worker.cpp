#include "duty_worker.hpp"

#include "pg/guard.hpp"

namespace baton {

bool DutyWorker::IsAtWork() {
  if (shared::IsTakenUp(duty_)) return true;
  if (handle_ == nullptr) return false;
  return pg::Call([this] {
    pid_t pid = 0;
    if (GetBackgroundWorkerPid(handle_, &pid) != BGWH_STOPPED) return true;
    pfree(handle_);
    handle_ = nullptr;
    return false;
  });
}

bool DutyWorker::Start() {
  handle_ = pg::StartWorker(name_, function_, kind_, Datum{0}, MyProcPid);
  if (handle_ == nullptr && !told_) {
    pg::Call([this] {
      ereport(WARNING, (errmsg("could not start the worker \"%s\"", name_),
                        errhint("Raise max_worker_processes.")));
    });
  }
  told_ = handle_ == nullptr;
  return !told_;
}

}  // namespace baton
