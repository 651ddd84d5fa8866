#include "core/password_verifier.hpp"

#include <algorithm>
#include <charconv>

#include "core/sha256.hpp"

namespace baton::core {
namespace {

constexpr std::string_view kScramPrefix = "SCRAM-SHA-256$";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  unsigned value = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = (value << 6 | static_cast<unsigned>(digit)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(value >> bits);
  }
  return bytes;
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

VerifierKind KindOfVerifier(std::string_view verifier) {
  if (verifier.empty()) return VerifierKind::kNone;
  return verifier.starts_with(kScramPrefix) ? VerifierKind::kScram : VerifierKind::kMd5;
}

std::optional<bool> FitsScram(std::string_view verifier, std::string_view password) {
  if (!verifier.starts_with(kScramPrefix) || !IsPrintableAscii(password)) return std::nullopt;
  verifier.remove_prefix(kScramPrefix.size());
  const auto colon = verifier.find(':');
  const auto dollar = verifier.find('$');
  if (colon == std::string_view::npos || dollar == std::string_view::npos || colon > dollar) {
    return std::nullopt;
  }
  int iterations = 0;
  const auto number = std::from_chars(verifier.data(), verifier.data() + colon, iterations);
  const auto salt = FromBase64(verifier.substr(colon + 1, dollar - colon - 1));
  const std::string_view keys = verifier.substr(dollar + 1);
  const auto server_key = FromBase64(keys.substr(std::min(keys.find(':'), keys.size() - 1) + 1));
  if (number.ptr != verifier.data() + colon || iterations < 1 || !salt || !server_key) {
    return std::nullopt;
  }
  const Sha256Digest salted = Pbkdf2Sha256(password, *salt, iterations);
  return Bytes(HmacSha256(Bytes(salted), "Server Key")) == *server_key;
}

}  // namespace baton::core
