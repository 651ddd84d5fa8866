// What this server's settings and pg_stat_archiver say about archiving, and what the looks at it
// say one after the other; for the monitor.
#pragma once

#include "core/archive_status.hpp"
#include "core/node_facts.hpp"
#include "pg/query.hpp"
#include "shared_state.hpp"

namespace baton {

// Reads both into the archiver's facts; the role is set.
void ReadArchiver(pg::Spi& spi, core::NodeFacts& facts);

// Completes them, once the storage worker's part is there.
void WatchArchive(core::ArchiveWatch& watch, const core::LagHistory& history,
                  core::NodeFacts& facts);

}  // namespace baton
