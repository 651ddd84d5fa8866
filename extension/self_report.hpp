// What a node tells the others when its peers' observers ask: one row of baton.self_report().
#pragma once

#include <string>

#include "core/cluster_view.hpp"
#include "peer_session.hpp"

namespace baton {

// The statement that asks for it, without and with the settings that nodes should have alike.
const char* AskForReport(bool with_settings);

struct PeerReport {
  core::PeerRow row;  // name: what the node calls itself; empty if it has no name
  TimestampTz clock = 0;
  std::string settings;  // empty if not asked for
};
// nullopt if the answer is none.
std::optional<PeerReport> ParseReport(const std::vector<PeerSession::Row>& rows);

// This node as the others are shown: what it reports, and its row in its own baton.cluster.
core::PeerRow OwnRow(const core::NodeFacts& facts);

// This system's, as every report has them.
std::string Architecture();
std::string CollationVersion();
// "name=value" lines of core::AlikeSettings as SHOW has them.
std::string OwnSettings();
// Names of the nodes that answer this one, itself included, separated by commas.
std::string NodesSeen();

}  // namespace baton
