#include "test/bench/belongings.hpp"

#include <fmt/format.h>

#include "test/bench/figures.hpp"

namespace baton::test {

Belongings BelongingsOf(const Node& node) {
  Belongings has;
  has.slots = node.Sql(
      "SELECT COALESCE(string_agg(slot_name, ' ' ORDER BY slot_name), '') FROM "
      "pg_replication_slots");
  // The second one removes what the first one did not need any more.
  for (int i = 0; i < 2; ++i) node.Sql("CHECKPOINT");
  has.baton_files = std::distance(fs::directory_iterator(node.data() / "pg_baton"), {});
  std::uintmax_t bytes = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(node.data() / "pg_wal")) {
    if (entry.is_regular_file()) bytes += entry.file_size();
    if (entry.path().extension() == ".history") ++has.histories;
  }
  has.wal_megabytes = static_cast<long>(bytes >> 20);
  has.postmaster = PrivateKilobytes(node.Postmaster());
  for (const char* const worker : {"pg_baton monitor", "pg_baton observer", "pg_baton storage"}) {
    has.workers += PrivateKilobytes(node.ProcessPid(worker));
  }
  return has;
}

std::string ToText(const Belongings& has) {
  return fmt::format(
      "slots {}; {} files in pg_baton/; pg_wal {} MB, {} histories; private memory of the "
      "postmaster {} kB, of the workers {} kB",
      has.slots.empty() ? "none" : has.slots, has.baton_files, has.wal_megabytes, has.histories,
      has.postmaster, has.workers);
}

}  // namespace baton::test
