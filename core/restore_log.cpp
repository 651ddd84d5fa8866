#include "core/restore_log.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

// How complaints about WAL begin (xlogreader.c, xlogrecovery.c).
constexpr std::array<std::string_view, 8> kComplaints = {
    "invalid ",   "incorrect ",       "unexpected ",       "record with ",
    "could not ", "out-of-sequence ", "there is no contr", "WAL file is from "};

// What it tells those who come too early.
constexpr std::array<std::string_view, 2> kTurnedAway = {"the database system is ", "role \""};

bool BeginsAsOneOf(std::string_view text, const auto& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [text](std::string_view beginning) { return text.starts_with(beginning); });
}

// The rest of a line that begins so, without blanks before it; empty if it does not.
std::string_view After(std::string_view line, std::string_view beginning) {
  if (!line.starts_with(beginning)) return {};
  line.remove_prefix(beginning.size());
  return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

std::string_view Quoted(std::string_view text) {
  const auto begin = text.find('"');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin + 1, text.find('"', begin + 1) - begin - 1);
}

}  // namespace

RestoreLog ParseRestoreLog(std::string_view text) {
  RestoreLog log;
  std::set<std::string, std::less<>> restored;
  bool is_done = false;   // what comes after is fetched once more, for the new timeline
  bool is_fatal = false;  // the message that the next lines belong to
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view said = After(line, "LOG:");
    if (said.starts_with("restored log file ")) {
      const std::string_view name = Quoted(said);
      restored.emplace(name);
      if (is_done || !IsSegmentName(name)) continue;
      log.last_segment = name;
      log.end_reason.clear();
    } else if (said.starts_with("redo done ")) {
      is_done = true;
    } else if (!is_done && BeginsAsOneOf(said, kComplaints)) {
      // What follows only says what that means.
      if (log.end_reason.empty()) log.end_reason = said;
    }
    for (const std::string_view severity : {"FATAL:", "PANIC:"}) {
      const std::string_view fatal = After(line, severity);
      if (fatal.empty()) continue;
      is_fatal = !BeginsAsOneOf(fatal, kTurnedAway);
      if (is_fatal) log.fatal = fatal;
    }
    for (const std::string_view more : {"DETAIL:", "HINT:"}) {
      const std::string_view rest = After(line, more);
      if (is_fatal && !rest.empty()) log.fatal += "; " + std::string(rest);
    }
    if (!said.empty()) is_fatal = false;
  }
  while (log.fatal.ends_with('.')) log.fatal.pop_back();
  for (const std::string& name : restored) {
    ++(IsSegmentName(name) ? log.restored_segments : log.restored_histories);
  }
  return log;
}

}  // namespace baton::core
