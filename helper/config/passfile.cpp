#include "helper/config/passfile.hpp"

#include <array>
#include <cstdlib>
#include <pwd.h>
#include <sstream>
#include <unistd.h>
#include <vector>

#include "core/error.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

// The first five fields of a line; a colon or backslash inside one is written with a backslash
// before it.
std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      fields.back() += line[++i];
    } else if (line[i] == ':') {
      if (fields.size() == 5) break;
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::string Escaped(const std::string& field) {
  std::string escaped;
  for (const char c : field) {
    if (c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string LineStart(const std::string& user) { return "*:*:*:" + Escaped(user) + ":"; }

}  // namespace

std::optional<std::string> LookUpPassword(const std::string& text, const PassfileKey& key) {
  const std::array<const std::string*, 4> wanted = {&key.host, &key.port, &key.database, &key.user};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    while (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> fields = Fields(line);
    if (fields.size() != 5) continue;
    bool fits = true;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      fits = fits && (fields[i] == "*" || fields[i] == *wanted[i]);
    }
    if (fits) return fields[4];
  }
  return std::nullopt;
}

std::string WithPassword(const std::string& text, const std::string& user,
                         const std::string& password) {
  return LineStart(user) + Escaped(password) + "\n" + WithoutPassword(text, user);
}

std::string WithoutPassword(const std::string& text, const std::string& user) {
  const std::string start = LineStart(user);
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start)) result += line + "\n";
  }
  return result;
}

std::filesystem::path DefaultPassfile() {
  if (const char* const file = std::getenv("PGPASSFILE"); file != nullptr && *file != '\0') {
    return file;
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".pgpass";
  }
  if (const passwd* const user = getpwuid(geteuid()); user != nullptr) {
    return std::filesystem::path(user->pw_dir) / ".pgpass";
  }
  throw core::Error(core::ErrorCode::kFailed, "could not tell where the password file is", "",
                    "Name it with --passfile.");
}

void StorePassword(const std::filesystem::path& file, const std::string& user,
                   const std::string& password) {
  const std::string before = ReadFileIfThere(file).value_or("");
  if (std::filesystem::exists(file)) SetMode(file, 0600);
  ReplaceFile(file, WithPassword(before, user, password), 0600);
}

}  // namespace baton::helper
