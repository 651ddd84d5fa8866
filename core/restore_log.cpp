#include "core/restore_log.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

// How complaints about WAL begin (xlogreader.c, xlogrecovery.c).
constexpr std::array<std::string_view, 16> kComplaints = {"invalid ",
                                                          "incorrect ",
                                                          "unexpected ",
                                                          "out-of-sequence ",
                                                          "record with ",
                                                          "record length ",
                                                          "contrecord is ",
                                                          "missing contrecord ",
                                                          "BKP",
                                                          "there is no contrecord ",
                                                          "could not read ",
                                                          "could not open ",
                                                          "could not seek ",
                                                          "could not stat ",
                                                          "WAL file is from",
                                                          "could not decompress "};

// What it tells those who come too early or stay too long.
constexpr std::array<std::string_view, 4> kTurnedAway = {"the database system is ", "terminating ",
                                                         "role \"", "database \""};

// Lines that are the server's own (send_message_to_server_log in elog.c).
constexpr std::array<std::string_view, 14> kServers = {
    "LOG:",    "FATAL:", "PANIC:",   "ERROR:",     "WARNING:", "NOTICE:",   "INFO:",
    "DETAIL:", "HINT:",  "CONTEXT:", "STATEMENT:", "QUERY:",   "LOCATION:", "\t"};
constexpr std::string_view kNotThere = "No such file or directory";
constexpr std::size_t kMostWords = 500;

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

void RemoveStops(std::string& text) {
  while (text.ends_with('.')) text.pop_back();
}

class Reading {
 public:
  void Take(std::string_view line) {
    const std::string_view said = After(line, "LOG:");
    if (!said.empty()) {
      is_fatal_ = false;
      TakeLog(said);
      return;
    }
    if (!BeginsAsOneOf(line, kServers)) TakeWords(line);
    TakeFatal(line);
  }

  RestoreLog Result() && {
    for (const std::string& name : restored_) {
      ++(IsSegmentName(name) ? log_.restored_segments : log_.restored_histories);
    }
    RemoveStops(log_.fatal);
    RemoveStops(log_.command_words);
    return std::move(log_);
  }

 private:
  void TakeLog(std::string_view said) {
    if (said.starts_with("starting PostgreSQL ")) {
      is_done_ = false;
      log_.fatal.clear();
      ForgetReasons();
    } else if (said.starts_with("restored log file ")) {
      const std::string_view name = Quoted(said);
      restored_.emplace(name);
      if (is_done_ || !IsSegmentName(name)) return;
      log_.last_segment = name;
      ForgetReasons();
    } else if (said.starts_with("redo done ")) {
      is_done_ = true;
    } else if (!is_done_ && log_.end_reason.empty() && BeginsAsOneOf(said, kComplaints)) {
      // What follows only says what that means.
      log_.end_reason = said;
    }
  }

  void TakeWords(std::string_view line) {
    if (is_done_ || line.empty() || line.find(kNotThere) != std::string_view::npos) return;
    if (log_.command_words.size() + line.size() > kMostWords) return;
    if (!log_.command_words.empty()) log_.command_words += "; ";
    log_.command_words += line;
  }

  void TakeFatal(std::string_view line) {
    for (const std::string_view severity : {"FATAL:", "PANIC:"}) {
      const std::string_view fatal = After(line, severity);
      if (fatal.empty()) continue;
      is_fatal_ = !BeginsAsOneOf(fatal, kTurnedAway);
      if (is_fatal_) log_.fatal = fatal;
    }
    for (const std::string_view more : {"DETAIL:", "HINT:"}) {
      const std::string_view rest = After(line, more);
      if (is_fatal_ && !rest.empty()) log_.fatal += "; " + std::string(rest);
    }
  }

  void ForgetReasons() {
    log_.end_reason.clear();
    log_.command_words.clear();
  }

  RestoreLog log_;
  std::set<std::string, std::less<>> restored_;
  bool is_done_ = false;   // what comes after is fetched once more, for the new timeline
  bool is_fatal_ = false;  // the message that the next lines belong to
};

}  // namespace

RestoreLog ParseRestoreLog(std::string_view text) {
  Reading reading;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    reading.Take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reading).Result();
}

std::string LastWords(const RestoreLog& log) {
  std::string words;
  if (!log.end_reason.empty()) words = "The server said: " + log.end_reason + ".";
  if (log.command_words.empty()) return words;
  return words + (words.empty() ? "" : "  ") + "restore_command said: " + log.command_words + ".";
}

}  // namespace baton::core
