#include "test/unit/archive/audit_faults.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "archive/store.hpp"

namespace baton::test {
namespace {

using core::Packing;
using Faults = std::vector<AuditFault>;
using Texts = std::vector<std::string>;

// Of segment 3 on timeline 1, which is plain, where nothing else is said.
std::string Critical(const AuditedArchive& a, const std::string& kind, const std::string& message) {
  return fmt::format("critical | {} | {} | {} | {}", kind, a.Name(3), message, Cannot(a, 3));
}

Faults MissingSegments() {
  return {
      {"ASegmentIsMissing",
       [](const AuditedArchive& a) { fs::remove(a.folder() / (a.Name(4) + ".zst")); },
       [](const AuditedArchive& a) -> Texts {
         return {fmt::format("critical | missing_segment | {} | it is missing | {}", a.Name(4),
                             Cannot(a, 4))};
       }},
      {"SeveralSegmentsAreMissing",
       [](const AuditedArchive& a) {
         fs::remove(a.folder() / (a.Name(4) + ".zst"));
         fs::remove(a.folder() / (a.Name(5) + ".gz"));
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("critical | missing_segment | {} | 2 segments are missing, up to {} | "
                         "A restore of any backup taken before {} cannot go beyond {}.",
                         a.Name(4), a.Name(5), a.At(6), a.At(4))};
       }},
      {"TheSegmentOfTheBackupIsMissing",
       [](const AuditedArchive& a) { fs::remove(a.folder() / a.Name(3)); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "missing_segment", "it is missing")};
       }},
      {"TheFirstSegmentOfTheNewTimelineIsMissing",
       [](const AuditedArchive& a) { fs::remove(a.folder() / a.Name(6, 2)); },
       [](const AuditedArchive& a) -> Texts {
         return {fmt::format("critical | missing_segment | {} | it is missing | {}", a.Name(6, 2),
                             Cannot(a, 6))};
       }},
      {"ThePartialSegmentIsNotNeeded",
       [](const AuditedArchive& a) { fs::remove(a.folder() / (a.Name(6) + ".partial")); },
       [](const AuditedArchive&) -> Texts { return {}; }},
      {"TheForksSegmentIsThereAsAWhole",
       [](const AuditedArchive& a) {
         fs::rename(a.folder() / (a.Name(6) + ".partial"), a.folder() / a.Name(6));
       },
       [](const AuditedArchive&) -> Texts { return {}; }},
  };
}

Faults DamagedSegments() {
  return {
      {"ASegmentIsTruncated",
       [](const AuditedArchive& a) { fs::resize_file(a.folder() / a.Name(3), 100'000); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "wrong_size",
                          fmt::format("it has 100000 bytes instead of {}", a.segment_bytes()))};
       }},
      {"ASegmentIsEmpty", [](const AuditedArchive& a) { a.WriteText(a.Name(3), ""); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "wrong_size",
                          fmt::format("it has 0 bytes instead of {}", a.segment_bytes()))};
       }},
      {"ASegmentIsFilledWithZeros",
       [](const AuditedArchive& a) {
         a.WriteText(a.Name(3), "");
         fs::resize_file(a.folder() / a.Name(3), a.segment_bytes());
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "zero_filled", "it begins with zeros instead of WAL")};
       }},
      {"ASegmentEndsInZeros",
       [](const AuditedArchive& a) {
         fs::resize_file(a.folder() / a.Name(3), 65536);
         fs::resize_file(a.folder() / a.Name(3), a.segment_bytes());
       },
       [](const AuditedArchive& a) -> Texts {
         // 13 records of 5000 bytes fill 64 kB but for what the headers of pages take.
         return {Critical(
             a, "damaged_segment",
             fmt::format("its WAL ends at {}, before the segment does",
                         core::Lsn(a.Begin(3).bytes() + 40 + 13 * 5000 + 7 * 24).ToString()))};
       }},
      {"AByteInARecordIsWrong", [](const AuditedArchive& a) { a.Overwrite(a.Name(3), 200, "?"); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "damaged_segment",
                          fmt::format("the record at {} has a wrong checksum",
                                      core::Lsn(a.Begin(3).bytes() + 40).ToString()))};
       }},
      {"ACompressedSegmentIsDamaged",
       [](const AuditedArchive& a) {
         fs::resize_file(a.folder() / (a.Name(4) + ".zst"),
                         fs::file_size(a.folder() / (a.Name(4) + ".zst")) - 3);
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("critical | damaged_packing | {}.zst | it cannot be unpacked: it is cut "
                         "short | {}",
                         a.Name(4), Cannot(a, 4))};
       }},
      {"ACompressedSegmentIsTooLong",
       [](const AuditedArchive& a) {
         a.WritePacked(a.Name(7, 2), a.Switched(7, 2).Whole() + std::string(8192, '\0'),
                       Packing::kLz4);
       },
       [](const AuditedArchive& a) -> Texts {
         return {fmt::format("critical | wrong_size | {}.lz4 | it has {} bytes instead of {} | {}",
                             a.Name(7, 2), a.segment_bytes() + 8192, a.segment_bytes(),
                             Cannot(a, 7))};
       }},
      {"TheLastSegmentIsUnfinished",
       [](const AuditedArchive& a) {
         WalMaker wal(2, a.Begin(9), a.segment_bytes());
         wal.Records(3, 1000);
         a.Write(a.Name(9, 2), wal);
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | unfinished_segment | {} | its WAL ends at {}, before the "
                         "segment does | A restore to timeline 2 ends there.",
                         a.Name(9, 2), core::Lsn(a.Begin(9).bytes() + 40 + 3000).ToString())};
       }},
  };
}

Faults StrangeSegments() {
  return {
      {"ASegmentIsOfAnotherCluster",
       [](const AuditedArchive& a) {
         WalMaker wal = a.Switched(3);
         wal.set_system_identifier(77);
         a.Write(a.Name(3), wal);
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "other_cluster", "it is of the cluster with system identifier 77")};
       }},
      {"ASegmentIsOfAnotherVersion",
       [](const AuditedArchive& a) {
         WalMaker wal = a.Switched(3);
         wal.set_magic(core::PageMagic(16));
         a.Write(a.Name(3), wal);
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "other_version",
                          "it is of another version of PostgreSQL (magic number D113 instead of "
                          "D110)")};
       }},
      {"ASegmentIsOfALaterTimeline",
       [](const AuditedArchive& a) { a.Write(a.Name(3), a.Switched(3, 2)); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "wrong_timeline", "it is of timeline 2")};
       }},
      {"ASegmentIsOfTheTimelineBefore",
       [](const AuditedArchive& a) { a.Write(a.Name(8, 2), a.Switched(8, 1)); },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("critical | damaged_segment | {} | the page at {} is of timeline 1, by "
                         "the history it has to be of 2 | {}",
                         a.Name(8, 2), a.At(8), Cannot(a, 8))};
       }},
      {"ASegmentHasAnotherSize",
       [](const AuditedArchive& a) {
         const std::uint64_t other = 2 * a.segment_bytes();
         WalMaker wal(1, a.Begin(3), other);
         wal.Records(20);
         wal.Switch();
         a.Write(a.Name(3), wal);
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(
             a, "other_segment_size",
             fmt::format("it is of a cluster with segments of {} bytes", 2 * a.segment_bytes()))};
       }},
      {"ASegmentIsRenamed",
       [](const AuditedArchive& a) { fs::rename(a.folder() / a.Name(3), a.folder() / a.Name(4)); },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "missing_segment", "it is missing"),
                 fmt::format("critical | renamed | {} | its WAL begins at {} | {}", a.Name(4),
                             a.At(3), Cannot(a, 4)),
                 fmt::format("critical | duplicate_differs | {} | it is there as {}.zst too, with "
                             "other content | Which of them a restore gets depends on its "
                             "restore_command; one of them is wrong.",
                             a.Name(4), a.Name(4))};
       }},
      {"ASegmentIsThereTwice",
       [](const AuditedArchive& a) {
         a.WritePacked(a.Name(3), a.Switched(3).Whole(), Packing::kZstd);
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | duplicate | {} | it is there as {}.zst too, with the same "
                         "content | A restore needs one of them.",
                         a.Name(3), a.Name(3))};
       }},
      {"ASegmentIsThereTwiceWithOtherContent",
       [](const AuditedArchive& a) {
         WalMaker wal(1, a.Begin(3), a.segment_bytes());
         wal.Records(7);
         wal.Switch();
         a.WritePacked(a.Name(3), wal.Whole(), Packing::kZstd);
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("critical | duplicate_differs | {} | it is there as {}.zst too, with "
                         "other content | Which of them a restore gets depends on its "
                         "restore_command; one of them is wrong.",
                         a.Name(3), a.Name(3))};
       }},
  };
}

Faults Histories() {
  return {
      {"AHistoryIsMissing",
       [](const AuditedArchive& a) { fs::remove(a.folder() / "00000002.history"); },
       [](const AuditedArchive&) -> Texts {
         return {
             "critical | missing_history | 00000002.history | it is missing | A restore to the "
             "latest timeline stops looking there, and ends with timeline 1 or one before."};
       }},
      {"AHistoryIsNone",
       [](const AuditedArchive& a) { a.WriteText("00000002.history", "1 and then some\n"); },
       [](const AuditedArchive&) -> Texts {
         return {
             "critical | damaged_history | 00000002.history | it is no history of a timeline | "
             "A restore cannot follow timeline 2."};
       }},
      {"AHistoryIsWrong",
       [](const AuditedArchive& a) {
         a.WriteText("00000003.history", fmt::format("1\t{}\tx\n2\t{}\tx\n", a.At(5), a.At(9)));
       },
       [](const AuditedArchive& a) -> Texts {
         return {fmt::format("critical | history_differs | 00000003.history | it says timeline 1 "
                             "until {}, timeline 2; 00000002.history says timeline 1 until {}, "
                             "timeline 2 | A restore follows this file, and would take a wrong way "
                             "or none.",
                             a.At(5), a.fork().ToString()),
                 fmt::format("critical | missing_segment | {} | it is missing | {}", a.Name(5, 2),
                             Cannot(a, 5))};
       }},
  };
}

Faults OtherFiles() {
  return {
      {"ATemporaryFileWasLeft",
       [](const AuditedArchive& a) { a.WriteText(a.Name(9, 2) + ".tmp", "half"); },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | temporary_file | {}.tmp | its name is that of a file being "
                         "written | No restore reads it; if nobody writes it now, it was left "
                         "half-written.",
                         a.Name(9, 2))};
       }},
      {"AnUnfinishedFileOfOursWasLeft",
       [](const AuditedArchive& a) {
         fs::create_directory(a.folder() / archive::kIncomingFolder);
         a.WriteText("pg_baton.incoming/new", "half");
         a.WriteText("pg_baton.incoming/old", "half");
         fs::last_write_time(a.folder() / archive::kIncomingFolder / "old",
                             fs::file_time_type::clock::now() - std::chrono::hours(2));
       },
       [](const AuditedArchive&) -> Texts {
         return {
             "warning | temporary_file | pg_baton.incoming/old | it was left by a server that "
             "was cut off while it archived | No restore reads it; the next server that "
             "archives removes it."};
       }},
      {"AFileIsForeign", [](const AuditedArchive& a) { a.WriteText("README\n\xC3\xA9", "?"); },
       [](const AuditedArchive&) -> Texts {
         return {
             fmt::format("warning | foreign_file | README\\x0A\\xC3\\xA9 | it is nothing that a "
                         "server archives | {}",
                         "No restore reads it.")};
       }},
      {"ASegmentIsUnreadable",
       [](const AuditedArchive& a) { fs::permissions(a.folder() / a.Name(3), fs::perms::none); },
       [](const AuditedArchive& a) -> Texts {
         // Root reads all.
         if (geteuid() == 0) return {};
         return {Critical(a, "unreadable",
                          fmt::format("could not open file \"{}\": Permission denied",
                                      (a.folder() / a.Name(3)).string()))};
       }},
      {"ADirectoryHasASegmentsName",
       [](const AuditedArchive& a) {
         fs::remove(a.folder() / a.Name(3));
         fs::create_directory(a.folder() / a.Name(3));
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "not_a_file", "it is a directory")};
       }},
      {"ASegmentIsPackedOtherwise",
       [](const AuditedArchive& a) {
         fs::rename(a.folder() / a.Name(3), a.folder() / (a.Name(3) + ".xz"));
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("unknown | cannot_check | {}.xz | it is packed in a way that cannot be "
                         "unpacked here | Whether a restore can use it is not known.",
                         a.Name(3))};
       }},
      {"ALinkLeadsOut",
       [](const AuditedArchive& a) {
         fs::rename(a.folder() / a.Name(3), a.directory() / "elsewhere");
         fs::create_symlink(a.directory() / "elsewhere", a.folder() / a.Name(3));
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | link_outside | {} | it is a symbolic link to \"{}\", outside "
                         "of the archive | A copy of the archive alone would lack it.",
                         a.Name(3), fs::canonical(a.directory() / "elsewhere").string())};
       }},
      {"ALinkLeadsNowhere",
       [](const AuditedArchive& a) {
         fs::remove(a.folder() / a.Name(3));
         fs::create_symlink("nowhere", a.folder() / a.Name(3));
       },
       [](const AuditedArchive& a) -> Texts {
         return {Critical(a, "dangling_link", "it is a symbolic link to nothing")};
       }},
  };
}

Faults Backups() {
  return {
      {"ANoteOfABackupIsDamaged", [](const AuditedArchive& a) { a.WriteText(a.BackupName(), "?"); },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | damaged_backup_note | {} | it is no note of a base backup | "
                         "No restore reads it; where the backup ends cannot be told.",
                         a.BackupName())};
       }},
      {"ABackupGoesOnAfterTheArchiveEnds",
       [](const AuditedArchive& a) {
         a.WriteText(a.Name(8, 2) + ".00000028.backup",
                     fmt::format("START WAL LOCATION: {} (file x)\nSTOP WAL LOCATION: {} (file x)\n"
                                 "START TIMELINE: 2\n",
                                 core::Lsn(a.Begin(8).bytes() + 0x28).ToString(), a.At(10)));
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("critical | backup_incomplete | {}.00000028.backup | the backup needs "
                         "WAL up to {}, which is not in the archive | This backup cannot be "
                         "restored.",
                         a.Name(8, 2), a.At(10))};
       }},
      {"WhatIsOlderThanTheBackupIsNotNeeded",
       [](const AuditedArchive& a) {
         a.Write(a.Name(1), a.Switched(1));
         a.Overwrite(a.Name(1), 200, "?");
       },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | damaged_segment | {} | the record at {} has a wrong checksum "
                         "| No base backup that is known needs it.",
                         a.Name(1), core::Lsn(a.Begin(1).bytes() + 40).ToString())};
       }},
  };
}

Faults Branches() {
  return {
      // A server that was failed over from went on for a while.
      {"ABranchIsLegal",
       [](const AuditedArchive& a) {
         fs::rename(a.folder() / (a.Name(6) + ".partial"), a.folder() / a.Name(6));
         a.Write(a.Name(6), a.Switched(6));
         a.Write(a.Name(7), a.Switched(7));
       },
       [](const AuditedArchive&) -> Texts { return {}; }},
      {"ABranchHasAGap", [](const AuditedArchive& a) { a.Write(a.Name(8), a.Switched(8)); },
       [](const AuditedArchive& a) -> Texts {
         return {
             fmt::format("warning | missing_segment | {} | 2 segments are missing, up to {} | A "
                         "restore to timeline 1 cannot go beyond {}; one to timeline 2 does not "
                         "need it.",
                         a.Name(6), a.Name(7), a.At(6))};
       }},
  };
}

}  // namespace

std::string Cannot(const AuditedArchive& a, int number) {
  return fmt::format("A restore of any backup taken before {} cannot go beyond {}.",
                     a.At(number + 1), a.At(number));
}

std::vector<AuditFault> AuditFaults() {
  Faults all;
  for (const auto& faults : {MissingSegments(), DamagedSegments(), StrangeSegments(), Histories(),
                             OtherFiles(), Backups(), Branches()}) {
    all.insert(all.end(), faults.begin(), faults.end());
  }
  return all;
}

}  // namespace baton::test
