#include "core/wal_segment.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr std::uint64_t kSegment = 16 * 1024 * 1024;
constexpr std::uint64_t kSystem = 7301234567890123456;
const SegmentOrigin kOrigin{kSystem, kSegment, PageMagic(15)};

// The first bytes of segment 3 of timeline 2.
struct Head {
  std::uint16_t magic = 0xD110;
  std::uint16_t info = 0x0002;
  std::uint32_t timeline = 2;
  std::uint64_t begins = 3 * kSegment;
  std::uint32_t rest = 0;
  std::uint32_t padding = 0;
  std::uint64_t system = kSystem;
  std::uint32_t segment_bytes = kSegment;
  std::uint32_t block_bytes = 8192;

  std::string Fault(std::string_view name = "000000020000000000000003") const {
    std::string bytes(sizeof(*this), '\0');
    std::memcpy(bytes.data(), this, sizeof(*this));
    return SegmentFault(name, bytes, kOrigin);
  }
};
static_assert(sizeof(Head) == kLongPageHeaderBytes);

TEST(WalSegment, KnowsItsName) {
  EXPECT_TRUE(IsSegmentName("0000000200000001000000FE"));
  EXPECT_FALSE(IsSegmentName("0000000200000001000000FE.partial"));
  EXPECT_FALSE(IsSegmentName("0000000200000001000000fe"));
  EXPECT_FALSE(IsSegmentName("00000002.history"));
  EXPECT_FALSE(IsSegmentName(""));
}

TEST(WalSegment, BeginsWhereItsNameSays) {
  EXPECT_EQ(TimelineOf("0000000C00000001000000FE"), 12u);
  EXPECT_EQ(BeginOf("0000000C00000001000000FE", kSegment).ToString(), "1/FE000000");
  EXPECT_EQ(BeginOf("0000000C0000000100000003", 1024ULL * 1024 * 1024).ToString(), "1/C0000000");
}

TEST(WalSegment, IsSoundAsTheServerWritesIt) { EXPECT_EQ(Head().Fault(), ""); }

TEST(WalSegment, MayBeginWithAPageOfTheTimelineBefore) {
  Head head;
  head.timeline = 1;
  EXPECT_EQ(head.Fault(), "");
  head.timeline = 3;
  EXPECT_EQ(head.Fault(), "it is of timeline 3");
}

TEST(WalSegment, HasEachFaultNamed) {
  Head other;
  other.system = 42;
  EXPECT_EQ(other.Fault(), "it is of the cluster with system identifier 42");
  Head small;
  small.segment_bytes = 1024 * 1024;
  EXPECT_EQ(small.Fault(), "it is of a cluster with segments of 1048576 bytes");
  Head odd;
  odd.segment_bytes = 3 * 1024 * 1024;
  EXPECT_EQ(odd.Fault(), "it is of a cluster with segments of 3145728 bytes");
  Head newer;
  newer.magic = PageMagic(17);
  EXPECT_EQ(newer.Fault(),
            "it is of another version of PostgreSQL (magic number D116 instead of D110)");
  Head recycled;
  recycled.begins = kSegment;
  EXPECT_EQ(recycled.Fault(), "its WAL begins at 0/1000000");
  EXPECT_EQ(Head().Fault("000000020000000000000004"), "its WAL begins at 0/3000000");
  Head empty;
  empty.info = 0;
  EXPECT_EQ(empty.Fault(), "it does not begin with WAL");
  EXPECT_EQ(SegmentFault("000000020000000000000003", "short", kOrigin),
            "it is too short for a segment");
}

}  // namespace
}  // namespace baton::core
