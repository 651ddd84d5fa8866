#include "helper/server/archiving_server.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "core/restore_command.hpp"

namespace baton::helper {
namespace {

// pg_walfile_name() is refused in recovery; there the checkpoint that was replayed last has it, or
// what streams, which is ahead of that after a promotion.
constexpr const char* kAsk =
    "SELECT s.system_identifier,"
    "  (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size'),"
    "  CASE WHEN pg_catalog.pg_is_in_recovery()"
    "    THEN greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())"
    "    ELSE pg_catalog.pg_current_wal_lsn() END,"
    "  CASE WHEN pg_catalog.pg_is_in_recovery()"
    "    THEN greatest(c.timeline_id,"
    "      (SELECT received_tli FROM pg_catalog.pg_stat_get_wal_receiver() WHERE pid IS NOT NULL))"
    "    ELSE ('x' || substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))"
    "      ::pg_catalog.bit(32)::pg_catalog.int4 END"
    " FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c";

std::uint64_t Unsigned(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

void ReadHistory(Connection& server, ArchivingServerFacts& facts) {
  const core::TimelineId timeline = facts.server.timeline;
  if (timeline <= 1) return;
  const std::string file = "pg_wal/" + core::HistoryName(timeline);
  try {
    const std::string text = server.Value(
        "SELECT pg_catalog.convert_from(pg_catalog.pg_read_binary_file($1, 0, 1048576, true), "
        "'SQL_ASCII')",
        {file});
    const auto history = core::ParseTimelineHistory(text, timeline);
    if (text.empty() || !history) {
      facts.unread = fmt::format("\"{}\" is not there, or damaged", file);
      return;
    }
    facts.histories[timeline] = *history;
  } catch (const SqlError& error) {
    facts.unread = error.message();
  }
}

}  // namespace

ArchivingServerFacts AskArchivingServer(Connection& server) {
  ArchivingServerFacts facts;
  const Result row = server.Query(kAsk);
  facts.server.origin.system_identifier = Unsigned(row.Text(0, 0));
  facts.server.origin.segment_bytes = Unsigned(row.Text(0, 1));
  facts.server.origin.page_magic = core::PageMagic(server.major());
  facts.server.lsn = core::Lsn::Parse(row.Text(0, 2)).value_or(core::Lsn());
  facts.server.timeline = static_cast<core::TimelineId>(Unsigned(row.Text(0, 3)));
  ReadHistory(server, facts);
  return facts;
}

}  // namespace baton::helper
