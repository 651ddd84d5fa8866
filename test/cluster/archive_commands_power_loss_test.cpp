// The power is lost while archive-push or archive-get is at work: under its final name there is
// the right file, or none, whatever the disk has kept; and the same command goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "archive/store.hpp"
#include "core/archive_name.hpp"
#include "helper/archive/spool.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/archive_commands_scenario.hpp"
#include "test/power/power_loss.hpp"
#include "test/unit/archive/segments.hpp"

namespace baton::test {
namespace {

class ArchiveCommandsPowerLoss : public ArchiveFiles {
 protected:
  HelperResult Recorded(const Recording& recording, const std::vector<std::string>& arguments) {
    const HelperResult result = cluster_.Helper(arguments, recording.Environment());
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return result;
  }
  // Visits what is left of the recorded folder at each moment, by each model.
  template <typename F>
  void AtEachMoment(PowerLoss loss, const F& visit) {
    const fs::path left = cluster_.directory() / "left";
    for (const Moment& moment : loss.Moments()) {
      for (const Model& model : kModels) {
        SCOPED_TRACE(moment.description + ", " + std::string(model.name));
        fs::remove_all(left);
        loss.Materialise(moment.done, model, left);
        visit(left, moment.done == loss.operations().size());
        if (HasFailure()) return;
      }
    }
  }
  // Whatever stands under the name of a file of an archive is that file.
  void ExpectNothingWrong(const fs::path& archive, const std::string& name, bool has_ended) {
    const auto entry = archive::Store(archive).Find(name);
    EXPECT_TRUE(entry || !has_ended) << "the command had said that it was done";
    if (!entry) return;
    const fs::path back = cluster_.directory() / "back";
    archive::Store::Bring(*entry, name, back, kOrigin);
    EXPECT_TRUE(helper::ReadFile(back) == MakeSegment(name));
  }
};

class EachCompression : public ArchiveCommandsPowerLoss,
                        public testing::WithParamInterface<const char*> {};

TEST_P(EachCompression, LeavesTheWholeFileInTheArchiveOrNone) {
  const std::string name = Name(1);
  Write(name);
  const Recording recording(archive_, cluster_.directory() / "record");
  std::vector<std::string> arguments = PushArguments(name);
  arguments.push_back(fmt::format("--compression={}", GetParam()));
  Recorded(recording, arguments);

  AtEachMoment(recording.Read(), [&](const fs::path& left, bool has_ended) {
    ExpectNothingWrong(left, name, has_ended);
    // And the server asks again.
    archive::Store(left).Put(data_ / "pg_wal" / name, name, core::Packing::kPlain, kOrigin);
    ExpectNothingWrong(left, name, true);
  });
}

INSTANTIATE_TEST_SUITE_P(ArchiveCommandsPowerLoss, EachCompression,
                         testing::Values("none", "zstd", "lz4"));

TEST_F(ArchiveCommandsPowerLoss, LeavesTheWholeSegmentAtItsPlaceAndInTheSpoolOrNone) {
  for (int i = 1; i <= 4; ++i) {
    Write(Name(i));
    ASSERT_EQ(Push(Name(i)).exit_code, 0);
    fs::remove(data_ / "pg_wal" / Name(i));
  }
  const Recording recording(data_, cluster_.directory() / "record");
  for (const int i : {1, 2, 3}) {
    std::vector<std::string> arguments = GetArguments(Name(i));
    arguments.push_back("--prefetch=2");
    Recorded(recording, arguments);
    ASSERT_TRUE(SpoolIsDone());
  }

  AtEachMoment(recording.Read(), [&](const fs::path& left, bool) {
    const fs::path to = left / "pg_wal" / "RECOVERYXLOG";
    if (fs::exists(to)) {
      const std::string content = helper::ReadFile(to);
      EXPECT_TRUE(content == MakeSegment(Name(1)) || content == MakeSegment(Name(2)) ||
                  content == MakeSegment(Name(3)));
    }
    const fs::path spool = left / "pg_baton" / "spool";
    if (!fs::exists(spool)) return;
    for (const std::string& name : NamesIn(spool)) {
      const auto spooled = helper::ParseSpooledName(name);
      if (!spooled || !spooled->is_whole) continue;
      EXPECT_TRUE(helper::ReadFile(spool / name) == MakeSegment(spooled->segment)) << name;
    }
  });
}

}  // namespace
}  // namespace baton::test
