// Which settings a server needs so that it can have standbys, be one, be promoted and be rewound.
// setup-primary applies the advice, baton.health reports what is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::core {

struct SettingAdvice {
  std::string name;
  std::string current;
  std::string wanted;
  std::string why;
  bool restart = false;  // takes effect at a restart; otherwise a reload does
  bool fine = false;     // as it is; `wanted` then says what it may be
};

struct SettingGoals {
  std::string
      listen_address;  // an address others connect to; empty: listen_addresses is left alone
  bool data_checksums = false;
  int standbys = 0;  // that it is to have; 0: not known
  // On the file system of pg_wal; nullopt: not known.  Counts where the number of standbys is
  // known.
  std::optional<std::int64_t> wal_free_bytes = std::nullopt;
  // Somebody has set max_slot_wal_keep_size, if only to no limit.
  bool has_slot_limit = true;
};

// The value of a setting in its base unit, as pg_settings.setting has it; nullopt if there is no
// such setting.
using SettingValue = std::function<std::optional<std::string>(std::string_view name)>;

// Every setting that matters and that the server has, whether it has to change or not.
std::vector<SettingAdvice> CheckSettings(const SettingValue& value, const SettingGoals& goals);

// Only what has to change, in the order in which it is worth reading.  Values that are higher than
// needed are left alone.
std::vector<SettingAdvice> AdviseSettings(const SettingValue& value, const SettingGoals& goals);

// Whether a server with this listen_addresses is reached at `address`, as far as the two texts
// tell.
bool ListensOn(std::string_view listen_addresses, std::string_view address);

// `list` with `library` at its end, unless it is in it; `list` is written as
// shared_preload_libraries is (SplitDirectoriesString in src/backend/utils/adt/varlena.c).
std::string WithLibrary(std::string_view list, std::string_view library);
// The others of the list, in their order.
std::string WithoutLibrary(std::string_view list, std::string_view library);

}  // namespace baton::core
