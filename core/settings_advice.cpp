#include "core/settings_advice.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

#include "core/quantity.hpp"

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
  if (ListensOn(listen, address)) return std::string(listen);
  return IsLoopback(address) ? "localhost" : "*";
}

struct Minimum {
  std::string_view name;
  long at_least;  // in the setting's base unit
  std::string_view unit;
  std::string why;
  bool restart;
  long wanted = 0;  // where it is less than that; 0: just that
};

constexpr std::int64_t kMegabyte = 1024 * 1024;
constexpr long kLeastWalKept = 256;  // MB
constexpr long kMostWalKept = 4096;  // MB
constexpr long kSparePlaces = 4;     // a copy takes two, and what is made by hand
constexpr long kFewestPlaces = 10;   // PostgreSQL's own default

Minimum Senders(const SettingGoals& goals) {
  if (goals.standbys == 0) {
    return {"max_wal_senders", kFewestPlaces, "",
            "each standby, each running base backup and its WAL stream need one", true};
  }
  return {
      "max_wal_senders", std::max(kFewestPlaces, 2L * goals.standbys + kSparePlaces), "",
      fmt::format("two for each of {} standbys, since a link that broke keeps its own until that "
                  "is noticed, and {} for copies",
                  goals.standbys, kSparePlaces),
      true};
}

Minimum Slots(const SettingGoals& goals) {
  if (goals.standbys == 0) {
    return {"max_replication_slots", kFewestPlaces, "",
            "each standby keeps the WAL it needs by a slot of its own", true};
  }
  return {
      "max_replication_slots", std::max(kFewestPlaces, goals.standbys + kSparePlaces), "",
      fmt::format("one for each of {} standbys, and {} for copies", goals.standbys, kSparePlaces),
      true};
}

bool KnowsSpace(const SettingGoals& goals) { return goals.standbys > 0 && goals.wal_free_bytes; }

Minimum WalKept(const SettingGoals& goals) {
  Minimum minimum = {"wal_keep_size", kLeastWalKept, "MB",
                     "a former primary still needs its last WAL for pg_rewind", false};
  if (KnowsSpace(goals)) {
    minimum.wanted = std::clamp(static_cast<long>(*goals.wal_free_bytes / kMegabyte / 20),
                                kLeastWalKept, kMostWalKept);
    minimum.why +=
        fmt::format("; a twentieth of the {} that are free", BytesText(*goals.wal_free_bytes));
  }
  return minimum;
}

// What a slot may hold back.  No limit at all is PostgreSQL's default.
std::optional<SettingAdvice> SlotLimit(const std::optional<std::string>& now,
                                       const SettingGoals& goals) {
  if (!now || !KnowsSpace(goals)) return std::nullopt;
  const long wanted =
      std::max(static_cast<long>(*goals.wal_free_bytes / kMegabyte / 2), kLeastWalKept);
  return SettingAdvice{
      "max_slot_wal_keep_size",
      *now,
      fmt::format("{}MB", wanted),
      fmt::format("a standby that does not come back must not fill the disk of the "
                  "primary; half of the {} that are free",
                  BytesText(*goals.wal_free_bytes)),
      false,
      goals.has_slot_limit};
}

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

bool ListensOn(std::string_view listen_addresses, std::string_view address) {
  for (const std::string_view item : SplitList(listen_addresses)) {
    if (IsWildcardFor(item, address) || item == address) return true;
    if (item == "localhost" && IsLoopback(address)) return true;
  }
  return false;
}

std::string WithLibrary(std::string_view list, std::string_view library) {
  if (Contains(list, library)) return std::string(list);
  // A list may also be written as "", which is one empty name and stops a server of version 15.
  if (SplitList(list).empty()) return std::string(library);
  return std::string(Trim(list)) + "," + std::string(library);
}

std::string WithoutLibrary(std::string_view list, std::string_view library) {
  std::string others;
  for (const std::string_view item : SplitList(list)) {
    if (Contains(item, library)) continue;
    others += (others.empty() ? "" : ",") + std::string(item);
  }
  return others;
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
  for (const Minimum& minimum :
       {Senders(goals), Slots(goals),
        Minimum{"max_worker_processes", 12, "",
                "pg_baton's workers take places that other extensions had", true},
        WalKept(goals)}) {
    const auto current = value(minimum.name);
    if (!current) continue;
    long number = 0;
    const auto parsed = std::from_chars(current->data(), current->data() + current->size(), number);
    if (parsed.ec != std::errc()) continue;
    const long wanted = std::max(minimum.wanted, minimum.at_least);
    say(minimum.name, *current + std::string(minimum.unit),
        std::to_string(wanted) + std::string(minimum.unit), minimum.why, minimum.restart,
        number >= minimum.at_least);
  }
  if (auto limit = SlotLimit(value("max_slot_wal_keep_size"), goals)) {
    advice.push_back(*std::move(limit));
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
