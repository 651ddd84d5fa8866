#include "core/problem.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;

TEST(RequireNone, IsContentWithoutProblems) { EXPECT_NO_THROW(RequireNone({})); }

TEST(RequireNone, RefusesWithAllOfThem) {
  const Problem first{"the source is a standby", "A clone is made from the primary.", "Ask it."};
  const Problem second{"not enough free space for the copy", "", "Make room."};

  try {
    RequireNone({first, second});
    ADD_FAILURE() << "no Refusal was thrown";
  } catch (const Refusal& refusal) {
    EXPECT_THAT(refusal.problems(), ElementsAre(first, second));
  }
}

}  // namespace
}  // namespace baton::core
