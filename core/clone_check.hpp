// Whether a standby can be made from a running server: everything that would make the copy fail, or
// worse, succeed and be useless, is found before the first byte is copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.hpp"

namespace baton::core {

struct CloneSource {
  int major = 0;
  std::string version;       // as SHOW server_version has it
  std::string architecture;  // "x86_64", from version()
  bool in_recovery = false;
  bool has_extension = false;
  bool can_read_sizes = true;
  std::int64_t bytes = 0;  // all tablespaces
  int wal_senders_max = 0;
  int wal_senders_used = 0;
  int slots_max = 0;
  int slots_used = 0;
  bool slot_exists = false;  // with the new node's name
  bool slot_active = false;
  bool name_is_source = false;           // the new node's name is that of the source
  std::vector<std::string> tablespaces;  // locations outside the data directory, as mapped
};

struct CloneTarget {
  enum class Directory { kAbsent, kEmpty, kNotEmpty, kNotADirectory, kUnfinished, kForeign };
  std::string path;
  Directory directory = Directory::kAbsent;
  bool can_create = true;                  // the parent, or the directory itself, can be written
  std::string bindir;                      // empty if no server programs were found
  int major = 0;                           // of the programs there
  std::string architecture;                // of the postgres program; empty if it is no ELF file
  std::optional<std::int64_t> free_bytes;  // where the directory is or will be
  std::string rejoin_journal;  // folder of a rejoin of this directory; empty: there is none
  std::vector<std::string> occupied_tablespaces;  // locations that are there and not empty
};

Problems CheckClone(const CloneSource& source, const CloneTarget& target);

// "x86_64" from "PostgreSQL 15.4 (...) on x86_64-pc-linux-gnu, compiled by ..."; empty if it is not
// there.
std::string ArchitectureOf(const std::string& version_text);

}  // namespace baton::core
