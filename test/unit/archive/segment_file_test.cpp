#include "archive/segment_file.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "test/unit/archive/audited_archive.hpp"

namespace baton::archive {
namespace {

using test::AuditedArchive;

constexpr std::uint64_t kMegabyte = std::uint64_t{1024} * 1024;

// cp has brought the beginning of it, and brings the rest while it is read.
TEST(ContentFault, IsToldOfASegmentThatGrowsMeanwhile) {
  const AuditedArchive archive(kMegabyte);
  const std::string name = archive.Name(5);
  const fs::path path = archive.folder() / name;
  test::WalMaker wal(1, archive.Begin(5), kMegabyte);
  wal.Fill();
  const std::string whole = wal.Whole();
  constexpr std::size_t kThere = std::size_t{12} * 8192;
  archive.WriteText(name, whole.substr(0, kThere));
  const SegmentQuestion question{
      name, {test::kSystemIdentifier, kMegabyte, core::PageMagic(15)}, {}, {}};
  int pauses = 0;
  const auto grow = [&] {
    if (pauses++ == 0) std::ofstream(path, std::ios::app) << whole.substr(kThere);
    if (pauses > 100) throw core::Error(core::ErrorCode::kFailed, "it is read for ever");
  };

  const FileFault fault = ContentFault(path, core::Packing::kPlain, question, grow);

  EXPECT_EQ(fault.kind, "") << fault.message;
  EXPECT_GT(pauses, 1);
}

}  // namespace
}  // namespace baton::archive
