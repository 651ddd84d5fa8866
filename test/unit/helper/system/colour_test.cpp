#include "helper/system/colour.hpp"

#include <gtest/gtest.h>

namespace baton::helper {
namespace {

TEST(Colour, ThereIsNoneUnlessAskedFor) {
  EXPECT_EQ(Palette("", "", true).Paint("critical", Tone::kError), "critical");
  EXPECT_EQ(Palette("never", "", true).Paint("critical", Tone::kError), "critical");
}

TEST(Colour, AutoColoursATerminalOnly) {
  EXPECT_EQ(Palette("auto", "", false).Paint("critical", Tone::kError), "critical");
  EXPECT_EQ(Palette("auto", "", true).Paint("critical", Tone::kError),
            "\033[01;31mcritical\033[0m");
}

TEST(Colour, AlwaysColoursAPipeToo) {
  EXPECT_EQ(Palette("always", "", false).Paint("x", Tone::kWarning), "\033[01;35mx\033[0m");
  EXPECT_EQ(Palette("always", "", false).Paint("x", Tone::kNote), "\033[01;36mx\033[0m");
}

TEST(Colour, PgColorsReplacesTheUsualOnes) {
  const Palette palette("always", "error=31:locus=01:note=x", false);

  EXPECT_EQ(palette.Paint("x", Tone::kError), "\033[31mx\033[0m");
  EXPECT_EQ(palette.Paint("x", Tone::kWarning), "x");
  EXPECT_EQ(palette.Paint("x", Tone::kNote), "x");
}

}  // namespace
}  // namespace baton::helper
