// What tests of the checks of a clone begin with.
#pragma once

#include <string>
#include <vector>

#include "core/clone_check.hpp"

namespace baton::core {

inline constexpr std::int64_t kMegabyte = 1024 * 1024;
inline constexpr std::int64_t kGigabyte = 1024 * kMegabyte;

// A source and a target between which a clone would work.
struct Clonable {
  CloneSource source;
  CloneTarget target;

  Clonable() {
    source.major = 15;
    source.version = "15.4";
    source.architecture = "x86_64";
    source.name = "a";
    source.has_extension = true;
    source.timeline = 1;
    source.position = Lsn(0x5000000);
    source.bytes = kGigabyte;
    source.room.wal_senders_max = 10;
    source.room.slots_max = 10;
    target.node_name = "b";
    target.path = "/data/b";
    target.bindir = "/usr/lib/postgresql/15/bin";
    target.major = 15;
    target.architecture = "x86_64";
    source.layout = target.layout = PageLayout{8192, 8192, 131072};
    source.data_checksums = true;
    source.preloads = target.preloads = {{"pg_baton"}};
    source.collations = {{{"postgres", 'c', "2.36"}}};
    target.version = "15.4";
    target.volumes = {{"/data/b", kGigabyte, true, 100 * kGigabyte}};
    target.library_folder = "/usr/lib/postgresql/15/lib";
    target.libc_version = "2.36";
    target.clock = ClockReading{};
    target.port = 5432;
    target.port_is_free = true;
    target.advertise = "10.0.0.2";
  }

  Problems Check() const { return Refused(CheckClone(source, target)); }

  // Of one check, what is not ok: "warning: message".
  std::vector<std::string> Said(std::string_view check) const {
    std::vector<std::string> said;
    for (const CloneFinding& finding : CheckClone(source, target)) {
      if (finding.check_name != check || finding.status == CloneStatus::kOk) continue;
      said.push_back(std::string(CloneStatusText(finding.status)) + ": " + finding.text.message);
    }
    return said;
  }
};

}  // namespace baton::core
