#include "helper/report/verify_report.hpp"

#include <gmock/gmock.h>

namespace baton::helper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const SightingRow kSeen{"b", "0/3000060", 8.25, ""};
const SightingRow kNotSeen{"c", "0/3000060", std::nullopt, "it does not answer"};

TEST(VerifyReport, SaysOfEachStandbyWhenTheRowWasReadableOrWhyNot) {
  EXPECT_THAT(VerifyLines({kSeen, kNotSeen}),
              ElementsAre("node \"b\": readable after 8.2 ms",
                          "node \"c\": not verified: it does not answer"));
}

TEST(VerifyReport, IsFineOnlyWhereEveryStandbyHasTheRow) {
  EXPECT_THAT(NotVerified({kSeen}), IsEmpty());
  EXPECT_EQ(NotVerified({kSeen, kNotSeen}),
            "a row written on the primary was not seen on 1 of 2 standbys");
  EXPECT_EQ(NotVerified({}), "no standby is registered");
}

TEST(VerifyReport, JsonHasNullForWhatIsNotKnown) {
  EXPECT_EQ(VerifyJson({kSeen, {"c", "", std::nullopt, "not asked"}}), nlohmann::json::parse(R"([
    {"name": "b", "verified": true, "written_lsn": "0/3000060", "elapsed_ms": 8.25, "reason": null},
    {"name": "c", "verified": false, "written_lsn": null, "elapsed_ms": null,
     "reason": "not asked"}])"));
}

}  // namespace
}  // namespace baton::helper
