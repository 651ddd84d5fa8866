#include "test/unit/archive/audited_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <zlib.h>

#include "archive/packing.hpp"

namespace baton::test {

namespace {

std::string Content(const fs::path& path) {
  std::string content(fs::file_size(path), '\0');
  std::ifstream(path, std::ios::binary)
      .read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

void Put(const fs::path& path, std::string_view content, std::uint64_t size) {
  std::ofstream(path, std::ios::binary) << content;
  fs::resize_file(path, size);
}

}  // namespace

AuditedArchive::AuditedArchive(std::uint64_t segment_bytes)
    : folder_(directory_.path() / "archive"), segment_bytes_(segment_bytes) {
  // Making and packing them takes longer than all else, and is the same each time.
  struct Made {
    core::Lsn fork;
    std::map<std::string, std::pair<std::string, std::uint64_t>> files;
  };
  static std::map<std::uint64_t, Made> all;
  fs::create_directory(folder_);
  Made& made = all[segment_bytes_];
  if (made.files.empty()) {
    made.fork = Make();
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string content = Content(entry.path());
      const std::size_t last = content.find_last_not_of('\0');
      made.files[entry.path().filename()] = {content.substr(0, last + 1), content.size()};
    }
  }
  fork_ = made.fork;
  for (const auto& [name, file] : made.files) Put(folder_ / name, file.first, file.second);
}

core::Lsn AuditedArchive::Make() const {
  Write(Name(3), Switched(3));
  WritePacked(Name(4), Switched(4).Whole(), core::Packing::kZstd);
  WalMaker full(1, Begin(5), segment_bytes_);
  full.Records(20);
  if (segment_bytes_ <= kSegmentBytes) full.Fill();
  full.Switch();
  WritePacked(Name(5), full.Whole(), core::Packing::kGzip);

  WalMaker forked(1, Begin(6), segment_bytes_);
  forked.Records(10);
  const core::Lsn fork = forked.position();
  Write(Name(6) + ".partial", forked);
  forked.set_timeline(2);
  forked.Records(10);
  forked.Switch();
  Write(Name(6, 2), forked);
  WritePacked(Name(7, 2), Switched(7, 2).Whole(), core::Packing::kLz4);
  Write(Name(8, 2), Switched(8, 2));
  WriteText("00000002.history",
            fmt::format("1\t{}\tno recovery target specified\n", fork.ToString()));
  WriteText(BackupName(),
            fmt::format("START WAL LOCATION: {} (file {})\nSTOP WAL LOCATION: {} (file {})\n"
                        "BACKUP METHOD: streamed\nSTART TIMELINE: 1\n",
                        core::Lsn(Begin(3).bytes() + 0x28).ToString(), Name(3),
                        core::Lsn(Begin(3).bytes() + 0x100).ToString(), Name(3)));
  return fork;
}

std::string AuditedArchive::Name(int number, core::TimelineId timeline) const {
  return core::SegmentName(timeline, Begin(number), segment_bytes_);
}

WalMaker AuditedArchive::Switched(int number, core::TimelineId timeline) const {
  WalMaker wal(timeline, Begin(number), segment_bytes_);
  wal.Records(20);
  wal.Switch();
  return wal;
}

void AuditedArchive::Write(const std::string& name, const WalMaker& wal) const {
  Put(folder_ / name, wal.pages(), wal.segment_bytes());
}

void AuditedArchive::WriteText(const std::string& name, const std::string& text) const {
  Put(folder_ / name, text, text.size());
}

void AuditedArchive::WritePacked(const std::string& name, const std::string& wal,
                                 core::Packing packing) const {
  const fs::path path = folder_ / (name + std::string(core::PackingEnding(packing)));
  if (packing == core::Packing::kGzip) {
    gzFile const file = gzopen(path.c_str(), "wb1");
    gzwrite(file, wal.data(), static_cast<unsigned>(wal.size()));
    gzclose(file);
    return;
  }
  const archive::OpenFile file(path, O_WRONLY | O_CREAT | O_TRUNC);
  const auto sink = archive::Pack(file.number(), packing, path.string());
  sink->Write(wal);
  sink->Finish();
}

void AuditedArchive::Overwrite(const std::string& name, std::uint64_t at,
                               const std::string& bytes) const {
  std::fstream file(folder_ / name, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

std::vector<core::ArchiveFinding> AuditedArchive::Audit(const Asked& asked) const {
  std::vector<core::ArchiveFinding> findings;
  archive::Audit(
      {folder_, asked.quick, asked.backups, asked.server, asked.histories},
      {[&](const core::ArchiveFinding& finding) { findings.push_back(finding); }, [] {}});
  return findings;
}

std::vector<std::string> AuditedArchive::Findings(const Asked& asked) const {
  std::vector<std::string> texts;
  for (const core::ArchiveFinding& finding : Audit(asked)) {
    if (finding.severity == core::Status::kOk) continue;
    texts.push_back(fmt::format("{} | {} | {} | {} | {}", core::StatusText(finding.severity),
                                finding.kind, finding.file, finding.message, finding.meaning));
  }
  return texts;
}

std::string AuditedArchive::Coverage(const Asked& asked) const {
  for (const core::ArchiveFinding& finding : Audit(asked)) {
    if (finding.kind == "coverage") return finding.meaning;
  }
  return "";
}

}  // namespace baton::test
