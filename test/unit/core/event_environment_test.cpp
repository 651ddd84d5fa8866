#include "core/event_environment.hpp"

#include <gmock/gmock.h>

namespace baton::core {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(EventEnvironment, HasAVariableForEachPart) {
  Event event;
  event.id = 12;
  event.happened_at = 1;
  event.kind = "role";
  event.message = "became primary on timeline 2";

  EXPECT_THAT(EventEnvironment(event, "b"),
              UnorderedElementsAre(Pair("PG_BATON_NODE", "b"), Pair("PG_BATON_EVENT_ID", "12"),
                                   Pair("PG_BATON_EVENT_KIND", "role"),
                                   Pair("PG_BATON_EVENT_MESSAGE", "became primary on timeline 2"),
                                   Pair("PG_BATON_EVENT_DETAIL", ""),
                                   Pair("PG_BATON_EVENT_TIME", "2000-01-01T00:00:00.000001Z")));
}

TEST(EventEnvironment, LeavesQuotesAndDollarsAsTheyAre) {
  Event event;
  event.message = "'\"; $(false) `false` \\";

  EXPECT_EQ(EventEnvironment(event, "b").at("PG_BATON_EVENT_MESSAGE"), "'\"; $(false) `false` \\");
}

TEST(IsoTime, IsInUtcWithMicroseconds) {
  EXPECT_EQ(IsoTime(0), "2000-01-01T00:00:00.000000Z");
  EXPECT_EQ(IsoTime(-1), "1999-12-31T23:59:59.999999Z");
  EXPECT_EQ(IsoTime(823'406'706'789'012), "2026-02-03T04:05:06.789012Z");
}

}  // namespace
}  // namespace baton::core
