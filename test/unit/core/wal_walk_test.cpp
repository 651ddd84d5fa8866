#include "core/wal_walk.hpp"

#include <gtest/gtest.h>

#include "test/unit/archive/wal_maker.hpp"

namespace baton::core {
namespace {

using test::kSegmentBytes;
using test::WalMaker;
using Outcome = WalWalk::Outcome;

constexpr Lsn kBegin{3 * kSegmentBytes};
const std::string kName = SegmentName(1, kBegin, kSegmentBytes);
const TimelineHistory kFirst = {{1, Lsn(), Lsn()}};

WalWalk Walked(const std::string& wal, const std::string& name = kName,
               const TimelineHistory& history = kFirst, Lsn may_end_at = Lsn()) {
  WalWalk walk(name, history, may_end_at);
  constexpr std::size_t kPiece = 65536;
  for (std::size_t at = 0; at < wal.size(); at += kPiece) walk.Take(wal.substr(at, kPiece));
  return walk;
}

WalMaker Full() {
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Fill();
  return maker;
}

TEST(Crc32c, IsTheOneOfCastagnoli) {
  Crc32c crc;
  crc.Add("12345678");
  crc.Add("9");

  EXPECT_EQ(crc.Value(), 0xE3069283U);
}

TEST(WalWalk, ASegmentFullOfRecordsIsWhole) {
  EXPECT_EQ(Walked(Full().Whole()).outcome(), Outcome::kWhole);
}

TEST(WalWalk, AfterASwitchAnythingMayFollow) {
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Records(20);
  maker.Switch();
  EXPECT_EQ(Walked(maker.Whole()).outcome(), Outcome::kWhole);

  std::string wal = maker.Whole();
  wal.replace(maker.pages().size() + 5 * 8192, 8192, std::string(8192, 'o'));
  EXPECT_EQ(Walked(wal).outcome(), Outcome::kWhole);
}

TEST(WalWalk, WithoutASwitchTheSegmentHasToBeFull) {
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Records(20);
  const WalWalk walk = Walked(maker.Whole());

  EXPECT_EQ(walk.outcome(), Outcome::kEnds);
  EXPECT_EQ(walk.at(), maker.position());
}

TEST(WalWalk, HolesCountAsZeros) {
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Records(20);
  WalWalk walk(kName, kFirst, Lsn());
  const std::string wal = maker.Whole();
  walk.Take(std::string_view(wal).substr(0, 2 * 65536));
  walk.TakeZeros(kSegmentBytes - 2 * 65536);

  EXPECT_EQ(walk.outcome(), Outcome::kEnds);
  EXPECT_EQ(walk.at(), maker.position());
}

TEST(WalWalk, ARecycledFileEndsWhereItsOldPagesBegin) {
  WalMaker maker(1, kBegin, kSegmentBytes);
  while (maker.pages().size() < kSegmentBytes / 2) maker.Records(1);
  WalMaker old(1, Lsn(kSegmentBytes), kSegmentBytes);
  old.Fill();
  const std::string wal = maker.pages() + old.Whole().substr(maker.pages().size());

  EXPECT_EQ(Walked(wal).outcome(), Outcome::kEnds);
}

TEST(WalWalk, OneWrongByteInARecordIsSeen) {
  std::string wal = Full().Whole();
  wal[300'000] ^= 1;
  const WalWalk walk = Walked(wal);

  EXPECT_EQ(walk.outcome(), Outcome::kDamaged);
  EXPECT_EQ(walk.reason(), "the record at " + walk.at().ToString() + " has a wrong checksum");
  EXPECT_LE(walk.at(), Lsn(kBegin.bytes() + 300'000));
}

TEST(WalWalk, PagesOfElsewhereAreSeen) {
  std::string wal = Full().Whole();
  wal.replace(5 * 8192, 8192, wal.substr(7 * 8192, 8192));
  const WalWalk later = Walked(wal);
  EXPECT_EQ(later.outcome(), Outcome::kDamaged);
  EXPECT_EQ(later.reason(), "the page at 0/30A000 is of 0/30E000");

  wal.replace(5 * 8192, 8192, std::string(8192, 'g'));
  EXPECT_EQ(Walked(wal).reason(), "the page at 0/30A000 is no WAL");
}

TEST(WalWalk, PagesMissingInTheMiddleAreSeen) {
  std::string wal = Full().Whole();
  wal.replace(5 * 8192, 8192, std::string(8192, '\0'));

  EXPECT_EQ(Walked(wal).outcome(), Outcome::kEnds);
}

TEST(WalWalk, ARecordOfTheSegmentBeforeIsFollowed) {
  WalMaker maker(1, kBegin, kSegmentBytes, 20'000);
  maker.Fill();

  EXPECT_EQ(Walked(maker.Whole()).outcome(), Outcome::kWhole);
}

TEST(WalWalk, ASwitchThatBeganInTheSegmentBeforeIsKnown) {
  WalMaker maker(1, kBegin, kSegmentBytes, 16);
  std::string wal = maker.Whole();
  wal[48] = 0x40;
  wal[49] = 0;
  EXPECT_EQ(Walked(wal).outcome(), Outcome::kWhole);

  wal[48] = 0x20;
  EXPECT_EQ(Walked(wal).outcome(), Outcome::kEnds);
}

//   1 ------+
//           +--- 2
TEST(WalWalk, TheFirstSegmentOfATimelineBeginsWithPagesOfTheOneBefore) {
  const std::string name = SegmentName(2, kBegin, kSegmentBytes);
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Records(20);
  const Lsn fork = maker.position();
  maker.set_timeline(2);
  maker.Fill();
  const TimelineHistory history = {{1, Lsn(), fork}, {2, fork, Lsn()}};
  EXPECT_EQ(Walked(maker.Whole(), name, history).outcome(), Outcome::kWhole);

  const TimelineHistory wrong = {{1, Lsn(), kBegin}, {2, kBegin, Lsn()}};
  EXPECT_EQ(Walked(maker.Whole(), name, wrong).reason(),
            "the page at 0/300000 is of timeline 1, by the history it has to be of 2");
  EXPECT_EQ(Walked(maker.Whole(), name, {}).outcome(), Outcome::kWhole);
}

TEST(WalWalk, BeyondAForkAnythingMayFollow) {
  WalMaker maker(1, kBegin, kSegmentBytes);
  maker.Records(20);
  const Lsn fork = maker.position();
  EXPECT_EQ(Walked(maker.Whole(), kName, kFirst, fork).outcome(), Outcome::kWhole);

  std::string wal = maker.Whole();
  wal[50'000] ^= 1;
  EXPECT_EQ(Walked(wal, kName, kFirst, fork).outcome(), Outcome::kDamaged);
}

}  // namespace
}  // namespace baton::core
