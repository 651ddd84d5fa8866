// Which files of a source's configuration a clone takes over, where each goes, and what is changed
// in them, so that what belongs to a host stays its own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/problem.hpp"

namespace baton::core {

// The settings that name places of one host.
inline constexpr const char* kSettingsOfAHost[] = {"data_directory", "hba_file", "ident_file",
                                                   "external_pid_file"};

struct ConfigurationFile {
  enum class Kind { kSettings, kHba, kIdent };
  Kind kind = Kind::kSettings;
  std::string path;  // on the source: absolute, without "." and ".."
  std::string text;
};

struct SourceConfiguration {
  // As the settings of these names have them; empty: not known.
  std::string data_directory;
  std::string config_file;
  std::string hba_file;
  std::string ident_file;
  // Those three, and what they include below their folders, each once.
  std::vector<ConfigurationFile> files;

  bool IsKnown() const;
  // Of the three, those that are not in the data directory and so do not come with its copy.
  std::vector<std::string> Outside() const;
  const std::string& FileOf(ConfigurationFile::Kind kind) const;
};

// An included path as the files of the source mean it, and whether that is below the folder of the
// file with which it began.
std::string IncludedPath(const std::string& including_file, const std::string& path);
bool IsBelow(const std::string& path, const std::string& first_file);

struct ConfigurationPlace {
  std::string data_directory;  // of the new server
  std::string folder;          // of its configuration; the same if it has none elsewhere
  // Those settings as the new host's own configuration has them; absent or empty: it has not.
  std::map<std::string, std::string> own;
};

struct PlacedFile {
  std::string path;
  std::string text;
};

// A file or folder that is included from outside.
struct LeftOut {
  std::string there;  // on the source
  std::string here;   // where the new server will look for it
  bool is_here = false;

  bool operator==(const LeftOut&) const = default;
};

struct TakenConfiguration {
  std::vector<PlacedFile> files;     // in the order in which to write them: postgresql.conf last
  std::vector<std::string> folders;  // that have to be there, even if empty
  std::vector<LeftOut> left_out;
  Problems problems;  // for which the new server would not start, or let in whom it should not
};

// `is_here` says whether a path is on the new host.
TakenConfiguration PlanConfiguration(const SourceConfiguration& source,
                                     const ConfigurationPlace& place,
                                     const std::function<bool(const std::string&)>& is_here);

// What to tell of one that is left out.
Problem LeftOutText(const LeftOut& left_out);

}  // namespace baton::core
