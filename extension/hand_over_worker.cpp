#include "hand_over_worker.hpp"

#include "pg/postgres.hpp"

#include <chrono>

#include "hand_over_board.hpp"
#include "hand_over_giver.hpp"
#include "hand_over_pause.hpp"
#include "hand_over_taker.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kBusyTurn = std::chrono::milliseconds(5);
constexpr auto kTidyTurn = std::chrono::milliseconds(500);
constexpr auto kIdleTurn = std::chrono::seconds(60);

class Worker {
 public:
  void Run() {
    const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonHandOverMain"); });
    Resume();
    for (;;) {
      if (const auto order = hand_over::TakeOrder()) giver_.Begin(*order);
      if (const auto letter = hand_over::TakeLetter()) taker_.Handle(*letter);
      const bool busy = taker_.Advance();
      const bool untidy = !busy && giver_.TidyUp();
      pg::WaitForLatch(busy     ? kBusyTurn
                       : untidy ? kTidyTurn
                                : std::chrono::milliseconds(kIdleTurn),
                       event);
    }
  }

 private:
  void Resume() {
    const core::HandOver record = hand_over::Read();
    if (record.id == 0) return AnswerWhatWaits();
    shared::NoteHandOver(record);
    if (record.is_giver) {
      giver_.Resume(record);
    } else {
      taker_.Resume(record);
    }
    AnswerWhatWaits();
  }

  // A letter in whose middle a predecessor ended must not end this one too.
  static void AnswerWhatWaits() {
    const auto letter = hand_over::TakeLetter();
    if (!letter) return;
    core::HandOver answer = hand_over::Read();
    if (answer.id != letter->id || answer.is_giver) {
      answer = {};
      answer.taker = core::TakerState::kRefused;
      answer.reason = "its worker was interrupted";
    }
    hand_over::AnswerLetter(answer);
  }

  Giver giver_;
  Taker taker_;
};

}  // namespace

void PauseAt(std::string_view place) {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonPause"); });
  if (setting::PauseAt() != place) return;
  const std::string where(place);
  pg::Call([text = where.c_str()] { ereport(LOG, (errmsg("hand-over pauses at %s", text))); });
  while (setting::PauseAt() == place) pg::WaitForLatch(kBusyTurn, event);
}

void RegisterHandOverWorker() {
  pg::RegisterWorker("pg_baton handover", "pg_baton_hand_over_main",
                     pg::WorkerKind::kWithSharedMemoryOnly);
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_hand_over_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::BeginWorker();
    baton::shared::EnterWorker(baton::shared::Worker::kHandOver);
    std::make_unique<baton::Worker>()->Run();
  });
}
}
