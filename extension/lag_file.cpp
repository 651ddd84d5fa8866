#include "lag_file.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>

#include "pg/clock.hpp"

namespace baton {
namespace {

constexpr const char* kFolder = "pg_baton";
constexpr const char* kFile = "pg_baton/lag";
constexpr const char* kTemporary = "pg_baton/lag.tmp";

std::string Stamp(const std::string& node_name) {
  return fmt::format("{}@{}", node_name, GetSystemIdentifier());
}

}  // namespace

void LoadLag(const std::string& node_name, core::LagHistory& history) {
  std::ifstream file(kFile);
  std::string stamp;
  std::string lsn;
  TimestampTz heard_at = 0;
  if (!(file >> stamp >> lsn >> heard_at) || stamp != Stamp(node_name)) return;
  const auto end = core::Lsn::Parse(lsn);
  if (!end) return;
  history.Hear(*end, pg::Now() - pg::Since(heard_at));
}

void SaveLag(const std::string& node_name, const core::LagHistory& history) {
  if (history.last_end().IsNone()) return;
  mkdir(kFolder, pg_dir_create_mode);
  std::ofstream file(kTemporary, std::ios::trunc);
  const std::chrono::microseconds age = pg::Now() - history.last_heard();
  file << Stamp(node_name) << ' ' << history.last_end().ToString() << ' '
       << GetCurrentTimestamp() - age.count() << '\n';
  file.close();
  if (!file || rename(kTemporary, kFile) != 0) remove(kTemporary);
}

}  // namespace baton
