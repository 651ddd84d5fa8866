// Judgements over a ledger: what a cluster promises its clients, each as a question whose answer is
// a list of violations in words; empty is good.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "test/cluster/ledger.hpp"

namespace baton::test {

// The server that is the primary in the end, and what it has.
struct Heir {
  // Where the WAL of an earlier timeline was left for a later one.
  struct Fork {
    core::TimelineId timeline = 0;
    core::Lsn at;  // end of what was taken over
  };

  std::string name;
  core::TimelineId timeline = 0;
  std::vector<Fork> forks;  // of the timelines before its own
  std::set<std::int64_t> rows;
};

// No server acknowledged a row when another one had acknowledged one on a newer timeline, and no
// timeline was written by two servers at all.  Only what certainly came later counts.
std::vector<std::string> TwoWriters(const Ledger& ledger);

// Acknowledged rows that the heir does not have.
std::vector<Attempt> Lost(const Ledger& ledger, const Heir& heir);
std::vector<std::string> LostAtAll(const Ledger& ledger, const Heir& heir);

// Lost rows that the heir ought to have: its WAL contains their commits.  What its reign gives up
// is known to begin at the fork.  A commit lies between before_commit of its row, and before_commit
// of each row that was sent later to the same server.  So whether a server's last rows may be lost
// is not always known, and then it is not held against the heir.
std::vector<std::string> LostThoughTakenOver(const Ledger& ledger, const Heir& heir);
// Rows whose commits lie beyond the fork, and that the heir has nevertheless: its data are a
// mixture of two histories.
std::vector<std::string> KeptFromBeyondTheFork(const Ledger& ledger, const Heir& heir);

// A commit that was refused did not happen; nor did one that nobody sent.
std::vector<std::string> PresentThoughRefused(const Ledger& ledger, const Heir& heir);
std::vector<std::string> PresentThoughNeverSent(const Ledger& ledger, const Heir& heir);

// All of these, except LostAtAll unless `none_lost`, which a synchronous standby promises.
std::vector<std::string> Violations(const Ledger& ledger, const Heir& heir, bool none_lost);

// The longest time without an acknowledgement between two of them on this path; zero if there are
// not two.
std::chrono::milliseconds LongestOutage(const Ledger& ledger, std::string_view path = kAnyNode);
// One line: rows by outcome and server, and the outage, for people.
std::string Summary(const Ledger& ledger);

}  // namespace baton::test
