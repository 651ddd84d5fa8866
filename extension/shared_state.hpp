// What the processes of one server tell each other: the monitor's last report, the registry as it
// read it, and requests on their way.  One trivially copyable struct under one lock; inside the
// lock plain structs are copied and nothing else is done.
#pragma once

#include "pg/postgres.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/finding.hpp"
#include "core/lag_history.hpp"
#include "core/node_facts.hpp"

namespace baton {

inline constexpr std::size_t kMaxNodes = 128;

struct RegisteredNode {
  core::NodeText name;
  core::FixedText<512> conninfo;
};

// Up to kMaxCount values; Add says whether there was room.
template <typename T, std::size_t kMaxCount>
struct FixedList {
  std::array<T, kMaxCount> items{};
  std::uint32_t count = 0;

  bool Add(const T& item) {
    if (count == kMaxCount) return false;
    items[count++] = item;
    return true;
  }
  const T* begin() const { return items.data(); }
  const T* end() const { return items.data() + count; }
};

// Written by the monitor, read by all.
struct Report {
  bool valid = false;
  core::Instant looked_at{};   // this machine's clock
  TimestampTz checked_at = 0;  // the wall clock at the same moment
  core::NodeFacts facts;
  core::LagHistory history;  // of the upstream on a standby, of its own WAL on a primary
  FixedList<core::Finding, 32> findings;
  FixedList<core::StandbyRow, kMaxNodes> standbys;
  FixedList<RegisteredNode, kMaxNodes> registry;
};

enum class RequestState { kSubmitted, kRunning, kDone, kRefused, kFailed };

struct Request {
  std::int64_t id = 0;  // counts from 1 since the server started
  core::FixedText<16> kind;
  RequestState state = RequestState::kSubmitted;
  bool force = false;
  core::NodeText requested_by;
  core::FixedText<320> reason;
  core::TimelineId timeline = 0;
  core::Lsn lsn;
  TimestampTz requested_at = 0;
  TimestampTz finished_at = 0;
  core::Instant begin_before{};
  core::Instant begun_at{};
};

const char* RequestStateText(RequestState state);
bool IsFinished(RequestState state);

// The row that a canary worker wrote, for the backend that asked for it.
struct Canary {
  std::int64_t token = 0;
  core::Lsn commit_end;
  TimestampTz written_at = 0;
};

namespace shared {

// In shmem_request_hook and shmem_startup_hook.
void RequestMemory();
void Attach();

// The monitor alone: enters itself, so that others can wake it; withdraws at its exit.
void EnterMonitor();

void Publish(const Report& report);
std::unique_ptr<Report> ReadReport();

// Wakes the monitor and waits, `limit` at most, for a look that began after this call.  Returns
// false if none came.  Interruptible.
bool WaitForFreshLook(std::chrono::milliseconds limit);
// The monitor, at the beginning and at the end of a look.
void BeginLook();
void EndLook();

// Enters a promotion, to be begun within `life`, since its checks are as old as it is; throws kBusy
// while another one is under way.
std::int64_t SubmitPromotion(bool force, std::string_view requested_by,
                             std::chrono::milliseconds life);
// Enters a promotion that was refused, for the record.
std::int64_t RecordRefusal(bool force, std::string_view requested_by, std::string_view reason);
std::vector<Request> ReadRequests();  // newest first
std::optional<Request> FindRequest(std::int64_t id);
// The promotion that is submitted or running, if any.
std::optional<Request> OpenPromotion();
void UpdateRequest(const Request& request);
// Waits until the request is finished or `limit` has passed.  Interruptible.
Request WaitForRequest(std::int64_t id, std::chrono::milliseconds limit);

void WriteCanary(const Canary& canary);
Canary ReadCanary();
std::int64_t NextCanaryToken();

}  // namespace shared
}  // namespace baton
