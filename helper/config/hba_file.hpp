// pg_hba.conf with the lines that let the nodes in, comments and order of the others kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace baton::helper {

// One address as pg_hba.conf wants it: "10.0.0.2/32" for a bare one, a network as it is, a host
// name as it is.  Throws kUsage for what cannot be any of these.
std::string HbaAddress(const std::string& address);

// How nodes get in: with a password, or with a certificate whose common name is the role.
struct HbaStyle {
  bool tls_only = false;
  bool by_certificate = false;  // implies the other

  bool operator==(const HbaStyle&) const = default;
};
inline constexpr HbaStyle kHbaStyles[] = {{false, false}, {true, false}, {true, true}};

// Two lines an address: for replication, and for the database that holds the registry.
std::vector<std::string> HbaLines(const std::vector<std::string>& addresses,
                                  const std::string& role, const std::string& database,
                                  const HbaStyle& style = {});

// That of the first rule of such lines for this role; nullopt if there is none.
std::optional<HbaStyle> HbaStyleIn(const std::string& text, const std::string& role);

// Addresses of the lines for this role, in our form, of another style than this.
std::vector<std::string> AddressesOfOtherStyles(const std::string& text, const std::string& role,
                                                const HbaStyle& style);
// The text without those lines, wherever they stand.
std::string WithoutOtherStyles(const std::string& text, const std::string& role,
                               const HbaStyle& style);

// The text with those lines that it lacks, before its first rule, since the first rule that fits
// counts.  The same text if it has them all.  Those of `first` go there even if it has them further
// below.
std::string WithHbaLines(const std::string& text, const std::vector<std::string>& lines,
                         const std::vector<std::string>& first = {});

// The text without those of the lines that stand below our own comment, and without that comment
// where nothing is left below it: what WithHbaLines added.
std::string WithoutHbaLines(const std::string& text, const std::vector<std::string>& lines);

// Keeps the text as it was before the first change, beside the file; later ones leave that alone.
void KeepFirst(const std::filesystem::path& file, const std::string& text);

}  // namespace baton::helper
