#include "reign_state.hpp"

#include "pg/guard.hpp"
#include "shared_state.hpp"

namespace baton::reign {

core::Reign Own() { return RecoveryInProgress() ? core::Reign{} : Read().reign; }

ReignState Read() { return *shared::Read<ReignState>(); }

void Write(const ReignState& state) { shared::Board<ReignState>().Write(state); }

std::uint64_t NewId() {
  std::uint64_t id = 0;
  pg::Call([&id] {
    if (!pg_strong_random(&id, sizeof(id))) elog(ERROR, "could not generate a random number");
  });
  return id == 0 ? 1 : id;
}

}  // namespace baton::reign
