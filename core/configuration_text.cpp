#include "core/configuration_text.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace baton::core {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool IsInWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Calls it with each line, its end left out, and whether it had one.
template <typename Function>
void ForEachLine(std::string_view text, const Function& function) {
  while (!text.empty()) {
    const auto newline = text.find('\n');
    function(text.substr(0, newline), newline != std::string_view::npos);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
}

struct Assignment {
  std::string name;  // in lower case
  std::string value;
  std::size_t begin = 0;  // of the value in the line, with its quotes
  std::size_t end = 0;
};

// Nothing for a comment, an empty line, or what a server would not understand.
std::optional<Assignment> AssignmentIn(std::string_view line) {
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < line.size() && IsBlank(line[at])) ++at;
  };
  Assignment found;
  skip_blanks();
  const std::size_t name = at;
  while (at < line.size() && IsInWord(line[at])) ++at;
  if (at == name) return std::nullopt;
  found.name = Lower(line.substr(name, at - name));
  skip_blanks();
  if (at < line.size() && line[at] == '=') ++at;
  skip_blanks();
  found.begin = at;
  if (at < line.size() && line[at] == '\'') {
    for (++at;; ++at) {
      if (at == line.size()) return std::nullopt;
      if (line[at] == '\'' || line[at] == '\\') {
        const bool is_doubled = at + 1 < line.size() && (line[at] == '\\' || line[at + 1] == '\'');
        if (!is_doubled) break;
        ++at;
      }
      found.value += line[at];
    }
    ++at;
  } else {
    while (at < line.size() && !IsBlank(line[at]) && line[at] != '#') found.value += line[at++];
  }
  found.end = at;
  if (found.begin == found.end) return std::nullopt;
  return found;
}

std::optional<Inclusion::Kind> KindOf(std::string_view word) {
  if (word == "include") return Inclusion::Kind::kFile;
  if (word == "include_if_exists") return Inclusion::Kind::kFileIfThere;
  if (word == "include_dir") return Inclusion::Kind::kFolder;
  return std::nullopt;
}

// As escape_single_quotes_ascii in src/port/quotes.c.
std::string Quoted(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

// Words of a line of rules, each with its quotes, which keep a blank and a comma in it.
std::vector<std::string> WordsOfRule(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool is_quoted = false;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : line) {
    if (c == '#' && !is_quoted) break;
    if ((IsBlank(c) || c == ',') && !is_quoted) {
      end_word();
      continue;
    }
    if (c == '"') is_quoted = !is_quoted;
    word += c;
  }
  end_word();
  return words;
}

std::string WithoutQuotes(std::string word) {
  std::erase(word, '"');
  return word;
}

}  // namespace

std::vector<Inclusion> InclusionsInSettings(std::string_view text) {
  std::vector<Inclusion> inclusions;
  ForEachLine(text, [&](std::string_view line, bool) {
    const auto assignment = AssignmentIn(line);
    if (!assignment) return;
    if (const auto kind = KindOf(assignment->name))
      inclusions.push_back({*kind, assignment->value});
  });
  return inclusions;
}

std::vector<Inclusion> InclusionsInRules(std::string_view text) {
  std::vector<Inclusion> inclusions;
  ForEachLine(text, [&](std::string_view line, bool) {
    const std::vector<std::string> words = WordsOfRule(line);
    if (words.empty()) return;
    if (const auto kind = KindOf(words.front()); kind && words.size() > 1) {
      inclusions.push_back({*kind, WithoutQuotes(words[1])});
      return;
    }
    for (const std::string& word : words) {
      if (word.size() > 1 && word.front() == '@') {
        inclusions.push_back({Inclusion::Kind::kFile, WithoutQuotes(word.substr(1))});
      }
    }
  });
  return inclusions;
}

bool IsReadFromFolder(std::string_view name) {
  constexpr std::string_view kEnding = ".conf";
  return name.size() > kEnding.size() && name.ends_with(kEnding) && !name.starts_with('.');
}

bool HasSetting(std::string_view text, std::string_view name) {
  bool has = false;
  ForEachLine(text, [&](std::string_view line, bool) {
    const auto assignment = AssignmentIn(line);
    has = has || (assignment && assignment->name == name);
  });
  return has;
}

std::string WithChangedLines(std::string_view text, const LineChanges& changes) {
  std::string result;
  ForEachLine(text, [&](std::string_view line, bool has_end) {
    const auto assignment = AssignmentIn(line);
    const std::string* change = nullptr;
    if (assignment) {
      const bool includes = KindOf(assignment->name).has_value();
      const auto& map = includes ? changes.inclusions : changes.settings;
      const auto found = map.find(includes ? assignment->value : assignment->name);
      if (found != map.end()) change = &found->second;
    }
    if (change == nullptr) {
      result += line;
    } else if (change->empty()) {
      result += fmt::format("#{}", line);
    } else {
      result += fmt::format("{}{}{}", line.substr(0, assignment->begin), Quoted(*change),
                            line.substr(assignment->end));
    }
    if (has_end) result += '\n';
  });
  return result;
}

std::string SettingLine(const std::string& name, const std::string& value) {
  return fmt::format("{} = {}", name, Quoted(value));
}

}  // namespace baton::core
