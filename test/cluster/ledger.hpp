// What a client saw of a cluster: each numbered row that it tried to write, and what became of it.
// One line of a file for each outcome, so that a client which is killed leaves what it knew.
#pragma once

#include <chrono>
#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::test {

// The path by which libpq finds the primary among all nodes; every other path is a node's name.
inline constexpr std::string_view kAnyNode = "*";

// Open: no answer, or the connection was lost; the row may be there or not.
enum class Outcome { kOpen, kAcknowledged, kRefused };

struct Attempt {
  using Moment = std::chrono::microseconds;  // of one monotonic clock, the client's

  std::int64_t number = 0;
  std::string path;
  Moment sent_at{};
  // When the client looked last and found no answer.  What came between this and ended_at came at
  // an unknown moment, so that two answers which overlap have no order.
  Moment unanswered_at{};
  Moment ended_at{};  // of an open one: when the client ceased to wait
  Outcome outcome = Outcome::kOpen;
  std::string sqlstate;  // of what was refused, or of the end of the connection; may be empty

  // Of what was acknowledged:
  std::string server;
  core::TimelineId timeline = 0;
  // Where the server's WAL ended when the row was in it and its commit was not: the commit record
  // begins here or later.
  core::Lsn before_commit;
};

std::string ToLine(const Attempt& attempt);                       // without a newline
std::optional<Attempt> ParseAttempt(std::string_view text_line);  // nullopt if it is no such line

// The attempts by their numbers.
class Ledger {
 public:
  // A later outcome of the same number replaces the former: an answer may come late.
  void Note(const Attempt& attempt) { attempts_[attempt.number] = attempt; }
  const std::map<std::int64_t, Attempt>& attempts() const& { return attempts_; }
  void attempts() && = delete;  // they would outlive their ledger

  // nullopt if a line cannot be read; a last line without an end was being written, and is left.
  static std::optional<Ledger> Read(std::istream& file);

 private:
  std::map<std::int64_t, Attempt> attempts_;
};

}  // namespace baton::test
