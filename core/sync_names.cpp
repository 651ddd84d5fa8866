#include "core/sync_names.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace baton::core {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsSame(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsSpace(char c) { return std::string_view(" \t\n\r\f\v").find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool BeginsName(char c) {
  const char lower = Lower(c);
  return (lower >= 'a' && lower <= 'z') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

struct Token {
  enum class Kind { kEnd, kName, kNumber, kAny, kFirst, kSign };
  Kind kind = Kind::kEnd;
  std::string text;     // of a name, without its quotes
  std::string written;  // as it stands there
};

// nullopt for what is no token.
std::optional<std::vector<Token>> Scan(std::string_view value) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  const auto take = [&](std::size_t end, Token::Kind kind) {
    const std::string written(value.substr(at, end - at));
    tokens.push_back({kind, written, written});
    at = end;
  };
  while (at < value.size()) {
    const char c = value[at];
    std::size_t end = at + 1;
    if (IsSpace(c)) {
      ++at;
    } else if (c == ',' || c == '(' || c == ')') {
      take(end, Token::Kind::kSign);
    } else if (c == '*') {
      take(end, Token::Kind::kName);
    } else if (IsDigit(c)) {
      while (end < value.size() && IsDigit(value[end])) ++end;
      take(end, Token::Kind::kNumber);
    } else if (BeginsName(c)) {
      while (end < value.size() &&
             (BeginsName(value[end]) || IsDigit(value[end]) || value[end] == '$')) {
        ++end;
      }
      const std::string_view word = value.substr(at, end - at);
      take(end, IsSame(word, "any")     ? Token::Kind::kAny
                : IsSame(word, "first") ? Token::Kind::kFirst
                                        : Token::Kind::kName);
    } else if (c == '"') {
      std::string text;
      bool closed = false;
      while (!closed && end < value.size()) {
        const bool quote = value[end] == '"';
        const bool doubled = quote && end + 1 < value.size() && value[end + 1] == '"';
        closed = quote && !doubled;
        if (!closed) text += value[end];
        end += doubled ? 2 : 1;
      }
      if (!closed) return std::nullopt;
      take(end, Token::Kind::kName);
      tokens.back().text = text;
    } else {
      return std::nullopt;
    }
  }
  tokens.emplace_back();
  return tokens;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::optional<SyncNames> Parse() {
    SyncNames names;
    if (Is(Token::Kind::kEnd)) return names;
    if (Is(Token::Kind::kAny) || Is(Token::Kind::kFirst)) {
      names.form = Is(Token::Kind::kAny) ? SyncNames::Form::kAny : SyncNames::Form::kFirst;
      ++at_;
    } else if (Is(Token::Kind::kNumber) && tokens_[at_ + 1].written == "(" &&
               tokens_[at_ + 1].kind == Token::Kind::kSign) {
      names.form = SyncNames::Form::kNumber;
    }
    const bool counted = names.form != SyncNames::Form::kList;
    if (counted && (!TakeNumber(names.needed) || !TakeSign("("))) return std::nullopt;
    do {
      if (!Is(Token::Kind::kName) && !Is(Token::Kind::kNumber)) return std::nullopt;
      names.names.push_back({tokens_[at_].text, tokens_[at_].written});
      ++at_;
    } while (TakeSign(","));
    if (counted && !TakeSign(")")) return std::nullopt;
    if (!Is(Token::Kind::kEnd) || names.needed == 0) return std::nullopt;
    return names;
  }

 private:
  bool Is(Token::Kind kind) const { return tokens_[at_].kind == kind; }
  bool TakeSign(std::string_view sign) {
    if (!Is(Token::Kind::kSign) || tokens_[at_].written != sign) return false;
    ++at_;
    return true;
  }
  bool TakeNumber(std::uint32_t& number) {
    if (!Is(Token::Kind::kNumber)) return false;
    const std::string& text = tokens_[at_++].written;
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

std::string Written(const SyncNames& names) {
  std::string list;
  for (const SyncNames::Name& name : names.names) {
    list += (list.empty() ? "" : ", ") + name.written;
  }
  switch (names.form) {
    case SyncNames::Form::kAny:
      return fmt::format("ANY {} ({})", names.needed, list);
    case SyncNames::Form::kFirst:
      return fmt::format("FIRST {} ({})", names.needed, list);
    case SyncNames::Form::kNumber:
      return fmt::format("{} ({})", names.needed, list);
    case SyncNames::Form::kList:
      break;
  }
  return list;
}

}  // namespace

bool SyncNames::Names(std::string_view node) const {
  return std::any_of(names.begin(), names.end(),
                     [node](const Name& name) { return IsSame(name.text, node); });
}

std::optional<SyncNames> ParseSyncNames(std::string_view value) {
  const auto tokens = Scan(value);
  return tokens ? Parser(*tokens).Parse() : std::nullopt;
}

std::optional<std::string> SyncNamesWithout(std::string_view value, std::string_view node) {
  auto parsed = ParseSyncNames(value);
  if (!parsed) return std::nullopt;
  if (!parsed->Names(node)) return std::string(value);
  std::erase_if(parsed->names,
                [node](const SyncNames::Name& name) { return IsSame(name.text, node); });
  if (parsed->names.empty()) return "";
  const bool everybody = parsed->Names("*");
  const auto left = static_cast<std::uint32_t>(parsed->names.size());
  if (!everybody) parsed->needed = std::min(parsed->needed, left);
  return Written(*parsed);
}

std::optional<std::string> SyncNamesInstead(std::string_view value, std::string_view node,
                                            std::string_view former) {
  auto parsed = ParseSyncNames(value);
  if (!parsed || !parsed->Names(node) || former.empty() || parsed->Names(former)) {
    return SyncNamesWithout(value, node);
  }
  const bool plain =
      BeginsName(former.front()) && !IsSame(former, "any") && !IsSame(former, "first");
  const std::string written = plain ? std::string(former) : fmt::format("\"{}\"", former);
  for (SyncNames::Name& name : parsed->names) {
    if (IsSame(name.text, node)) name = {std::string(former), written};
  }
  return Written(*parsed);
}

}  // namespace baton::core
