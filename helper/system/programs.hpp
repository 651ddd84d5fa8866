// PostgreSQL's own programs on this host: where they are, what version, for which machine.
#pragma once

#include <optional>
#include <string>

namespace baton::helper {

struct Programs {
  std::string bindir;  // empty if none were found
  int major = 0;
  std::string version;       // with its minor version, "15.4"; empty if unknown
  std::string architecture;  // of the postgres program, from its ELF header; empty if unknown

  std::string Path(const std::string& program) const { return bindir + "/" + program; }
};

// `bindir` if it is given; else where Debian has the wanted major version, the folder of this
// program itself, and the search path.  Returns none rather than one of another major version,
// unless `bindir` names it.
Programs FindPrograms(const std::string& bindir, int major);

// The file that this program was started from; empty if that is not known.
std::string OwnProgram();

// The machine name as uname has it ("x86_64") of an ELF file; empty for anything else.
std::string ElfArchitecture(const std::string& path);

// Folder of the libraries that these programs load, as they find it relative to themselves; empty
// if it is not there.
std::string LibraryFolder(const Programs& programs);

// "15.4" from "postgres (PostgreSQL) 15.4 (Debian ...)"; empty if there is no number.
std::string VersionFrom(const std::string& version_line);

// 15 from "postgres (PostgreSQL) 15.4 ..."; nullopt if there is no number.
std::optional<int> MajorFrom(const std::string& version_line);

}  // namespace baton::helper
