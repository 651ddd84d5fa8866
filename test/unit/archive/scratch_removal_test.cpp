#include "archive/scratch_removal.hpp"

#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

#include "test/unit/helper/temporary_directory.hpp"

namespace baton::archive {
namespace {

namespace fs = std::filesystem;

TEST(RemoveScratch, TakesAFolderWithAllThatIsInIt) {
  const helper::TemporaryDirectory directory;
  const fs::path scratch = directory / "scratch";
  fs::create_directories(scratch / "a" / "b");
  std::ofstream(scratch / "a" / "b" / "file") << "x";
  std::ofstream(directory / "other") << "x";
  fs::create_symlink(directory / "other", scratch / "link");

  EXPECT_TRUE(RemoveScratch(scratch));

  EXPECT_FALSE(fs::exists(scratch));
  EXPECT_TRUE(fs::exists(directory / "other"));
}

TEST(RemoveScratch, OfWhatIsNotThereNothingIsLeft) {
  const helper::TemporaryDirectory directory;

  EXPECT_TRUE(RemoveScratch(directory / "nowhere"));
}

TEST(RemoveScratch, TriesAgainWhereSomethingStillWrites) {
  const helper::TemporaryDirectory directory;
  const fs::path scratch = directory / "scratch";
  fs::create_directory(scratch);
  std::atomic<bool> writes = false;
  std::thread writer([&] {
    // As a program that has not heard yet that it is to end.
    for (int i = 0; i < 2000; ++i) {
      std::ofstream(scratch / std::to_string(i)) << "x";
      writes = true;
    }
  });
  while (!writes) std::this_thread::yield();

  const bool is_gone = RemoveScratch(scratch);

  writer.join();
  EXPECT_TRUE(is_gone);
  EXPECT_FALSE(fs::exists(scratch));
}

}  // namespace
}  // namespace baton::archive
