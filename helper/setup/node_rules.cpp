#include "helper/setup/node_rules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

#include "core/unified_diff.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/server/hba_rules.hpp"

namespace baton::helper {
namespace {

// What a node at this address asks for by our line.
core::HbaQuestion QuestionOf(const Setup& setup, const std::string& address, bool is_replication) {
  core::HbaQuestion question;
  question.address = address.substr(0, address.find('/'));
  question.is_own_host = address == setup.request.advertise;
  question.is_replication = is_replication;
  question.database = setup.places.database;
  question.user = kNodeRole;
  question.tls = setup.login.style.tls_only;
  return question;
}

// Those that another line further up makes useless; the first rule that fits counts.
std::vector<std::string> FindShadowed(Setup& setup, const std::vector<std::string>& addresses) {
  std::vector<std::string> shadowed;
  const std::vector<core::HbaRule> rules = ReadHbaRules(setup.server);
  const std::vector<std::string> groups = GroupsOf(setup.server, kNodeRole);
  for (const std::string& address : addresses) {
    const auto lines = HbaLines({address}, kNodeRole, setup.places.database, setup.login.style);
    for (const bool is_replication : {true, false}) {
      core::HbaQuestion question = QuestionOf(setup, address, is_replication);
      question.groups = groups;
      const auto rule = core::FirstHbaRule(rules, question);
      if (!rule || core::LetsNodesIn(*rule)) continue;
      shadowed.push_back(lines[is_replication ? 0 : 1]);
      setup.output.Line(fmt::format("{} keeps {} at {} out; the new line goes before it",
                                    core::HbaRuleText(*rule), kNodeRole, address));
    }
  }
  return shadowed;
}

// The number of the first line equal to `line`, from 1.
std::size_t LineNumber(const std::string& text, const std::string& line) {
  std::istringstream lines(text);
  std::size_t number = 1;
  for (std::string other; std::getline(lines, other) && other != line;) ++number;
  return number;
}

void Show(Setup& setup, const std::string& before, const std::string& after,
          const std::vector<std::string>& lines) {
  const std::string file = setup.places.hba_file.string();
  for (const std::string& line : lines) {
    const auto count = [&line](const std::string& text) {
      std::size_t found = 0;
      for (auto at = text.find(line); at != std::string::npos; at = text.find(line, at + 1)) {
        ++found;
      }
      return found;
    };
    if (count(after) <= count(before)) continue;
    setup.Remember([&file, &line](core::SetupRecord& record) {
      record.hba_file = file;
      core::AddOnce(record.hba_lines, line);
    });
    setup.Change(fmt::format("add to \"{}\", line {}: {}", file, LineNumber(after, line), line));
  }
  setup.ShowDiff("hba_diff", core::UnifiedDiff(before, after, file, file));
}

}  // namespace

void EnsureNodeRules(Setup& setup) {
  const fs::path& file = setup.places.hba_file;
  const std::string before = ReadFile(file);
  const HbaStyle& style = setup.login.style;
  std::vector<std::string> addresses = {setup.request.advertise};
  addresses.insert(addresses.end(), setup.request.allow.begin(), setup.request.allow.end());
  const bool changes_style = !setup.request.tls.empty();
  if (changes_style) {
    // Lines of another one would let in whoever has no TLS, or no certificate; who came by them is
    // to come by one of the new style.
    for (const std::string& address : AddressesOfOtherStyles(before, kNodeRole, style)) {
      addresses.push_back(address);
    }
  }
  const std::vector<std::string> lines =
      HbaLines(addresses, kNodeRole, setup.places.database, style);
  const std::string kept = changes_style ? WithoutOtherStyles(before, kNodeRole, style) : before;
  const std::string after = WithHbaLines(kept, lines, FindShadowed(setup, addresses));
  if (before == after) return;
  if (kept != before) {
    setup.Change(
        fmt::format("take lines of {} with another login out of \"{}\"", kNodeRole, file.string()));
  }
  Show(setup, before, after, lines);
  if (setup.dry_run()) return;
  KeepFirst(file, before);
  ReplaceFile(file, after);
  if (const std::string error = HbaFileError(setup.server); !error.empty()) {
    ReplaceFile(file, before);
    throw core::Error(core::ErrorCode::kFailed, "pg_hba.conf would not be valid", error,
                      "It was put back as it was; mend it first.");
  }
  setup.Reload();
}

}  // namespace baton::helper
