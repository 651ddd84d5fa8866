// What is to be done next for a standby that was asked to follow another node.
#pragma once

namespace baton::core {

struct UpstreamChangeFacts {
  bool is_standby = true;
  bool promoting = false;        // it is being promoted, or that was asked for
  bool time_is_over = false;     // that was allowed for all of it
  bool has_slot = false;         // the node has a slot for this standby
  bool has_wal = false;          // the node has what this standby had received when it was asked
  bool changed = false;          // the settings lead to the node
  bool streams = false;          // and WAL comes from there
  bool streamed_before = false;  // from another node, when it was asked
};

enum class UpstreamStep {
  kMakeSlot,
  kAwaitWal,
  kChange,  // the settings
  kAwaitStream,
  kDone,
  kGiveUp,  // nothing was changed yet
  kGoBack,  // to where it streamed before
  kStay,    // with the node, although nothing comes: nothing came before either
  kPromoted,
};
UpstreamStep NextStep(const UpstreamChangeFacts& facts);

}  // namespace baton::core
