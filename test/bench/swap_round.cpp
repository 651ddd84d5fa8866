#include "test/bench/swap_round.hpp"

#include <csignal>
#include <fmt/format.h>
#include <optional>
#include <stdexcept>

#include "test/bench/figures.hpp"
#include "test/cluster/baton_scenario.hpp"

namespace baton::test {

void Furnish(const RolePair& pair, int pgbench_scale) {
  const Node& primary = pair.primary();
  if (pgbench_scale > 0) {
    RunOrFail({Cluster::Program("pgbench"), "-i", "-q", "-s", std::to_string(pgbench_scale), "-h",
               pair.cluster().directory(), "-p", std::to_string(primary.port()), "postgres"});
  }
  primary.Sql("CREATE TABLE public.ledger (number bigint PRIMARY KEY)");
  primary.Sql(
      "DO $$BEGIN CREATE ROLE app LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO app;"
      " ALTER ROLE app SET log_min_messages = fatal; END$$");
}

std::unique_ptr<Writer> StartWriter(const RolePair& pair) {
  std::vector<Door> doors;
  for (const Node* const node : pair.nodes()) doors.push_back({node->name(), node->port()});
  return std::make_unique<Writer>(doors, WriterOptions(), pair.cluster().directory() / "ledger");
}

void AwaitRows(const Writer& writer, int rows) {
  const std::string path(kAnyNode);
  const int wanted = writer.AcknowledgedByPath(path) + rows;
  if (!Eventually([&] { return writer.AcknowledgedByPath(path) >= wanted; }, 60s)) {
    throw std::runtime_error("writes do not go on: " + Summary(writer.ledger()));
  }
}

void Judge(const Ledger& ledger, const Node& primary) {
  const std::vector<std::string> violations = Violations(ledger, HeirOf(primary), true);
  if (violations.empty()) return;
  throw std::runtime_error(fmt::format("{} violations, the first of which is: {}; {}",
                                       violations.size(), violations.front(), Summary(ledger)));
}

Load::Load(const RolePair& pair) {
  std::string hosts;
  std::string ports;
  for (const Node* const node : pair.nodes()) {
    hosts += hosts.empty() ? "127.0.0.1" : ",127.0.0.1";
    ports += fmt::format("{}{}", ports.empty() ? "" : ",", node->port());
  }
  const std::string script = fmt::format(
      "trap 'kill $!; wait $!; exit' TERM\n"
      "while :; do\n"
      "  {} -n -c 4 -T 3600 'host={} port={} dbname=postgres user=app sslmode=disable"
      " target_session_attrs=read-write' & wait $!\n"
      "  sleep 0.05\n"
      "done",
      Cluster::Program("pgbench"), hosts, ports);
  pid_ = Spawn({"/bin/sh", "-c", script}, pair.cluster().directory() / "pgbench.log");
}

Load::~Load() {
  kill(pid_, SIGTERM);
  WaitFor(pid_);
}

SwapRound RunSwapRound(RolePair& pair, bool under_load) {
  pair.primary().Sql("TRUNCATE public.ledger");
  std::optional<Load> load;
  if (under_load) load.emplace(pair);
  const std::unique_ptr<Writer> writer = StartWriter(pair);
  AwaitRows(*writer, under_load ? 500 : 200);
  SwapRound round;
  round.whole = 1000 * Seconds([&] { round.steps = pair.Swap(); });
  AwaitRows(*writer, 100);
  writer->Stop();
  load.reset();
  const Ledger ledger = writer->ledger();
  Judge(ledger, pair.primary());
  round.outage = static_cast<double>(LongestOutage(ledger).count());
  return round;
}

}  // namespace baton::test
