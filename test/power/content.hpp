// The data of one file: as it is, and as a power loss may leave it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

// What becomes of data that was written after the file's last flush.
enum class Data {
  kThere,    // it reached the disk all the same
  kMissing,  // as if it had not been written: content and size of the last flush
  kZeros,    // the size is new, and zeros are in what the file has got since; what it had is new
  kOld,      // the size is new, and what was there before is where the data were to be
};

// Copies share their bytes until one changes.
class Content {
 public:
  Content() = default;
  explicit Content(std::string flushed);

  void Write(std::uint64_t offset, std::string_view data);
  void WriteZeros(std::uint64_t offset, std::uint64_t size);
  void Resize(std::uint64_t size);
  void Flush();
  bool IsFlushed() const { return unflushed_.empty(); }

  std::uint64_t size() const { return bytes_->size(); }
  std::shared_ptr<const std::string> After(Data fate) const;

 private:
  // How to take a change back, and which bytes it has written.
  struct Unflushed {
    std::uint64_t old_size;
    std::uint64_t offset;
    std::uint64_t size;
    std::string old_bytes;
  };

  std::string& BytesToChange();
  void Remember(std::uint64_t offset, std::uint64_t size);
  std::string AtLastFlush() const;

  std::shared_ptr<std::string> bytes_ = std::make_shared<std::string>();
  std::vector<Unflushed> unflushed_;
  // So many bytes at its begin have been the file's ever since the last flush: they are written
  // where they are, and no file system takes them for unwritten.
  std::uint64_t never_cut_ = 0;
};

}  // namespace baton::test
