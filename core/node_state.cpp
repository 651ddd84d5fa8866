#include "core/node_state.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace baton::core {
namespace {

using nlohmann::json;

json ToJson(const Reign& reign) {
  return {{"id", reign.id}, {"timeline", reign.timeline}, {"began", reign.began.ToString()}};
}

Reign ReignFrom(const json& value) {
  return {value.at("id").get<std::uint64_t>(), value.at("timeline").get<TimelineId>(),
          Lsn::Parse(value.at("began").get<std::string>()).value_or(Lsn())};
}

}  // namespace

std::string FileOwner(std::string_view node_name, std::string_view system_identifier) {
  return fmt::format("{}@{}", node_name, system_identifier);
}

std::string StateToFile(const NodeState& state, const KnownPeers& peers, std::string_view owner) {
  json file = {{"owner", owner},
               {"reign", ToJson(state.reign)},
               {"peers", json::array()},
               {"decided", state.decided}};
  if (state.fenced) {
    file["fenced"] = {{"reason", state.fence_reason.view()},
                      {"by", state.fenced_by.view()},
                      {"at", state.fenced_at}};
  }
  if (state.superseded) {
    file["superseded"] = {{"by", state.successor.view()},
                          {"reign", ToJson(state.successor_reign)},
                          {"at", state.superseded_at}};
  }
  for (const auto& [name, conninfo] : peers) {
    file["peers"].push_back({{"name", name}, {"conninfo", conninfo}});
  }
  return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

StateFile StateFromFile(std::string_view text, std::string_view owner) {
  StateFile result;
  const json file = json::parse(text, nullptr, false);
  if (!file.is_object()) return result;
  try {
    if (file.at("owner").get<std::string>() != owner) {
      result.kind = StateFile::Kind::kForeign;
      return result;
    }
    NodeState& state = result.state;
    state.reign = ReignFrom(file.at("reign"));
    state.decided = file.value("decided", false);
    if (const auto fenced = file.find("fenced"); fenced != file.end()) {
      state.fenced = true;
      state.fence_reason = fenced->at("reason").get<std::string>();
      state.fenced_by = fenced->at("by").get<std::string>();
      state.fenced_at = fenced->at("at").get<std::int64_t>();
    }
    if (const auto superseded = file.find("superseded"); superseded != file.end()) {
      state.superseded = true;
      state.successor = superseded->at("by").get<std::string>();
      state.successor_reign = ReignFrom(superseded->at("reign"));
      state.superseded_at = superseded->at("at").get<std::int64_t>();
    }
    for (const json& peer : file.at("peers")) {
      result.peers.emplace_back(peer.at("name").get<std::string>(),
                                peer.at("conninfo").get<std::string>());
    }
    result.kind = StateFile::Kind::kOwn;
  } catch (const json::exception&) {
    result = {};
  }
  return result;
}

}  // namespace baton::core
