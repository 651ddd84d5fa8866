#include "core/hba_rules.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace baton::core {
namespace {

struct Inet {
  int family = AF_UNSPEC;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Inet> Parse(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    Inet inet{family, {}};
    if (inet_pton(family, text.c_str(), inet.bytes.data()) == 1) return inet;
  }
  return std::nullopt;
}

bool FitsAddress(const HbaRule& rule, const HbaQuestion& question) {
  if (rule.address == "all") return true;
  if (rule.address == "samehost") return question.is_own_host;
  if (rule.netmask.empty()) return rule.address == question.address;
  const auto from = Parse(question.address);
  const auto network = Parse(rule.address);
  const auto mask = Parse(rule.netmask);
  if (!from || !network || !mask || from->family != network->family) return false;
  for (std::size_t i = 0; i < from->bytes.size(); ++i) {
    if (((from->bytes[i] ^ network->bytes[i]) & mask->bytes[i]) != 0) return false;
  }
  return true;
}

bool FitsType(const HbaRule& rule, const HbaQuestion& question) {
  if (rule.type == "hostssl") return question.tls;
  if (rule.type == "hostnossl") return !question.tls;
  return rule.type == "host" || rule.type == "hostnogssenc";
}

bool FitsDatabase(const HbaRule& rule, const HbaQuestion& question) {
  return std::any_of(
      rule.databases.begin(), rule.databases.end(), [&question](const std::string& name) {
        if (question.is_replication) return name == "replication";
        if (name == "replication") return false;
        const auto& groups = question.groups;
        return name == "all" || name == question.database ||
               (name == "sameuser" && question.database == question.user) ||
               ((name == "samerole" || name == "samegroup") &&
                std::find(groups.begin(), groups.end(), question.database) != groups.end());
      });
}

bool FitsUser(const HbaRule& rule, const HbaQuestion& question) {
  return std::any_of(rule.users.begin(), rule.users.end(), [&question](const std::string& name) {
    if (!name.starts_with('+')) return name == "all" || name == question.user;
    const auto& groups = question.groups;
    return std::find(groups.begin(), groups.end(), name.substr(1)) != groups.end();
  });
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

// "10.0.0.0/8" where the mask is that of a prefix.
std::string AddressText(const HbaRule& rule) {
  const auto mask = Parse(rule.netmask);
  if (!mask) return rule.address;
  int bits = 0;
  bool ended = false;
  const std::size_t size = mask->family == AF_INET ? 4 : 16;
  for (std::size_t i = 0; i < size * 8; ++i) {
    const bool set = (mask->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
    if (set && ended) return rule.address + " " + rule.netmask;
    if (set) ++bits;
    ended |= !set;
  }
  return fmt::format("{}/{}", rule.address, bits);
}

}  // namespace

std::optional<HbaRule> FirstHbaRule(const std::vector<HbaRule>& rules,
                                    const HbaQuestion& question) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&question](const HbaRule& rule) {
    return FitsType(rule, question) && FitsAddress(rule, question) &&
           FitsDatabase(rule, question) && FitsUser(rule, question);
  });
  return found == rules.end() ? std::nullopt : std::optional<HbaRule>(*found);
}

bool LetsNodesIn(const HbaRule& rule) {
  static constexpr std::array<std::string_view, 5> kMethods = {"trust", "scram-sha-256", "md5",
                                                               "password", "cert"};
  return std::find(kMethods.begin(), kMethods.end(), rule.method) != kMethods.end();
}

std::string HbaRuleText(const HbaRule& rule) {
  std::string text = rule.type;
  for (const std::string& word : {Joined(rule.databases, ","), Joined(rule.users, ","),
                                  AddressText(rule), rule.method, Joined(rule.options, " ")}) {
    if (!word.empty()) text += " " + word;
  }
  return fmt::format("line {} of {} ({})", rule.line,
                     rule.file.empty() ? "pg_hba.conf" : "\"" + rule.file + "\"", text);
}

}  // namespace baton::core
