// A position in the write-ahead log: bytes since the cluster was created.  Printed and parsed as
// PostgreSQL does ("16/B374D848").  Zero means "none", as InvalidXLogRecPtr in
// src/include/access/xlogdefs.h.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::core {

using TimelineId = std::uint32_t;  // zero means "none"

class Lsn {
 public:
  constexpr Lsn() = default;
  constexpr explicit Lsn(std::uint64_t bytes) : bytes_(bytes) {}

  // Parses "hi/lo", one to eight hexadecimal digits each.  Returns nullopt for anything else,
  // including spaces, signs and "0x".
  static std::optional<Lsn> Parse(std::string_view text);

  std::string ToString() const;
  constexpr std::uint64_t bytes() const { return bytes_; }
  constexpr bool IsNone() const { return bytes_ == 0; }
  constexpr auto operator<=>(const Lsn&) const = default;

  // Bytes of WAL from `earlier` to this position; 0 if this one is not the later.
  constexpr std::int64_t BytesSince(Lsn earlier) const {
    return bytes_ > earlier.bytes_ ? static_cast<std::int64_t>(bytes_ - earlier.bytes_) : 0;
  }

 private:
  std::uint64_t bytes_ = 0;
};

}  // namespace baton::core
