#include "archive/scratch_removal.hpp"

#include <chrono>
#include <thread>

namespace baton::archive {
namespace {

constexpr int kTries = 10;
constexpr std::chrono::milliseconds kMoment{50};

}  // namespace

bool RemoveScratch(const std::filesystem::path& path) noexcept {
  std::error_code error;
  for (int i = 0; i < kTries; ++i) {
    std::filesystem::remove_all(path, error);
    if (error != std::errc::directory_not_empty && error != std::errc::file_exists) break;
    std::this_thread::sleep_for(kMoment);
  }
  return !error;
}

}  // namespace baton::archive
