// The last thing heard from the upstream, kept in pg_baton/lag in the data directory, so that lag
// is known right after a restart.  A clone brings its source's file along; the node name and the
// system identifier in it tell whose it is.
#pragma once

#include <string>

#include "core/lag_history.hpp"

namespace baton {

// Fills a new history from the file; leaves it empty if there is none, or another node's.
void LoadLag(const std::string& node_name, core::LagHistory& history);

// Replaces the file at once; it is not flushed, since losing it costs one "unknown".
void SaveLag(const std::string& node_name, const core::LagHistory& history);

}  // namespace baton
