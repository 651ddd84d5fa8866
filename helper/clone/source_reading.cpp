#include "helper/clone/source_reading.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

#include "helper/clone/server_search.hpp"
#include "helper/command/node_access.hpp"
#include "helper/server/queries.hpp"

namespace baton::helper {
namespace {

using std::chrono::microseconds;

class SourceReading {
 public:
  explicit SourceReading(ClonePlace& place)
      : place_(place), source_(place.source), facts_(place.source_facts) {}

  void Read() {
    facts_ = {};
    facts_.major = source_.major();
    facts_.version = source_.Value("SHOW server_version");
    facts_.architecture = core::ArchitectureOf(source_.Value("SELECT version()"));
    facts_.has_extension = HasExtension(source_);
    if (facts_.has_extension) ReadNode();
    FindServers(place_);
    facts_.room = ReadRoom(source_, place_.request.node_name);
    ReadSettings();
    ReadSizes();
    ReadCollations();
    ReadClock();
  }

 private:
  void ReadSettings() {
    std::string names =
        "'port', 'block_size', 'wal_block_size', 'segment_size', "
        "'data_checksums', 'shared_preload_libraries', 'dynamic_library_path',"
        "'ssl', 'ssl_cert_file', 'ssl_key_file'";
    for (const char* const name : kRequiredSettings) names += fmt::format(", '{}'", name);
    const Result result = source_.Query(
        fmt::format("SELECT name, setting, coalesce(sourcefile LIKE '%postgresql.auto.conf', false)"
                    " FROM pg_settings WHERE name IN ({})",
                    names));
    const bool all_comes_with_copy = place_.Configuration().empty() || place_.TakesConfiguration();
    for (int row = 0; row < result.rows(); ++row) {
      place_.source_settings[result.Text(row, 0)] = {result.Text(row, 1),
                                                     all_comes_with_copy || result.Bool(row, 2)};
    }
    for (const char* const name : kRequiredSettings) {
      place_.required_settings[name] =
          place_.primary().Value("SELECT setting FROM pg_settings WHERE name = $1", {name});
    }
    const auto number = [this](const char* name) {
      return std::atoll(place_.source_settings[name].value.c_str());
    };
    facts_.layout =
        core::PageLayout{number("block_size"), number("wal_block_size"), number("segment_size")};
    facts_.data_checksums = place_.source_settings["data_checksums"].value == "on";
    if (const auto found = place_.source_settings.find("shared_preload_libraries");
        found != place_.source_settings.end()) {
      facts_.preloads = core::NamesInList(found->second.value);
    }
  }

  void ReadSizes() {
    place_.tablespaces.clear();
    const Result result = source_.Query(
        "SELECT pg_tablespace_location(oid) FROM pg_tablespace"
        " WHERE pg_tablespace_location(oid) LIKE '/%' ORDER BY 1");
    for (int row = 0; row < result.rows(); ++row) {
      const std::string there = result.Text(row, 0);
      place_.tablespaces.push_back({there, Mapped(there)});
      facts_.tablespaces.push_back(place_.tablespaces.back().here);
    }
    try {
      const std::string sizes = "SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace";
      facts_.bytes = source_.Query(sizes).Number(0, 0);
      place_.data_bytes = facts_.bytes;
      for (PlacedTablespace& tablespace : place_.tablespaces) {
        tablespace.bytes =
            source_.Query(sizes + " WHERE pg_tablespace_location(oid) = $1", {tablespace.there})
                .Number(0, 0);
        place_.data_bytes -= tablespace.bytes;
      }
    } catch (const SqlError&) {
      facts_.can_read_sizes = false;
    }
    const Result wal = source_.Query(
        "SELECT wal_bytes / extract(epoch FROM clock_timestamp() - stats_reset) FROM pg_stat_wal"
        " WHERE clock_timestamp() - stats_reset > '1 second'");
    if (wal.rows() > 0) facts_.wal_bytes_per_second = std::atof(wal.Text(0, 0).c_str());
  }

  std::string Mapped(const std::string& location) const {
    std::string here = location;
    for (const std::string& mapping : place_.request.tablespaces) {
      if (mapping.starts_with(location + "=")) here = mapping.substr(location.size() + 1);
    }
    return here;
  }

  // The version is that of the library which the server uses now.
  void ReadCollations() {
    const Result result = source_.Query(
        "SELECT datname, datlocprovider, pg_database_collation_actual_version(oid)"
        " FROM pg_database WHERE datallowconn ORDER BY datname");
    std::vector<core::CollationUse> uses;
    for (int row = 0; row < result.rows(); ++row) {
      const std::string provider = result.Text(row, 1);
      uses.push_back(
          {result.Text(row, 0), provider.empty() ? 'c' : provider.front(), result.Text(row, 2)});
    }
    facts_.collations = uses;
  }

  void ReadClock() {
    const auto now = [] {
      return std::chrono::duration_cast<microseconds>(
          std::chrono::system_clock::now().time_since_epoch());
    };
    const microseconds before = now();
    const microseconds there(source_
                                 .Query("SELECT (extract(epoch FROM clock_timestamp())"
                                        " * 1000000)::bigint")
                                 .Number(0, 0));
    const microseconds way = (now() - before) / 2;
    place_.target.clock = core::ClockReading{before + way - there, way};
  }

  void ReadNode() {
    facts_.name = source_.Value("SELECT name FROM baton.node_status");
    facts_.timeline = Timeline(source_);
    facts_.position = core::Lsn::Parse(source_.Value("SELECT coalesce(current_lsn, replayed_lsn)"
                                                     " FROM baton.node_status"))
                          .value_or(core::Lsn());
    const std::string named = source_.Value("SHOW pg_baton.database");
    if (!named.empty()) place_.database = named;
    const Parameters tls = RegisteredTls(source_);
    place_.given.insert(tls.begin(), tls.end());
  }

  ClonePlace& place_;
  Connection& source_;
  core::CloneSource& facts_;
};

}  // namespace

void ReadCloneSource(ClonePlace& place) { SourceReading(place).Read(); }

}  // namespace baton::helper
