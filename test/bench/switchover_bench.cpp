// How long nobody can write during a switchover, as a client with a string of several hosts sees
// it, beside the same by hand with scripts ready, in one run and in turns:
//   light    with that client alone;
//   load     with pgbench beside it;
//   files    with 100,000 files in the data directory;
//   buffers  with 8 GB of shared_buffers, all in use.
// And row: many switchovers one after the other under load, none of which may lose a row or leave
// anything behind.  Environment as for the scenario tests; PG_BATON_BENCH_ROUNDS sets the rounds
// (default 5), PG_BATON_BENCH_SCALE pgbench's scale (20), PG_BATON_BENCH_BUFFERS the megabytes
// (8192), PG_BATON_BENCH_SWITCHOVERS those in a row (100); arguments pick parts.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "test/bench/belongings.hpp"
#include "test/bench/figures.hpp"
#include "test/bench/swap_round.hpp"
#include "test/cluster/judgement.hpp"

namespace baton::test {
namespace {

constexpr int kFiles = 100'000;

void Print(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

std::string Spread(const std::vector<double>& values, int digits) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return fmt::format("median {:.{}f}, minimum {:.{}f}, maximum {:.{}f}", Median(values), digits,
                     *least, digits, *most, digits);
}

std::vector<double> Of(const std::vector<SwapRound>& rounds, double SwapRound::*figure) {
  std::vector<double> values;
  for (const SwapRound& round : rounds) values.push_back(round.*figure);
  return values;
}

std::string Ratios(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / theirs[i]);
  return Spread(ratios, 3);
}

std::vector<Steps> StepsOf(const std::vector<SwapRound>& rounds) {
  std::vector<Steps> all;
  for (const SwapRound& round : rounds) all.push_back(round.steps);
  return all;
}

void Report(const std::string& what, const std::vector<SwapRound>& ours,
            const std::vector<SwapRound>& theirs) {
  std::string text =
      fmt::format("write outage of a switchover, {}, ms, {} rounds\n", what, ours.size());
  for (const auto figure : {&SwapRound::outage, &SwapRound::whole}) {
    if (figure == &SwapRound::whole) {
      text += "from the request until the old primary streams from the new one\n";
    }
    text +=
        fmt::format("  pg_baton  {}\n  by hand   {}\n  ratio     {}\n", Spread(Of(ours, figure), 0),
                    Spread(Of(theirs, figure), 0), Ratios(Of(ours, figure), Of(theirs, figure)));
  }
  Print(fmt::format("{}steps, medians\n  pg_baton  {}\n  by hand   {}", text,
                    StepMedians(StepsOf(ours)), StepMedians(StepsOf(theirs))));
}

struct Surroundings {
  std::string name;  // for people
  std::string configuration;
  int pgbench_scale = 0;  // 0: no load
  // Once, and before each round.
  std::function<void(RolePair&)> furnish = [](RolePair&) {};
  std::function<void(RolePair&)> warm = [](RolePair&) {};
};

void Compare(const Surroundings& surroundings, int rounds) {
  BatonPair ours(surroundings.configuration);
  WarnIfInMemory(ours.cluster().directory());
  PlainPair theirs(surroundings.configuration);
  std::vector<SwapRound> results[2];
  RolePair* const pairs[2] = {&ours, &theirs};
  for (RolePair* const pair : pairs) {
    Furnish(*pair, surroundings.pgbench_scale);
    pair->Start();
    surroundings.furnish(*pair);
    pair->Stop();
  }
  for (int round = 0; round < rounds; ++round) {
    for (const int turn : {0, 1}) {
      // One pair at a time has the machine, and each is first in half of the rounds.
      const int which = (round + turn) % 2;
      RolePair& pair = *pairs[which];
      pair.Start();
      surroundings.warm(pair);
      results[which].push_back(RunSwapRound(pair, surroundings.pgbench_scale > 0));
      pair.Stop();
    }
  }
  Report(surroundings.name, results[0], results[1]);
}

// Empty files of relations that no catalog knows: what walks through the directory meets them.
void AddFiles(RolePair& pair) {
  const fs::path table = pair.primary().Sql("SELECT pg_relation_filepath('public.ledger')");
  for (const Node* const node : pair.nodes()) {
    const fs::path folder = node->data() / table.parent_path();
    for (int i = 0; i < kFiles; ++i) {
      const fs::path file = folder / std::to_string(3'000'000'000 + i);
      close(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
  }
  sync();
}

long AvailableMegabytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("MemAvailable:")) return std::stol(line.substr(13)) / 1024;
  }
  return 0;
}

void BenchBuffers(int rounds, int megabytes) {
  const long needed = 2L * megabytes + 2048;
  if (AvailableMegabytes() < needed) {
    return Print(fmt::format(
        "!!!! the outage with {} MB of shared_buffers is NOT MEASURED: {} MB of memory are "
        "available, and {} are needed",
        megabytes, AvailableMegabytes(), needed));
  }
  // The table is a hole in a file, the same on both nodes, and pages of zeros are good ones.
  Surroundings surroundings;
  surroundings.name = fmt::format("{} MB of shared_buffers, all in use", megabytes);
  surroundings.configuration = fmt::format("shared_buffers = {}MB\n", megabytes);
  surroundings.furnish = [megabytes](RolePair& pair) {
    pair.primary().Sql("CREATE EXTENSION pg_prewarm");
    pair.primary().Sql("CREATE TABLE hole (n int) WITH (autovacuum_enabled = off)");
    const std::string path = pair.primary().Sql("SELECT pg_relation_filepath('hole')");
    pair.Stop();
    for (const Node* const node : pair.nodes()) {
      for (int segment = 0; segment * 1024 < megabytes; ++segment) {
        const fs::path file =
            node->data() / (segment == 0 ? path : fmt::format("{}.{}", path, segment));
        close(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        fs::resize_file(
            file, static_cast<std::uintmax_t>(std::min(1024, megabytes - segment * 1024)) << 20);
      }
    }
  };
  surroundings.warm = [](RolePair& pair) {
    for (const Node* const node : pair.nodes()) node->Sql("SELECT pg_prewarm('hole')");
  };
  Compare(surroundings, rounds);
}

// Of each change of timeline: from the last row of the old one to the first of the new one.
std::vector<double> Outages(const Ledger& ledger) {
  std::vector<Attempt> rows;
  for (const auto& [number, attempt] : ledger.attempts()) {
    if (attempt.path == kAnyNode && attempt.outcome == Outcome::kAcknowledged) {
      rows.push_back(attempt);
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const Attempt& a, const Attempt& b) { return a.ended_at < b.ended_at; });
  std::vector<double> outages;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].timeline == rows[i - 1].timeline) continue;
    outages.push_back(static_cast<double>((rows[i].ended_at - rows[i - 1].ended_at).count()) / 1e3);
  }
  return outages;
}

// Without load; the primary's first.
std::vector<Belongings> Inventory(RolePair& pair, const std::string& when) {
  pair.Start();
  // A standby drops the slots that it had as a primary when its workers come to it.
  Eventually([&] { return pair.standby().Sql("SELECT count(*) FROM pg_replication_slots") == "0"; },
             60s);
  std::vector<Belongings> all;
  for (const Node* const node : {&pair.primary(), &pair.standby()}) {
    all.push_back(BelongingsOf(*node));
    Print(fmt::format("  {}, {} {}: {}", when, node == &pair.primary() ? "primary" : "standby",
                      node->name(), ToText(all.back())));
  }
  return all;
}

void BenchRow(int switchovers, int scale) {
  BatonPair pair;
  Furnish(pair, scale);
  // The first ones fill what stays; an even number, so that the same node is the primary.
  const int first = std::min(2, switchovers);
  Print(fmt::format("{} switchovers in a row under pgbench", switchovers));
  Inventory(pair, "before");
  std::vector<Steps> steps;
  const std::unique_ptr<Writer> writer = StartWriter(pair);
  const auto swap = [&](int times) {
    const Load load(pair);
    for (int i = 0; i < times; ++i) {
      AwaitRows(*writer, 100);
      steps.push_back(pair.Swap());
    }
    AwaitRows(*writer, 100);
  };
  swap(first);
  const std::vector<Belongings> early = Inventory(pair, fmt::format("after {}", first));
  swap(switchovers - first);
  writer->Stop();
  const std::vector<Belongings> late = Inventory(pair, fmt::format("after {}", switchovers));
  const Ledger ledger = writer->ledger();
  Judge(ledger, pair.primary());
  Print(
      fmt::format("  no acknowledged row is lost: {}\n  write outage, ms: {}\n"
                  "  steps, medians: {}",
                  Summary(ledger), Spread(Outages(ledger), 0), StepMedians(steps)));
  for (std::size_t i = 0; i < early.size(); ++i) {
    if (late[i].slots != early[i].slots || late[i].baton_files != early[i].baton_files) {
      Print("!!!! something was left behind: see slots and files above");
    }
  }
}

void Run(const std::string& part) {
  const int rounds = Number("PG_BATON_BENCH_ROUNDS", 5);
  const int scale = Number("PG_BATON_BENCH_SCALE", 20);
  Surroundings surroundings;
  if (part == "light") {
    surroundings.name = "one light writer";
    return Compare(surroundings, rounds);
  }
  if (part == "load") {
    surroundings.name = fmt::format("pgbench with 4 clients, scale {}", scale);
    surroundings.pgbench_scale = scale;
    return Compare(surroundings, rounds);
  }
  if (part == "files") {
    surroundings.name = fmt::format("{} files in the data directory", kFiles);
    surroundings.furnish = AddFiles;
    return Compare(surroundings, rounds);
  }
  if (part == "buffers") return BenchBuffers(rounds, Number("PG_BATON_BENCH_BUFFERS", 8192));
  if (part == "row") return BenchRow(Number("PG_BATON_BENCH_SWITCHOVERS", 100), scale);
  throw std::runtime_error("there is no part " + part);
}

}  // namespace
}  // namespace baton::test

int main(int argc, char** argv) {
  std::vector<std::string> parts(argv + 1, argv + argc);
  if (parts.empty()) parts = {"light", "load", "files", "buffers", "row"};
  for (const std::string& part : parts) baton::test::Run(part);
}
