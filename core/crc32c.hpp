// The checksum of WAL records: CRC-32C (src/include/port/pg_crc32c.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::core {

class Crc32c {
 public:
  void Add(std::string_view bytes);
  std::uint32_t Value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace baton::core
