// The hand-over that this server takes part in (core/hand_over.hpp), in shared memory: written by
// its worker, which also keeps it in pg_baton/hand_over, from where the postmaster takes it when
// memory is made anew.  Sessions leave what they want of the worker here.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/hand_over.hpp"

namespace baton::hand_over {

// In shmem_request_hook and shmem_startup_hook.
void RequestMemory();
void Attach();

// Any process.
core::HandOver Read();
// Whether this server may become the primary by it, so that no other may be promoted meanwhile.
bool MayEndInPromotion();
// Whether another server may still become the primary by a grant of this one.
bool GrantIsOut();

// What a session asks the worker to begin.
struct Order {
  std::uint64_t id = 0;
  bool is_demotion = false;
  core::NodeText target;
  core::NodeText requested_by;
  core::Instant begin_before{};
};
// Throws kBusy while another one is under way.  Returns the id.
std::uint64_t Give(const Order& order);
// Waits until it is over here, `limit` at most.  Interruptible.
core::HandOver WaitUntilOver(std::uint64_t id, std::chrono::milliseconds limit);

// What the giver says to the taker.
struct Letter {
  core::HandOverMessage message = core::HandOverMessage::kAsk;
  std::uint64_t id = 0;
  core::NodeText giver;
  core::Lsn end;                     // of a grant
  core::FixedText<1024> sync_names;  // of a grant: for the taker from then on
  std::chrono::milliseconds life{};  // of an offer, from `sent_at` on
  core::Instant sent_at{};           // Deliver sets both; who sent it waits no longer than that
  core::Instant answer_by{};
};
// Hands it to the worker and waits for what it makes of it; throws kBusy if that takes longer than
// `limit`.  Interruptible.
core::HandOver Deliver(const Letter& letter, std::chrono::milliseconds limit);

// The worker.
std::optional<Order> TakeOrder();  // stays until its record is written
std::optional<Letter> TakeLetter();
// `record` is what a letter's writer gets to see, whether or not it is the present one.
void AnswerLetter(const core::HandOver& record);
// For the others to see; until then a taker is bound.
void Write(const core::HandOver& record, core::Instant bound_until = {});
// Durable; returns what failed, in words.
std::string Keep(const core::HandOver& record);

}  // namespace baton::hand_over
