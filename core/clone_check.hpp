// Whether a standby can be made from a running server: everything that would make the copy fail, or
// worse, succeed and be useless, is found before the first byte is copied, all at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clone_configuration.hpp"
#include "core/lsn.hpp"
#include "core/problem.hpp"

namespace baton::core {

enum class CloneStatus {
  kOk,
  kWarning,  // the clone would work; somebody should know
  kRefused,  // it would not, or would be of no use
  kUnknown,  // it could not be looked at
};

std::string_view CloneStatusText(CloneStatus status);

struct CloneFinding {
  std::string_view check_name;  // "wal_senders"; a check may have several findings
  CloneStatus status = CloneStatus::kOk;
  Problem text;  // detail and hint are empty where the status is ok
};

using CloneFindings = std::vector<CloneFinding>;

// What the files are made of; a server reads only those of its own layout.
struct PageLayout {
  std::int64_t block_bytes = 0;      // of tables
  std::int64_t wal_block_bytes = 0;  // of the WAL
  std::int64_t segment_blocks = 0;   // blocks in one file of a table

  bool operator==(const PageLayout&) const = default;
};

// By what a database sorts its text.
struct CollationUse {
  std::string database;
  char provider = 'c';  // as pg_database.datlocprovider: c for libc, i for ICU, b for builtin
  std::string version;  // of the provider there; empty: it has none, as of C
};

// What a server has room for, and has for the new node already.
struct CloneRoom {
  int wal_senders_max = 0;
  int wal_senders_used = 0;
  int slots_max = 0;
  int slots_used = 0;
  bool slot_exists = false;  // with the new node's name
  bool slot_active = false;
  bool slot_lost = false;  // it is of no use, and is made anew
};

// The primary, which has the registry, where the copy is made from a standby.
struct ClonePrimary {
  std::string name;  // empty: which node it is could not be found out
  Problem missing;   // why it cannot be asked; no message: it was
  bool full_page_writes = true;
};

// The node from which the new server will stream, where that is not the source.
struct CloneUpstream {
  std::string name;
  Problem missing;  // why it cannot be asked; no message: it was
  TimelineId timeline = 0;
  Lsn keeps_from;  // where the WAL begins that it keeps for the new server
  CloneRoom room;
};

struct CloneSource {
  int major = 0;
  std::string version;       // as SHOW server_version has it
  std::string architecture;  // "x86_64", from version()
  std::string name;          // of the node; empty: it has none
  bool has_extension = false;
  std::optional<ClonePrimary> primary;    // none: the source is the primary
  std::optional<CloneUpstream> upstream;  // none: the source is it
  TimelineId timeline = 0;                // 0: not known
  Lsn position;                           // written on a primary, replayed on a standby
  bool can_read_sizes = true;
  std::int64_t bytes = 0;                      // all tablespaces
  std::optional<double> wal_bytes_per_second;  // written on average
  std::optional<PageLayout> layout;
  std::optional<bool> data_checksums;
  CloneRoom room;
  std::vector<std::string> tablespaces;  // locations outside the data directory, as mapped
  std::optional<std::vector<std::string>> preloads;  // its shared_preload_libraries
  std::optional<std::vector<CollationUse>> collations;

  // Of the server from which the new one will stream.
  const CloneRoom& UpstreamRoom() const { return upstream ? upstream->room : room; }
};

// A setting that a standby must not have lower than its primary (CheckRequiredParameterValues in
// xlogrecovery.c).
struct RequiredSetting {
  std::string name;
  std::int64_t there = 0;
  std::optional<std::int64_t> here;  // as this host's configuration has it; none: not known yet
};

// Places of the copy that share one file system.
struct CloneVolume {
  std::string path;             // the first of them
  std::int64_t data_bytes = 0;  // of the source that will be here
  bool takes_wal = false;       // the WAL of the copy will be here
  std::optional<std::int64_t> free_bytes;
};

// How far this host's clock is ahead, known as well as the question's way there and back allows.
struct ClockReading {
  std::chrono::microseconds ahead{0};
  std::chrono::microseconds uncertainty{0};
};

struct CloneTarget {
  enum class Directory {
    kAbsent,
    kEmpty,
    kNotEmpty,
    kNotADirectory,
    kUnfinished,  // no server starts from it, and nothing tells how it came to be
    kLeftOver,    // what an earlier clone has noted as unfinished
    kForeign
  };
  std::string node_name;  // of the new node
  std::string path;
  Directory directory = Directory::kAbsent;
  std::string move_aside_to;         // where what is there goes; empty: nowhere
  bool can_be_moved = true;          // it is no mount point, and its parent can be written
  bool is_running = false;           // a server runs from the directory
  bool can_create = true;            // the parent, or the directory itself, can be written
  std::string bindir;                // empty if no server programs were found
  int major = 0;                     // of the programs there
  std::string version;               // the same with its minor version, "15.4"; empty if not known
  std::string architecture;          // of the postgres program; empty if it is no ELF file
  std::optional<PageLayout> layout;  // of the programs
  std::vector<CloneVolume> volumes;
  std::string rejoin_journal;  // folder of a rejoin of this directory; empty: there is none
  std::vector<std::string> occupied_tablespaces;  // locations that are there and not empty
  std::string waldir;                             // for the WAL; empty: in the data directory
  bool waldir_is_inside = false;                  // of the data directory, or the other way round
  bool waldir_is_usable = true;                   // absolute, and empty or to be made, by this user
  CloneConfiguration configuration;
  std::vector<RequiredSetting> settings;
  std::string library_folder;                        // of the programs; empty: not known
  std::vector<std::string> missing_libraries;        // of those that the source preloads
  std::optional<std::vector<std::string>> preloads;  // what the new server will preload
  bool needs_tls = false;                            // the nodes reach each other by TLS only
  bool has_tls = false;                              // the new server will
  std::vector<std::string> missing_tls_files;  // certificate and key that it names, and has not
  std::string libc_version;                    // of this host, "2.36"; empty: not known
  std::optional<ClockReading> clock;
  int port = 0;  // of the new server; 0: not known
  std::optional<bool> port_is_free;
  bool will_start = true;     // the command starts the server
  std::string advertise;      // by which the others reach it
  bool is_elsewhere = false;  // it is an address that this host has not
  std::string max_rate;       // as given; empty: none
};

CloneFindings CheckClone(const CloneSource& source, const CloneTarget& target);

// Those that keep a clone from beginning.
Problems Refused(const CloneFindings& findings);

// "x86_64" from "PostgreSQL 15.4 (...) on x86_64-pc-linux-gnu, compiled by ..."; empty if it is not
// there.
std::string ArchitectureOf(const std::string& version_text);

// Bytes a second from what pg_basebackup's --max-rate takes: kilobytes, or with suffix k or M, from
// 32 kB to 1 GB; nullopt for anything else.
std::optional<std::int64_t> RateFromText(std::string_view text);

// Whether recovery_min_apply_delay takes it: a whole number, with ms, s, min, h or d behind it.
bool IsDelay(std::string_view text);

// The names in a list such as shared_preload_libraries, without quotes and blanks.
std::vector<std::string> NamesInList(std::string_view list);

// What is likely to be written while so many bytes are copied: 256 MB, and the source's rate for
// the time that takes at `bytes_per_second`.
std::int64_t WalDuringCopy(std::int64_t bytes, std::int64_t bytes_per_second,
                           std::optional<double> wal_bytes_per_second);

}  // namespace baton::core
