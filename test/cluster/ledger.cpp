#include "test/cluster/ledger.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace baton::test {
namespace {

constexpr std::array<std::pair<Outcome, std::string_view>, 3> kOutcomes = {
    {{Outcome::kOpen, "open"},
     {Outcome::kAcknowledged, "acknowledged"},
     {Outcome::kRefused, "refused"}}};

constexpr std::string_view kNothing = "-";
constexpr std::size_t kFields = 10;

std::string_view OrNothing(std::string_view text) { return text.empty() ? kNothing : text; }
std::string OrEmpty(std::string_view text) {
  return std::string(text == kNothing ? std::string_view() : text);
}

template <typename Number>
bool Parse(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool Parse(std::string_view text, Attempt::Moment& moment) {
  Attempt::Moment::rep count = 0;
  if (!Parse(text, count)) return false;
  moment = Attempt::Moment(count);
  return true;
}

bool Parse(std::string_view text, Outcome& outcome) {
  for (const auto& [value, name] : kOutcomes) {
    if (name != text) continue;
    outcome = value;
    return true;
  }
  return false;
}

std::string_view NameOf(Outcome outcome) {
  for (const auto& [value, name] : kOutcomes) {
    if (value == outcome) return name;
  }
  return kNothing;
}

std::vector<std::string_view> Fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0;;) {
    const std::size_t end = line.find(' ', begin);
    fields.push_back(line.substr(begin, end - begin));
    if (end == std::string_view::npos) return fields;
    begin = end + 1;
  }
}

}  // namespace

std::string ToLine(const Attempt& attempt) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", attempt.number, OrNothing(attempt.path),
                     attempt.sent_at.count(), attempt.unanswered_at.count(),
                     attempt.ended_at.count(), NameOf(attempt.outcome), OrNothing(attempt.sqlstate),
                     OrNothing(attempt.server), attempt.timeline, attempt.before_commit.ToString());
}

std::optional<Attempt> ParseAttempt(std::string_view text_line) {
  const std::vector<std::string_view> fields = Fields(text_line);
  if (fields.size() != kFields) return std::nullopt;
  Attempt attempt;
  const std::optional<core::Lsn> lsn = core::Lsn::Parse(fields[9]);
  if (!Parse(fields[0], attempt.number) || !Parse(fields[2], attempt.sent_at) ||
      !Parse(fields[3], attempt.unanswered_at) || !Parse(fields[4], attempt.ended_at) ||
      !Parse(fields[5], attempt.outcome) || !Parse(fields[8], attempt.timeline) || !lsn) {
    return std::nullopt;
  }
  attempt.path = OrEmpty(fields[1]);
  attempt.sqlstate = OrEmpty(fields[6]);
  attempt.server = OrEmpty(fields[7]);
  attempt.before_commit = *lsn;
  return attempt;
}

std::optional<Ledger> Ledger::Read(std::istream& file) {
  Ledger ledger;
  for (std::string line; std::getline(file, line);) {
    if (file.eof()) break;
    const std::optional<Attempt> attempt = ParseAttempt(line);
    if (!attempt) return std::nullopt;
    ledger.Note(*attempt);
  }
  return ledger;
}

}  // namespace baton::test
