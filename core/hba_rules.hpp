// Which line of pg_hba.conf decides about a connection: the first that fits, whatever follows
// (check_hba in src/backend/libpq/hba.c).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace baton::core {

// A row of pg_hba_file_rules without an error.
struct HbaRule {
  std::string file;  // empty: pg_hba.conf itself
  int line = 0;
  std::string type;  // host, hostssl, ...
  std::vector<std::string> databases;
  std::vector<std::string> users;
  std::string address;  // empty for local
  std::string netmask;  // empty for names and keywords
  std::string method;
  std::vector<std::string> options;  // "clientcert=verify-ca"

  bool operator==(const HbaRule&) const = default;
};

// A connection over TCP.
struct HbaQuestion {
  std::string address;          // that it comes from
  bool is_own_host = false;     // that address is one of the server's
  bool is_replication = false;  // physical: no database
  std::string database;
  std::string user;
  std::vector<std::string> groups;  // roles that the user is a member of, or is
  bool tls = false;
};

// nullopt: no line lets it in.  Rules with a host name fit only where the question has that name;
// samenet and regular expressions count as not fitting, since that is not known here.
std::optional<HbaRule> FirstHbaRule(const std::vector<HbaRule>& rules, const HbaQuestion& question);

// Whether a role with a password, or with a certificate where the rule wants one, gets in by it.
bool LetsNodesIn(const HbaRule& rule);

// "line 12 of pg_hba.conf (host all all 10.0.0.0/8 reject)"
std::string HbaRuleText(const HbaRule& rule);

}  // namespace baton::core
