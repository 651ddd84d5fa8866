#include "event_file.hpp"

#include "pg/postgres.hpp"

#include <cstdio>

#include "core/node_state.hpp"
#include "durable_file.hpp"

namespace baton {
namespace {

constexpr const char* kFile = "pg_baton/events";
constexpr const char* kForeignFile = "pg_baton/events.of_another_node";

}  // namespace

std::string FileOwner(const std::string& node_name) {
  return core::FileOwner(node_name, std::to_string(GetSystemIdentifier()));
}

core::EventLog LoadEvents(const std::string& node_name) {
  const std::string text = ReadWhole(kFile);
  if (text.empty()) return {};
  if (const auto events = core::EventsFromFile(text, FileOwner(node_name))) return *events;
  std::rename(kFile, kForeignFile);
  return {};
}

std::string SaveEvents(const std::string& node_name, const core::EventLog& events) {
  return ReplaceDurably(kFile, core::EventsToFile(events, FileOwner(node_name)));
}

}  // namespace baton
