#include "core/node_facts.hpp"

namespace baton::core {

std::string_view RoleText(Role role) {
  switch (role) {
    case Role::kPrimary:
      return "primary";
    case Role::kStandby:
      return "standby";
    case Role::kUnknown:
      break;
  }
  return "unknown";
}

std::string_view StateText(Role role, Link link, Replay replay, bool promoting) {
  if (role == Role::kPrimary) return "writable";
  if (role == Role::kUnknown) return "unknown";
  if (promoting) return "promoting";
  if (replay == Replay::kPaused) return "paused";
  switch (link) {
    case Link::kStreaming:
      return "streaming";
    case Link::kFromArchive:
      return "from archive";
    case Link::kNotReceiving:
      return "not receiving";
    case Link::kNone:
      break;
  }
  return "unknown";
}

Link LinkOf(const LinkFacts& facts) {
  if (facts.receiver_streaming) return Link::kStreaming;
  if (facts.restore_command_set && facts.archive_feeds) return Link::kFromArchive;
  return Link::kNotReceiving;
}

}  // namespace baton::core
