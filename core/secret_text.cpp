#include "core/secret_text.hpp"

#include <algorithm>
#include <cctype>

namespace baton::core {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kWord = "password";
constexpr std::string_view kSpace = " \t\r\n";

bool IsWordAt(std::string_view text, std::size_t at) {
  if (text.size() - at < kWord.size()) return false;
  for (std::size_t i = 0; i < kWord.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(text[at + i])) != kWord[i]) return false;
  }
  return true;
}

std::size_t After(std::string_view text, std::size_t at, std::string_view set) {
  const std::size_t found = text.find_first_not_of(set, at);
  return found == std::string_view::npos ? text.size() : found;
}

// Where a value that begins with this quote ends.
std::size_t EndOfQuoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string_view rest = text.substr(at + 1);
  if (rest.starts_with("\\''")) return text.size();
  if (rest.starts_with(quote)) {
    const bool is_empty = rest.size() == 1 || kSpace.find(rest[1]) != std::string_view::npos ||
                          std::string_view("&;,)\"").find(rest[1]) != std::string_view::npos;
    return is_empty ? at + 2 : text.size();
  }
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' || (text[i] == quote && text.substr(i + 1).starts_with(quote))) {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

// Begin and end of the password that is named behind `at`, where the word itself ends; both the
// same if it is no password.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};
Place ValueBehind(std::string_view text, std::size_t at) {
  std::size_t begin = After(text, at, kSpace);
  const bool has_sign = begin < text.size() && text[begin] == '=';
  if (has_sign) begin = After(text, begin + 1, kSpace);
  if (begin >= text.size()) return {};
  // An escape string constant of SQL.
  const bool is_escape = (text[begin] == 'E' || text[begin] == 'e') && begin + 1 < text.size() &&
                         text[begin + 1] == '\'';
  if (is_escape) ++begin;
  if (text[begin] == '\'' || text[begin] == '"') return {begin, EndOfQuoted(text, begin)};
  if (!has_sign) return {};
  std::size_t end = begin;
  // A quote may be part of it, so one that ends what it stands in is left out with it.
  while (end < text.size() && kSpace.find(text[end]) == std::string_view::npos &&
         text[end] != '&') {
    end += text[end] == '\\' ? 2 : 1;
  }
  return {begin, std::min(end, text.size())};
}

// The password in what begins with "://", as in postgresql://user:password@host.
Place InAddress(std::string_view text, std::size_t at) {
  const std::size_t begin = at + 3;
  const std::size_t end = std::min(text.find_first_of("/? \t\r\n'\"", begin), text.size());
  const std::size_t sign = text.substr(0, end).rfind('@');
  if (sign == std::string_view::npos || sign < begin) return {};
  const std::size_t colon = text.find(':', begin);
  if (colon == std::string_view::npos || colon > sign) return {};
  return {colon + 1, sign};
}

}  // namespace

std::string WithoutSecrets(std::string_view text) {
  std::string shown;
  std::size_t at = 0;
  while (at < text.size()) {
    Place place;
    if (IsWordAt(text, at)) {
      place = ValueBehind(text, at + kWord.size());
    } else if (text.substr(at).starts_with("://")) {
      place = InAddress(text, at);
    }
    if (place.end <= place.begin) {
      shown += text[at++];
      continue;
    }
    shown += text.substr(at, place.begin - at);
    shown += kMask;
    at = place.end;
  }
  return shown;
}

}  // namespace baton::core
