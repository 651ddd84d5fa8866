#include "helper/config/hba_file.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sstream>

#include "core/error.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

constexpr const char* kComment = "# pg_baton: the nodes of the cluster";

// Words of a rule, joined by one space, without a comment.
std::string Normal(const std::string& line) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string normal;
  for (std::string word; words >> word;) normal += (normal.empty() ? "" : " ") + word;
  return normal;
}

// A line in the form that HbaLines gives it.
struct NodeLine {
  std::string database;
  std::string address;
  HbaStyle style;
};

std::optional<NodeLine> NodeLineIn(const std::string& line, const std::string& role) {
  std::istringstream words(Normal(line));
  std::string type;
  std::string user;
  std::string method;
  std::string more;
  NodeLine found;
  words >> type >> found.database >> user >> found.address >> method >> more;
  if (user != role || !more.empty()) return std::nullopt;
  for (const HbaStyle& style : kHbaStyles) {
    if (type != (style.tls_only ? "hostssl" : "host")) continue;
    if (method != (style.by_certificate ? "cert" : "scram-sha-256")) continue;
    found.style = style;
    return found;
  }
  return std::nullopt;
}

bool IsAddress(const std::string& text, int family) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(family, text.c_str(), bytes) == 1;
}

}  // namespace

std::string HbaAddress(const std::string& address) {
  const auto slash = address.find('/');
  const std::string host = address.substr(0, slash);
  const bool v4 = IsAddress(host, AF_INET);
  const bool v6 = IsAddress(host, AF_INET6);
  if (slash == std::string::npos) {
    if (v4) return host + "/32";
    if (v6) return host + "/128";
    const bool is_name = host.find_first_not_of("0123456789.") != std::string::npos &&
                         std::all_of(host.begin(), host.end(), [](unsigned char c) {
                           return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
                         });
    if (is_name) return host;
  } else if (v4 || v6) {
    const std::string bits = address.substr(slash + 1);
    const bool digits = !bits.empty() && bits.size() <= 3 &&
                        bits.find_first_not_of("0123456789") == std::string::npos;
    if (digits && std::stoi(bits) <= (v4 ? 32 : 128)) return address;
  }
  throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid address \"{}\"", address), "",
                    "Give an address (10.0.0.2), a network (10.0.0.0/24) or a host name.");
}

std::vector<std::string> HbaLines(const std::vector<std::string>& addresses,
                                  const std::string& role, const std::string& database,
                                  const HbaStyle& style) {
  std::vector<std::string> lines;
  for (const std::string& address : addresses) {
    for (const std::string& what : {std::string("replication"), database}) {
      const std::string line =
          fmt::format("{:<7} {:<15} {:<15} {:<23} {}", style.tls_only ? "hostssl" : "host", what,
                      role, HbaAddress(address), style.by_certificate ? "cert" : "scram-sha-256");
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    }
  }
  return lines;
}

std::optional<HbaStyle> HbaStyleIn(const std::string& text, const std::string& role) {
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    const auto found = NodeLineIn(line, role);
    if (found && found->database == "replication") return found->style;
  }
  return std::nullopt;
}

std::vector<std::string> AddressesOfOtherStyles(const std::string& text, const std::string& role,
                                                const HbaStyle& style) {
  std::vector<std::string> addresses;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    const auto found = NodeLineIn(line, role);
    if (!found || found->style == style) continue;
    const bool is_new =
        std::find(addresses.begin(), addresses.end(), found->address) == addresses.end();
    if (is_new) addresses.push_back(found->address);
  }
  return addresses;
}

std::string WithoutOtherStyles(const std::string& text, const std::string& role,
                               const HbaStyle& style) {
  std::string kept;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    const auto found = NodeLineIn(line, role);
    if (!found || found->style == style) kept += line + (all.eof() ? "" : "\n");
  }
  // A comment of ours that has nothing below it any more goes too.
  return WithoutHbaLines(kept, {});
}

std::string WithHbaLines(const std::string& text, const std::vector<std::string>& lines,
                         const std::vector<std::string>& first) {
  std::vector<std::string> present;
  std::size_t first_rule = text.size();
  std::size_t offset = 0;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line); offset += line.size() + 1) {
    const std::string normal = Normal(line);
    if (normal.empty()) continue;
    first_rule = std::min(first_rule, offset);
    present.push_back(normal);
  }
  std::string added;
  for (const std::string& line : lines) {
    const bool is_there = std::find(present.begin(), present.end(), Normal(line)) != present.end();
    if (!is_there || std::find(first.begin(), first.end(), line) != first.end()) {
      added += line + "\n";
    }
  }
  if (added.empty()) return text;
  std::string head = text.substr(0, first_rule);
  if (!head.empty() && head.back() != '\n') head += '\n';
  const std::string rest = text.substr(std::min(first_rule, text.size()));
  // Where the first rule is ours, the others go below the same comment.
  if (head.ends_with(fmt::format("{}\n", kComment))) return head + added + rest;
  return head + kComment + "\n" + added + "\n" + rest;
}

std::string WithoutHbaLines(const std::string& text, const std::vector<std::string>& lines) {
  std::string result;
  std::string block;  // our comment, and what is kept of the lines below it
  bool in_block = false;
  const auto end_block = [&](bool at_blank) {
    // An empty line ends it, which is ours as well.
    const bool is_gone = block == fmt::format("{}\n", kComment);
    if (!is_gone) result += block;
    in_block = false;
    return is_gone && at_blank;
  };
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    const std::string whole = line + (all.eof() ? "" : "\n");
    if (in_block && line.empty()) {
      if (end_block(true)) continue;
    } else if (in_block) {
      const bool ours =
          line == kComment || std::find(lines.begin(), lines.end(), line) != lines.end();
      if (!ours) block += whole;
      continue;
    } else if (line == kComment) {
      in_block = true;
      block = whole;
      continue;
    }
    result += whole;
  }
  if (in_block) end_block(false);
  return result;
}

void KeepFirst(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path kept = file.string() + ".before_pg_baton";
  if (!std::filesystem::exists(kept)) ReplaceFile(kept, text);
}

}  // namespace baton::helper
