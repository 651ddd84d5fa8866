// Holds an LWLock for a scope in which plain values are copied and nothing else is done: an error
// that passed here would release it twice (see pg/guard.hpp).
#pragma once

#include "pg/postgres.hpp"

namespace baton::pg {

class Locked {
 public:
  Locked(LWLock* lock, LWLockMode mode) : lock_(lock) { LWLockAcquire(lock_, mode); }
  ~Locked() { LWLockRelease(lock_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  LWLock* lock_;
};

}  // namespace baton::pg
