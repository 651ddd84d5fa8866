#include "hand_over_board.hpp"

#include <type_traits>

#include "core/error.hpp"
#include "durable_file.hpp"
#include "event_file.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/locked.hpp"
#include "pg/shared_block.hpp"
#include "reign_state.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton::hand_over {
namespace {

constexpr const char* kName = "pg_baton_hand_over";
constexpr const char* kFile = "pg_baton/hand_over";

struct Board {
  core::HandOver record;
  core::Instant bound_until{};  // a taker's promise
  Order order;                  // id 0: none
  Letter letter;
  core::HandOver answer;
  std::uint64_t posted = 0;    // letters
  std::uint64_t answered = 0;  // the same
};
static_assert(std::is_trivially_copyable_v<Board>);

struct Block {
  Board board;
  ConditionVariable changed;
};

Block* block = nullptr;
LWLock* lock = nullptr;

void Broadcast() {
  pg::Call([] { ConditionVariableBroadcast(&block->changed); });
}

bool IsRunning(const core::HandOver& record) {
  return record.id != 0 && record.outcome == core::HandOverOutcome::kRunning;
}

}  // namespace

void RequestMemory() { pg::RequestBlock<Block>(kName); }

void Attach() {
  if (!pg::AttachBlock(kName, &Block::changed, block, lock)) return;
  // One of another node came with a clone or a rewind, and means nothing here.
  const auto record = core::HandOverFromFile(ReadWhole(kFile), FileOwner(setting::NodeName()));
  if (record) block->board.record = *record;
}

core::HandOver Read() {
  pg::Locked locked(lock, LW_SHARED);
  return block->board.record;
}

bool MayEndInPromotion() {
  core::HandOver record;
  core::Instant bound_until{};
  {
    pg::Locked locked(lock, LW_SHARED);
    record = block->board.record;
    bound_until = block->board.bound_until;
  }
  if (!IsRunning(record)) return false;
  if (record.is_giver) {
    return !record.is_demotion && record.step >= core::HandOverStep::kSignal &&
           record.step < core::HandOverStep::kPromote;
  }
  return record.taker != core::TakerState::kOffered || pg::Now() < bound_until;
}

bool GrantIsOut() {
  const core::HandOver record = Read();
  return record.is_giver && IsRunning(record) && record.step == core::HandOverStep::kGrant &&
         GetCurrentTimestamp() < record.bound_until;
}

std::uint64_t Give(const Order& order) {
  Order given = order;
  given.id = reign::NewId();
  bool busy = false;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    Board& board = block->board;
    const bool waits = board.order.id != 0 && pg::Now() < board.order.begin_before;
    busy = waits || IsRunning(board.record);
    if (!busy) board.order = given;
  }
  if (busy) {
    throw core::Error(core::ErrorCode::kBusy, "another request is already in progress",
                      "One request is carried out at a time.", "See baton.requests.");
  }
  shared::Wake(shared::Worker::kHandOver);
  return given.id;
}

core::HandOver WaitUntilOver(std::uint64_t id, std::chrono::milliseconds limit) {
  core::HandOver record;
  shared::WaitOn(block->changed, limit, [&] {
    record = Read();
    return record.id == id && !IsRunning(record);
  });
  return record;
}

core::HandOver Deliver(const Letter& letter, std::chrono::milliseconds limit) {
  std::uint64_t number = 0;
  Letter dated = letter;
  shared::WaitOn(block->changed, limit, [&] {
    dated.sent_at = pg::Now();
    dated.answer_by = dated.sent_at + limit;
    pg::Locked locked(lock, LW_EXCLUSIVE);
    Board& board = block->board;
    if (board.posted != board.answered) return false;
    board.letter = dated;
    number = ++board.posted;
    return true;
  });
  shared::Wake(shared::Worker::kHandOver);
  core::HandOver answer;
  const bool answered = number != 0 && shared::WaitOn(block->changed, limit, [&] {
                          pg::Locked locked(lock, LW_SHARED);
                          answer = block->board.answer;
                          return block->board.answered >= number;
                        });
  if (!answered) {
    throw core::Error(core::ErrorCode::kBusy, "the hand-over worker of pg_baton does not answer",
                      "It may be waiting for the storage.", "See the server log.");
  }
  return answer;
}

std::optional<Order> TakeOrder() {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  // Its checks are as old as it is.
  if (block->board.order.begin_before <= pg::Now()) block->board.order = {};
  if (block->board.order.id == 0) return std::nullopt;
  return block->board.order;
}

std::optional<Letter> TakeLetter() {
  pg::Locked locked(lock, LW_SHARED);
  const Board& board = block->board;
  if (board.posted == board.answered) return std::nullopt;
  return board.letter;
}

void AnswerLetter(const core::HandOver& record) {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->board.answer = record;
    block->board.answered = block->board.posted;
  }
  Broadcast();
}

void Write(const core::HandOver& record, core::Instant bound_until) {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->board.record = record;
    if (block->board.order.id == record.id) block->board.order = {};
    block->board.bound_until = bound_until;
  }
  shared::NoteHandOver(record);
  Broadcast();
}

std::string Keep(const core::HandOver& record) {
  return ReplaceDurably(kFile, core::HandOverToFile(record, FileOwner(setting::NodeName())));
}

}  // namespace baton::hand_over
