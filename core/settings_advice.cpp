#include "core/settings_advice.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace baton::core {
namespace {

constexpr std::string_view kLibrary = "pg_baton";

std::string_view Trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> SplitList(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view item = Trim(list.substr(0, comma));
    if (item.size() >= 2 && item.front() == '"' && item.back() == '"') {
      item = item.substr(1, item.size() - 2);
    }
    if (!item.empty()) items.push_back(item);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return items;
}

bool Contains(std::string_view list, std::string_view wanted) {
  for (const std::string_view item : SplitList(list)) {
    const auto slash = item.rfind('/');
    if ((slash == std::string_view::npos ? item : item.substr(slash + 1)) == wanted) return true;
  }
  return false;
}

bool IsLoopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

// Whether an entry of listen_addresses stands for every address of the family of `address`; a host
// name may be of either.
bool IsWildcardFor(std::string_view item, std::string_view address) {
  const bool v6 = address.find(':') != std::string_view::npos;
  const bool v4 = address.find_first_not_of("0123456789.") == std::string_view::npos;
  return item == "*" || (item == "0.0.0.0" && !v6) || (item == "::" && !v4);
}

// What a server that listens on `listen` has to listen on so that `address` reaches it.
std::string ListenOn(std::string_view listen, std::string_view address) {
  for (const std::string_view item : SplitList(listen)) {
    if (IsWildcardFor(item, address) || item == address) return std::string(listen);
    if (item == "localhost" && IsLoopback(address)) return std::string(listen);
  }
  return IsLoopback(address) ? "localhost" : "*";
}

struct Minimum {
  std::string_view name;
  long at_least;  // in the setting's base unit
  std::string_view unit;
  std::string_view why;
  bool restart;
};

constexpr Minimum kMinimums[] = {
    {"max_wal_senders", 10, "",
     "each standby, each running base backup and its WAL stream need one", true},
    {"max_replication_slots", 10, "", "each standby keeps the WAL it needs by a slot of its own",
     true},
    {"max_worker_processes", 12, "", "pg_baton's workers take places that other extensions had",
     true},
    {"wal_keep_size", 256, "MB", "a former primary still needs its last WAL for pg_rewind", false},
};

struct Fixed {
  std::string_view name;
  std::string_view wanted;
  std::string_view why;
  bool restart;
};

constexpr Fixed kFixed[] = {
    {"hot_standby", "on", "a standby must answer queries and pg_baton's own questions", true},
    {"full_page_writes", "on", "pg_rewind and base backups rely on it", false},
};

}  // namespace

std::string WithLibrary(std::string_view list, std::string_view library) {
  if (Contains(list, library)) return std::string(list);
  // A list may also be written as "", which is one empty name and stops a server of version 15.
  if (SplitList(list).empty()) return std::string(library);
  return std::string(Trim(list)) + "," + std::string(library);
}

std::vector<SettingAdvice> CheckSettings(const SettingValue& value, const SettingGoals& goals) {
  std::vector<SettingAdvice> advice;
  const auto say = [&](std::string_view name, const std::string& current, std::string wanted,
                       std::string_view why, bool restart, bool fine) {
    advice.push_back(
        {std::string(name), current, std::move(wanted), std::string(why), restart, fine});
  };

  if (const auto level = value("wal_level")) {
    const bool fine = *level != "minimal";
    say("wal_level", *level, "replica", "a standby needs the WAL in full", true, fine);
  }
  if (const auto hints = value("wal_log_hints")) {
    const bool fine = *hints != "off" || goals.data_checksums;
    say("wal_log_hints", *hints, "on", "pg_rewind needs it where data checksums are off", true,
        fine);
  }
  for (const Minimum& minimum : kMinimums) {
    const auto current = value(minimum.name);
    if (!current) continue;
    long number = 0;
    const auto parsed = std::from_chars(current->data(), current->data() + current->size(), number);
    if (parsed.ec != std::errc()) continue;
    say(minimum.name, *current + std::string(minimum.unit),
        std::to_string(minimum.at_least) + std::string(minimum.unit), minimum.why, minimum.restart,
        number >= minimum.at_least);
  }
  for (const Fixed& fixed : kFixed) {
    const auto current = value(fixed.name);
    if (!current) continue;
    say(fixed.name, *current, std::string(fixed.wanted), fixed.why, fixed.restart,
        *current == fixed.wanted);
  }
  if (const auto libraries = value("shared_preload_libraries")) {
    const std::string wanted = WithLibrary(*libraries, kLibrary);
    say("shared_preload_libraries", *libraries, wanted,
        "pg_baton works in every process of the server", true, wanted == *libraries);
  }
  if (const auto listen = value("listen_addresses"); listen && !goals.listen_address.empty()) {
    const std::string wanted = ListenOn(*listen, goals.listen_address);
    say("listen_addresses", *listen, wanted, "the other nodes connect to this address", true,
        wanted == *listen);
  }
  return advice;
}

std::vector<SettingAdvice> AdviseSettings(const SettingValue& value, const SettingGoals& goals) {
  std::vector<SettingAdvice> advice = CheckSettings(value, goals);
  std::erase_if(advice, [](const SettingAdvice& setting) { return setting.fine; });
  return advice;
}

}  // namespace baton::core
