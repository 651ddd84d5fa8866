// A replication slot made for a node that is not there yet: dropped again unless it is kept, since
// a slot that nobody uses holds back WAL until the disk is full.
#pragma once

#include <string>

#include "helper/server/connection.hpp"

namespace baton::helper {

class NewSlot {
 public:
  // Makes it; WAL is kept from now on.  An interrupt takes effect when the source has answered; if
  // it does not answer, the slot may be there, which is said.
  NewSlot(Connection& source, std::string name);
  // Drops it unless Keep was called, when nothing streams from it any more, and by a new connection
  // if the old one is lost; says so if that fails.
  ~NewSlot();
  NewSlot(const NewSlot&) = delete;
  NewSlot& operator=(const NewSlot&) = delete;

  void Keep() { kept_ = true; }

 private:
  Connection& source_;
  std::string name_;
  bool kept_ = false;
};

}  // namespace baton::helper
