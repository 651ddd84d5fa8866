#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/clone_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

// Where no --max-rate limits it.  Slower copies meet more WAL, but a disk or a network that is so
// slow is known to those who have it.
constexpr std::int64_t kLikelyRate = std::int64_t{50} * 1024 * 1024;

// What grows while the copy runs, whatever the source's average: checkpoints, and the files
// themselves.
constexpr std::int64_t kSpareBytes = std::int64_t{256} * 1024 * 1024;

// Log files of two hosts are read side by side, and recovery_min_apply_delay compares clocks.
constexpr std::chrono::microseconds kClockTolerance = 2s;

void CheckSpace(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!source.can_read_sizes) {
    return verdicts.Unknown(
        "space", {"the size of the source could not be read", "So free space is not checked.",
                  "Grant pg_monitor to the role."});
  }
  const std::int64_t rate =
      target.max_rate.empty() ? kLikelyRate : RateFromText(target.max_rate).value_or(kLikelyRate);
  const std::int64_t wal = WalDuringCopy(source.bytes, rate, source.wal_bytes_per_second);
  for (const CloneVolume& volume : target.volumes) {
    const std::int64_t needed = volume.data_bytes + (volume.takes_wal ? wal : 0);
    if (!volume.free_bytes) {
      verdicts.Unknown("space", {fmt::format("the free space of \"{}\" is not known", volume.path),
                                 fmt::format("{} are needed there.", BytesText(needed)), ""});
      continue;
    }
    if (*volume.free_bytes >= needed) {
      verdicts.Ok("space", fmt::format("\"{}\" needs {} and has {} free", volume.path,
                                       BytesText(needed), BytesText(*volume.free_bytes)));
      continue;
    }
    verdicts.Refuse(
        "space",
        {"not enough free space for the copy",
         fmt::format(
             "{} of the source will be there{}; \"{}\" has {} free.", BytesText(volume.data_bytes),
             volume.takes_wal ? fmt::format(", with room for WAL {} are needed", BytesText(needed))
                              : "",
             volume.path, BytesText(*volume.free_bytes)),
         "Make room, or name a directory on another file system with -D or "
         "--tablespace-mapping."});
  }
}

void CheckWaldir(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.waldir.empty()) return;
  if (target.waldir_is_inside) {
    return verdicts.Refuse("waldir",
                           {fmt::format("\"{}\" cannot be the folder of the WAL", target.waldir),
                            "It is in the data directory, or the other way round.",
                            "Name a folder of its own with --waldir."});
  }
  if (target.waldir_is_usable) return verdicts.Ok("waldir", fmt::format("\"{}\"", target.waldir));
  verdicts.Refuse("waldir",
                  {fmt::format("\"{}\" cannot be the folder of the WAL", target.waldir),
                   "It is not empty, this user cannot make it, or its path is not absolute.",
                   "Name an empty folder with --waldir; nothing is ever removed from one."});
}

void CheckSettings(const CloneTarget& target, CloneVerdicts& verdicts) {
  std::string lower;
  for (const RequiredSetting& setting : target.settings) {
    if (!setting.here || *setting.here >= setting.there) continue;
    lower += fmt::format("{}{} is {}, on the source {}", lower.empty() ? "" : "; ", setting.name,
                         *setting.here, setting.there);
  }
  if (lower.empty()) return verdicts.Ok("settings", "none that a standby needs is too low");
  verdicts.Warn("settings",
                {"settings are lower here than on the source", fmt::format("{}.", lower),
                 "A standby would not start with them: they are raised in postgresql.auto.conf."});
}

void CheckLibraries(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!source.preloads || target.library_folder.empty()) {
    return verdicts.Unknown("libraries", {"which libraries the server will need here, and whether "
                                          "they are there, is not known",
                                          "", ""});
  }
  for (const std::string& library : target.missing_libraries) {
    verdicts.Refuse("libraries",
                    {fmt::format("library \"{}\" is not on this host", library),
                     fmt::format("The source has it in shared_preload_libraries; it is not in "
                                 "\"{}\", and a server that lacks it does not start.",
                                 target.library_folder),
                     "Install the package that it belongs to."});
  }
  if (target.preloads) {
    for (const std::string& library : *source.preloads) {
      if (std::find(target.preloads->begin(), target.preloads->end(), library) !=
          target.preloads->end()) {
        continue;
      }
      verdicts.Warn(
          "libraries",
          {fmt::format("the new server will not load library \"{}\"", library),
           "The source has it in shared_preload_libraries, this host's configuration "
           "has not.",
           fmt::format("Add --set shared_preload_libraries={}", fmt::join(*source.preloads, ","))});
    }
  }
  verdicts.OkUnlessSaid("libraries", "all that the source preloads are on this host");
}

// Whether its certificate is one that the others trust shows when they come.
void CheckTls(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.has_tls) {
    for (const std::string& file : target.missing_tls_files) {
      verdicts.Refuse("tls", {fmt::format("\"{}\" is not on this host", file),
                              "The new server has ssl on and names that file, and would not start.",
                              "Put the certificate and its key there, or name others by --set "
                              "ssl_cert_file=FILE and --set ssl_key_file=FILE."});
    }
  } else if (target.needs_tls) {
    verdicts.Warn("tls", {"the new server has no TLS",
                          "The nodes reach each other by TLS only, so they could not reach it.",
                          "Give it a certificate of its own and ssl = on."});
  }
  verdicts.OkUnlessSaid(
      "tls", target.has_tls ? "its certificate is there" : "the nodes do not ask for it");
}

void CheckClock(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!target.clock) {
    return verdicts.Unknown("clock", {"the source's clock could not be read", "", ""});
  }
  const auto apart = std::chrono::abs(target.clock->ahead);
  if (apart <= kClockTolerance + target.clock->uncertainty) {
    return verdicts.Ok(
        "clock", fmt::format("the clocks differ by less than {}", DurationText(kClockTolerance)));
  }
  verdicts.Warn("clock",
                {fmt::format("this host's clock is {} {}", DurationText(apart),
                             target.clock->ahead > 0us ? "ahead" : "behind"),
                 "Replication does not depend on it; delayed replay and whoever compares log "
                 "files do.",
                 "Let both hosts take the time from the same servers."});
}

void CheckPort(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!target.port_is_free) {
    return verdicts.Unknown("port", {"whether the new server's port is free is not known", "", ""});
  }
  if (*target.port_is_free) {
    return verdicts.Ok("port", fmt::format("{} is free", target.port));
  }
  const Problem taken{fmt::format("port {} is in use on this host", target.port),
                      "The new server would listen there, and could not start.",
                      "Stop what uses it, or choose another one with --set port=NUMBER."};
  if (target.will_start) return verdicts.Refuse("port", taken);
  verdicts.Warn("port", taken);
}

// Only a server that runs can be reached.
void CheckWayBack(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.is_elsewhere) {
    verdicts.Warn("way_back",
                  {fmt::format("{} is no address of this host", target.advertise),
                   "The other nodes are told to reach the new server there.",
                   "Correct --advertise, unless something on the way translates that address."});
  }
  verdicts.Unknown(
      "way_back",
      {fmt::format("whether the other nodes reach {} port {} shows when the server runs",
                   target.advertise, target.port == 0 ? "?" : std::to_string(target.port)),
       "After a promotion they come to this host.",
       "Open the port for them here; pg_baton status will say whether they get through."});
}

void CheckRate(const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.max_rate.empty()) return verdicts.Ok("max_rate", "no limit");
  const auto rate = RateFromText(target.max_rate);
  if (rate) return verdicts.Ok("max_rate", fmt::format("{}/s", BytesText(*rate)));
  verdicts.Refuse("max_rate",
                  {fmt::format("\"{}\" is no rate", target.max_rate), "",
                   "Give --max-rate kilobytes a second, or a number with suffix k or M, from 32k "
                   "to 1024M."});
}

}  // namespace

std::int64_t WalDuringCopy(std::int64_t bytes, std::int64_t bytes_per_second,
                           std::optional<double> wal_bytes_per_second) {
  const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second);
  return kSpareBytes + static_cast<std::int64_t>(seconds * wal_bytes_per_second.value_or(0));
}

bool IsDelay(std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  const std::string_view unit = text.substr(digits.size());
  if (digits.empty() || digits.size() > 9) return false;
  for (const std::string_view known : {"", "ms", "s", "min", "h", "d"}) {
    if (unit == known) return true;
  }
  return false;
}

std::optional<std::int64_t> RateFromText(std::string_view text) {
  std::int64_t kilobytes = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits == 7) return std::nullopt;
    kilobytes = kilobytes * 10 + (text[digits] - '0');
  }
  const std::string_view suffix = text.substr(digits);
  if (digits == 0 || (suffix != "" && suffix != "k" && suffix != "M")) return std::nullopt;
  if (suffix == "M") kilobytes *= 1024;
  // MAX_RATE_LOWER and MAX_RATE_UPPER in src/include/backup/basebackup.h.
  if (kilobytes < 32 || kilobytes > 1048576) return std::nullopt;
  return kilobytes * 1024;
}

void CheckHost(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  CheckRate(target, verdicts);
  CheckSpace(source, target, verdicts);
  CheckWaldir(target, verdicts);
  if (target.bindir.empty()) return;
  CheckSettings(target, verdicts);
  CheckLibraries(source, target, verdicts);
  CheckTls(target, verdicts);
  CheckClock(target, verdicts);
  CheckPort(target, verdicts);
  CheckWayBack(target, verdicts);
}

}  // namespace baton::core
