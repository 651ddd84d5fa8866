#include "pg/prepared_xacts.hpp"

#include "pg/locked.hpp"

namespace baton::pg {

std::vector<std::uint32_t> OverflowedPreparedXacts() {
  std::vector<std::uint32_t> xids;
  xids.reserve(static_cast<std::size_t>(max_prepared_xacts));
  const Locked locked(ProcArrayLock, LW_SHARED);
  for (int i = 0; i < max_prepared_xacts; ++i) {
    const PGPROC& place = PreparedXactProcs[i];
    if (TransactionIdIsValid(place.xid) && place.subxidStatus.overflowed) xids.push_back(place.xid);
  }
  return xids;
}

}  // namespace baton::pg
