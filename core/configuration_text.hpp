// The text of postgresql.conf, and of the files of rules beside it: which other files it takes in,
// and the same text with some of its lines changed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::core {

struct Inclusion {
  enum class Kind {
    kFile,         // include
    kFileIfThere,  // include_if_exists
    kFolder        // include_dir: the names in it that end in .conf and do not begin with a dot
  };
  Kind kind = Kind::kFile;
  std::string path;  // as written; if not absolute, beside the file that has the line

  bool operator==(const Inclusion&) const = default;
};

// Of postgresql.conf, in the order of its lines (guc-file.l).
std::vector<Inclusion> InclusionsInSettings(std::string_view text);
// Of pg_hba.conf and pg_ident.conf: lines with include, which 16 has brought, and names behind an @
// (tokenize_auth_file in hba.c).
std::vector<Inclusion> InclusionsInRules(std::string_view text);

// Whether include_dir takes in a file of this name.
bool IsReadFromFolder(std::string_view name);

// Whether a line of postgresql.conf sets this; `name` is in lower case.
bool HasSetting(std::string_view text, std::string_view name);

// New values by name in lower case, and new paths by path as written.  Empty: the line becomes a
// comment.
struct LineChanges {
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> inclusions;
};

// Of postgresql.conf; what stands behind a value stays, and so do all other lines.
std::string WithChangedLines(std::string_view text, const LineChanges& changes);

// As a line of postgresql.conf, without its end.
std::string SettingLine(const std::string& name, const std::string& value);

}  // namespace baton::core
