#include "standing.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <type_traits>

#include "durable_file.hpp"
#include "event_file.hpp"
#include "gate.hpp"
#include "pg/guard.hpp"
#include "pg/locked.hpp"
#include "pg/shared_block.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton::standing {
namespace {

constexpr const char* kName = "pg_baton_standing";
constexpr const char* kFile = "pg_baton/state";
constexpr const char* kForeignFile = "pg_baton/state.of_another_node";

struct Standing {
  core::NodeState state;
  core::FixedText<160> unreadable_because;  // written by the postmaster alone
  bool unreadable;                          // and must stay as it is, until a person has decided
  bool peers_known;
  Change changed;  // counts the changes
  Change kept;     // the last that is on disk
};
static_assert(std::is_trivially_copyable_v<Standing>);

struct Block {
  Standing standing;
  ConditionVariable kept;
};

Block* block = nullptr;
LWLock* lock = nullptr;

Standing Copy() {
  pg::Locked locked(lock, LW_SHARED);
  return block->standing;
}

// `edit` only copies plain values: it runs under the lock.
template <typename F>
Change Edit(const F& edit) {
  Change change = 0;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    edit(block->standing.state);
    change = ++block->standing.changed;
  }
  shared::Wake(shared::Worker::kStorage);
  return change;
}

// In the postmaster, before there is any other process.
void Load(Standing& standing) {
  const FileText file = ReadIfThere(kFile);
  if (!file.there) return;
  if (!file.error.empty()) {
    standing.unreadable = true;
    standing.unreadable_because = file.error;
    return;
  }
  const core::StateFile state = core::StateFromFile(file.text, FileOwner(setting::NodeName()));
  switch (state.kind) {
    case core::StateFile::Kind::kOwn:
      standing.state = state.state;
      standing.peers_known = !state.peers.empty();
      return;
    case core::StateFile::Kind::kForeign:
      ereport(LOG, (errmsg("file \"%s\" is that of another node, and is set aside", kFile)));
      std::rename(kFile, kForeignFile);
      return;
    case core::StateFile::Kind::kUnreadable:
      standing.unreadable = true;
      standing.unreadable_because = fmt::format("file \"{}\" is damaged", kFile);
      return;
  }
}

}  // namespace

void RequestMemory() { pg::RequestBlock<Block>(kName); }

void Attach() {
  if (pg::AttachBlock(kName, &Block::kept, block, lock)) Load(block->standing);
}

core::NodeState Read() { return Copy().state; }
bool WasUnreadable() { return block->standing.unreadable; }
core::FixedText<160> UnreadableBecause() { return block->standing.unreadable_because; }
bool PeersWereKnown() { return block->standing.peers_known; }

Change Fence(std::string_view reason, std::string_view by) {
  const core::FixedText<160> reason_text(reason);
  const core::NodeText by_text(by);
  const TimestampTz now = GetCurrentTimestamp();
  return Edit([&](core::NodeState& state) {
    state.fenced = true;
    state.fence_reason = reason_text;
    state.fenced_by = by_text;
    state.fenced_at = now;
    gate::Close(core::GateReason::kFencedByHand);
  });
}

Change Unfence() {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->standing.unreadable = false;
  }
  return Edit([](core::NodeState& state) { state.fenced = false; });
}

Change Supersede(std::string_view successor, const core::Reign& reign) {
  const core::NodeText name(successor);
  const TimestampTz now = GetCurrentTimestamp();
  return Edit([&](core::NodeState& state) {
    state.superseded = true;
    state.decided = false;
    state.successor = name;
    state.successor_reign = reign;
    state.superseded_at = now;
    gate::Close(core::GateReason::kAnotherPrimary);
  });
}

Change EndSuperseded() {
  return Edit([](core::NodeState& state) { state.superseded = false; });
}

Change DecideAgainstRival() {
  return Edit([](core::NodeState& state) {
    state.superseded = false;
    state.decided = true;
  });
}

Change SetReign(const core::Reign& reign) {
  return Edit([&](core::NodeState& state) {
    if (state.reign.id != reign.id) state.decided = false;
    state.reign = reign;
  });
}

void OpenWhatIsOver() {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    const Standing& standing = block->standing;
    if (!standing.state.fenced) gate::OpenQuietly(core::GateReason::kFencedByHand);
    if (!standing.state.superseded) gate::OpenQuietly(core::GateReason::kAnotherPrimary);
    if (!standing.unreadable) gate::OpenQuietly(core::GateReason::kStateUnreadable);
  }
  gate::WakeWaiters();
}

Change PeersChanged() {
  return Edit([](core::NodeState&) {});
}

bool WaitUntilKept(Change change, std::chrono::milliseconds limit) {
  const auto is_kept = [change] {
    pg::Locked locked(lock, LW_SHARED);
    return block->standing.kept >= change;
  };
  return shared::WaitOn(block->kept, limit, is_kept);
}

bool MustKeep() {
  pg::Locked locked(lock, LW_SHARED);
  return !block->standing.unreadable && block->standing.kept < block->standing.changed;
}

std::string Keep() {
  const Standing copy = Copy();
  if (copy.unreadable) return fmt::format("file \"{}\" could not be read", kFile);
  core::KnownPeers peers;
  for (const RegisteredNode& node : OtherNodes(*shared::Read<Registry>())) {
    peers.emplace_back(node.name.str(), node.conninfo.str());
  }
  const std::string failure =
      ReplaceDurably(kFile, core::StateToFile(copy.state, peers, FileOwner(setting::NodeName())));
  if (!failure.empty()) return failure;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->standing.kept = std::max(block->standing.kept, copy.changed);
  }
  pg::Call([] { ConditionVariableBroadcast(&block->kept); });
  return "";
}

}  // namespace baton::standing
