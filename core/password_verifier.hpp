// What a server keeps of a role's password (pg_authid.rolpassword), and whether a password is the
// one that it was made from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::core {

enum class VerifierKind {
  kNone,   // the role has no password
  kMd5,    // "md5" and 32 hexadecimal digits
  kScram,  // "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey"
};
VerifierKind KindOfVerifier(std::string_view verifier);

// nullopt where that cannot be told here: of anything but SCRAM, and of passwords that are not
// plain ASCII, which SASLprep may change (scram_verify_plain_password in
// src/backend/libpq/auth-scram.c).
std::optional<bool> FitsScram(std::string_view verifier, std::string_view password);

}  // namespace baton::core
