// The setting synchronous_standby_names: whose confirmation commits wait for.  A server that has
// been promoted must not wait for itself, so its own name has to go from the list that the former
// primary used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::core {

// As in src/backend/replication/syncrep_gram.y and syncrep_scanner.l.
struct SyncNames {
  enum class Form {
    kList,    // a, b
    kNumber,  // 2 (a, b)
    kFirst,   // FIRST 2 (a, b)
    kAny,     // ANY 2 (a, b)
  };
  struct Name {
    std::string text;     // "*" stands for every standby
    std::string written;  // with its quotes, if it has any
  };
  Form form = Form::kList;
  std::uint32_t needed = 1;
  std::vector<Name> names;  // empty: no standby is synchronous

  // Whether it names this standby itself, in whatever case; "*" names nobody itself.
  bool Names(std::string_view node) const;
};

// nullopt if PostgreSQL would not take the value either.
std::optional<SyncNames> ParseSyncNames(std::string_view value);

// The value for after a promotion of `node`: without its name, and asking for no more standbys than
// are left.  As it is if the node is not named itself; empty if nobody else is; nullopt if the
// value cannot be parsed.
std::optional<std::string> SyncNamesWithout(std::string_view value, std::string_view node);

// The value for after `node` has taken over from `former`, which follows it then: `former` in the
// place of `node`, or without `node` where `former` is named already or has no name.
std::optional<std::string> SyncNamesInstead(std::string_view value, std::string_view node,
                                            std::string_view former);

}  // namespace baton::core
