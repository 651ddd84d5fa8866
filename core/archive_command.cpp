#include "core/archive_command.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

namespace baton::core {
namespace {

// What stands between two simple commands.
enum class Link { kEnd, kAlways, kIfDone, kIfFailed, kPipe };

struct SimpleCommand {
  std::vector<std::string> words;
  std::vector<std::string> written;  // files that its standard output goes to
  Link link = Link::kEnd;            // to the next one
};

// As far as a shell's text can be told without being run: quotes hold words together, and what
// stands in $( ) or behind ` is not looked into.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<SimpleCommand> Read() {
    for (at_ = 0; at_ < text_.size(); ++at_) Take(text_[at_]);
    EndCommand(Link::kEnd);
    return std::move(commands_);
  }

 private:
  bool Next(char c) {
    if (at_ + 1 >= text_.size() || text_[at_ + 1] != c) return false;
    ++at_;
    return true;
  }
  void Take(char c) {
    if (quote_ != 0) {
      if (c == quote_) {
        quote_ = 0;
      } else {
        word_ += c;
      }
      return;
    }
    switch (c) {
      case '\'':
      case '"':
        quote_ = c;
        has_word_ = true;
        return;
      case '\\':
        if (++at_ < text_.size()) word_ += text_[at_];
        has_word_ = true;
        return;
      case ' ':
      case '\t':
        return EndWord();
      case ';':
      case '\n':
        return EndCommand(Link::kAlways);
      case '&':
        if (!word_.empty() && word_.back() == '>') return Add(c);
        return EndCommand(Next('&') ? Link::kIfDone : Link::kAlways);
      case '|':
        return EndCommand(Next('|') ? Link::kIfFailed : Link::kPipe);
      case '>':
        return BeginRedirection();
      case '<':
        EndWord();
        skips_ = true;
        return;
      case '(':
      case ')':
      case '{':
      case '}':
        if (word_.empty()) return;
        return Add(c);
      default:
        return Add(c);
    }
  }
  void Add(char c) {
    word_ += c;
    has_word_ = true;
  }
  void BeginRedirection() {
    // "2>" is about its errors.
    const bool is_output = word_.empty() || word_ == "1";
    if (is_output) {
      word_.clear();
      has_word_ = false;
    }
    if (!is_output && word_ != "2") EndWord();
    Next('>');
    const bool of_errors = word_ == "2";
    word_.clear();
    has_word_ = false;
    if (Next('&')) {
      skips_ = true;
      return;
    }
    is_target_ = !of_errors;
    skips_ = of_errors;
  }
  void EndWord() {
    if (!has_word_) return;
    if (is_target_) {
      now_.written.push_back(word_);
    } else if (!skips_) {
      now_.words.push_back(word_);
    }
    word_.clear();
    has_word_ = is_target_ = skips_ = false;
  }
  void EndCommand(Link link) {
    EndWord();
    if (now_.words.empty() && now_.written.empty()) {
      // An end that nothing follows, as the last ";" is.
      if (!commands_.empty() && link == Link::kEnd) commands_.back().link = Link::kEnd;
      return;
    }
    now_.link = link;
    commands_.push_back(std::move(now_));
    now_ = {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  char quote_ = 0;
  std::string word_;
  bool has_word_ = false;
  bool is_target_ = false;
  bool skips_ = false;
  SimpleCommand now_;
  std::vector<SimpleCommand> commands_;
};

std::string_view ProgramOf(const SimpleCommand& command) {
  if (command.words.empty()) return "";
  const std::string_view path = command.words.front();
  return path.substr(path.rfind('/') + 1);
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool HasOption(const SimpleCommand& command, char letter, std::string_view name) {
  return std::any_of(command.words.begin() + 1, command.words.end(), [&](std::string_view word) {
    if (word.starts_with("--")) return word == name;
    return word.size() > 1 && word[0] == '-' && Contains(word, std::string_view(&letter, 1));
  });
}

bool DoesNothing(const SimpleCommand& command) {
  if (!command.written.empty()) return false;
  const std::string_view program = ProgramOf(command);
  if (program == "true" || program == ":") return true;
  return program == "exit" && command.words.size() > 1 && command.words[1] == "0";
}

bool IsPath(std::string_view word, std::string_view file) {
  return Contains(word, file) && Contains(word, "/");
}

constexpr const char* kUseOurs =
    "Archive by archive_library = 'pg_baton', or by \"pg_baton archive-push\", which write whole "
    "files durably and overwrite nothing.";

CommandAdvice Critical(std::string reason, std::string hint) {
  return {Status::kCritical, std::move(reason), std::move(hint)};
}
CommandAdvice Warning(std::string reason) {
  return {Status::kWarning, std::move(reason), kUseOurs};
}

using Commands = std::vector<SimpleCommand>;

std::optional<CommandAdvice> ReportsSuccessAlways(const Commands& commands) {
  if (!DoesNothing(commands.back())) return std::nullopt;
  const bool alone = std::all_of(commands.begin(), commands.end(), DoesNothing);
  if (alone) {
    return Critical("it archives nothing, and reports that it did",
                    "Set a command that archives, or let WAL wait with an empty one.");
  }
  const Link link = commands[commands.size() - 2].link;
  if (link == Link::kIfDone) return std::nullopt;
  return Critical(
      "it reports success also when it has failed, so the server removes WAL that is "
      "in no archive",
      "Let the command end with the exit code of what archives.");
}

std::optional<CommandAdvice> IsNotToldTheFile(std::string_view text, const Commands& commands) {
  if (!Contains(text, "%p") && !Contains(text, "%f")) {
    return Critical("it has neither %p nor %f, so it is not told which file it is for",
                    "Give the command %p, the path of the file, and %f, its name.");
  }
  for (const SimpleCommand& command : commands) {
    for (const std::string& file : command.written) {
      if (file == "/dev/null" || Contains(file, "%f")) continue;
      return Critical(fmt::format("it writes every file to \"{}\"", file),
                      "Let the name of what is written have %f.");
    }
  }
  return std::nullopt;
}

// Where a command writes: paths with %f, other than its source; and the last argument of a copy.
std::vector<std::string> TargetsOf(const SimpleCommand& command) {
  std::vector<std::string> targets = command.written;
  constexpr std::array kCopiers = {"cp", "mv", "rsync", "install", "scp", "ln"};
  const std::string_view program = ProgramOf(command);
  if (command.words.size() > 2 &&
      std::find(kCopiers.begin(), kCopiers.end(), program) != kCopiers.end()) {
    targets.push_back(command.words.back());
  }
  return targets;
}

std::optional<CommandAdvice> WritesIntoTheDataDirectory(const Commands& commands,
                                                        std::string_view data_directory) {
  const std::string inside = std::string(data_directory) + "/";
  for (const SimpleCommand& command : commands) {
    for (const std::string& target : TargetsOf(command)) {
      // What is no absolute path begins in the data directory, if it is on this host at all.
      const bool is_relative = target.find_first_of("/$~`:%") != 0 && !Contains(target, ":");
      if (target == "/dev/null" || (!target.starts_with(inside) && !is_relative)) continue;
      return Critical(
          fmt::format("it writes to \"{}\", which is inside the data directory", target),
          "Archive elsewhere, best on another host's storage.");
    }
  }
  return std::nullopt;
}

std::optional<CommandAdvice> OfCopy(const SimpleCommand& command, bool is_tested) {
  const std::string_view program = ProgramOf(command);
  if (program == "mv") {
    return Critical("mv takes the file away from the server, which still needs it", kUseOurs);
  }
  if (program == "cp" && HasOption(command, 'i', "--interactive")) {
    return Warning("cp -i reports success where it leaves another file in place");
  }
  if (program == "cp" && (HasOption(command, 'n', "--no-clobber"))) {
    return Warning("cp -n reports success where it leaves another file in place");
  }
  if (program == "rsync") {
    return Warning("rsync overwrites what is there, and flushes nothing unless it is told to");
  }
  if (program != "cp" && program != "scp" && program != "install") return std::nullopt;
  if (is_tested) {
    return Warning(
        fmt::format("{} flushes nothing, and a file that it leaves unfinished, as on a "
                    "full disk, blocks the archive for ever",
                    program));
  }
  return Warning(
      fmt::format("{} overwrites what is there, shows unfinished files under their final "
                  "names, and flushes nothing",
                  program));
}

// A file is written under another name, flushed and renamed.
bool TakesCare(const Commands& commands) {
  bool flushes = false;
  bool renames = false;
  for (const SimpleCommand& command : commands) {
    for (const std::string& word : command.words) {
      flushes |= word == "sync" || word == "fsync" || Contains(word, "conv=fsync") ||
                 word == "--fsync" || word.ends_with("/sync");
    }
    renames |= ProgramOf(command) == "mv" && !Contains(command.words.back(), "%p");
  }
  return flushes && renames;
}

std::optional<CommandAdvice> CopiesCarelessly(const Commands& commands) {
  if (TakesCare(commands)) return std::nullopt;
  bool is_tested = false;
  for (const SimpleCommand& command : commands) {
    const std::string_view program = ProgramOf(command);
    is_tested |= program == "test" || program == "[";
    const bool has_source =
        std::any_of(command.words.begin(), command.words.end(),
                    [](const std::string& word) { return Contains(word, "%"); });
    // A rename of what another command has copied is no loss.
    if (program == "mv" && !std::any_of(command.words.begin(), command.words.end(),
                                        [](const std::string& word) { return word == "%p"; })) {
      continue;
    }
    if (!has_source) continue;
    if (auto advice = OfCopy(command, is_tested)) return advice;
  }
  for (const SimpleCommand& command : commands) {
    for (const std::string& file : command.written) {
      if (!IsPath(file, "%f")) continue;
      return Warning(
          fmt::format("it shows \"{}\" unfinished under its final name, and flushes "
                      "nothing",
                      file));
    }
  }
  return std::nullopt;
}

std::optional<CommandAdvice> LosesFailuresInAPipe(std::string_view text, const Commands& commands) {
  if (Contains(text, "pipefail")) return std::nullopt;
  const bool pipes =
      std::any_of(commands.begin(), commands.end(),
                  [](const SimpleCommand& command) { return command.link == Link::kPipe; });
  if (!pipes) return std::nullopt;
  return Warning("a failure in its pipe is not noticed, except of the last command");
}

}  // namespace

std::optional<CommandAdvice> AdviseArchiveCommand(std::string_view command,
                                                  std::string_view data_directory) {
  const Commands commands = Reader(command).Read();
  if (commands.empty()) return std::nullopt;
  if (auto advice = ReportsSuccessAlways(commands)) return advice;
  if (auto advice = IsNotToldTheFile(command, commands)) return advice;
  if (auto advice = WritesIntoTheDataDirectory(commands, data_directory)) return advice;
  if (auto advice = CopiesCarelessly(commands)) return advice;
  return LosesFailuresInAPipe(command, commands);
}

bool IsOwnArchiveLibrary(std::string_view library) {
  std::string_view name = library.substr(library.rfind('/') + 1);
  if (name.ends_with(".so")) name.remove_suffix(3);
  return name == "pg_baton";
}

}  // namespace baton::core
