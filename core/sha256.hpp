// SHA-256 (FIPS 180-4) and what is built on it (RFC 2104, RFC 8018), for small inputs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::core {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest Sha256(std::string_view data);
Sha256Digest HmacSha256(std::string_view key, std::string_view data);
// The first block of PBKDF2 with HMAC-SHA-256, which is all that SCRAM takes of it.
Sha256Digest Pbkdf2Sha256(std::string_view password, std::string_view salt, int iterations);

inline std::string_view Bytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace baton::core
