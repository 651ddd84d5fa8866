// A plain struct that one process writes and all may read without ever waiting: there are two
// copies, the writer fills the one that is not current and then makes it so.  A writer that is
// stopped in its middle leaves the other copy whole; a reader that was overtaken reads again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace baton {

template <typename T>
class Published {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void Write(const T& value) {
    const std::uint32_t next = 1 - current_.load(std::memory_order_relaxed);
    std::atomic<std::uint64_t>& version = versions_[next];
    // Odd while the copy is being written.
    version.fetch_add(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::memcpy(static_cast<void*>(&copies_[next]), &value, sizeof(T));
    std::atomic_thread_fence(std::memory_order_seq_cst);
    version.fetch_add(1, std::memory_order_relaxed);
    current_.store(next, std::memory_order_release);
  }

  // A predecessor may have ended in the middle of a write; before the first of a new writer.
  void TakeOver() {
    for (auto& version : versions_) {
      if (version.load() % 2 != 0) version.fetch_add(1);
    }
  }

  void Read(T& value) const {
    for (;;) {
      const std::uint32_t current = current_.load(std::memory_order_acquire);
      const std::uint64_t before = versions_[current].load(std::memory_order_acquire);
      if (before % 2 != 0) continue;
      std::memcpy(static_cast<void*>(&value), &copies_[current], sizeof(T));
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (versions_[current].load(std::memory_order_relaxed) == before) return;
    }
  }

 private:
  std::array<T, 2> copies_{};
  std::array<std::atomic<std::uint64_t>, 2> versions_{};
  std::atomic<std::uint32_t> current_{0};
};

}  // namespace baton
