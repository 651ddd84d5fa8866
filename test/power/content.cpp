#include "test/power/content.hpp"

#include <algorithm>

namespace baton::test {

Content::Content(std::string flushed)
    : bytes_(std::make_shared<std::string>(std::move(flushed))), never_cut_(bytes_->size()) {}

void Content::Flush() {
  unflushed_.clear();
  never_cut_ = bytes_->size();
}

std::string& Content::BytesToChange() {
  if (bytes_.use_count() > 1) bytes_ = std::make_shared<std::string>(*bytes_);
  return *bytes_;
}

void Content::Remember(std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t begin = std::min<std::uint64_t>(offset, bytes_->size());
  unflushed_.push_back({bytes_->size(), offset, size, bytes_->substr(begin, size)});
}

void Content::Write(std::uint64_t offset, std::string_view data) {
  Remember(offset, data.size());
  std::string& bytes = BytesToChange();
  if (bytes.size() < offset + data.size()) bytes.resize(offset + data.size());
  std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

void Content::WriteZeros(std::uint64_t offset, std::uint64_t size) {
  Write(offset, std::string(size, '\0'));
}

void Content::Resize(std::uint64_t size) {
  const std::uint64_t now = bytes_->size();
  if (size == now) return;
  // Only what is cut off has to come back; what is added is zeros in any case.
  Remember(size, size < now ? now - size : 0);
  BytesToChange().resize(size);
  never_cut_ = std::min(never_cut_, size);
}

std::string Content::AtLastFlush() const {
  std::string bytes = *bytes_;
  for (auto change = unflushed_.rbegin(); change != unflushed_.rend(); ++change) {
    bytes.resize(change->old_size);
    const std::uint64_t begin = std::min<std::uint64_t>(change->offset, bytes.size());
    bytes.replace(begin, change->old_bytes.size(), change->old_bytes);
  }
  return bytes;
}

std::shared_ptr<const std::string> Content::After(Data fate) const {
  if (fate == Data::kThere || unflushed_.empty()) return bytes_;
  auto result = std::make_shared<std::string>();
  if (fate == Data::kMissing) {
    *result = AtLastFlush();
    return result;
  }
  *result = *bytes_;
  const std::string before = fate == Data::kOld ? AtLastFlush() : "";
  const std::uint64_t from = fate == Data::kOld ? 0 : never_cut_;
  for (const Unflushed& change : unflushed_) {
    for (std::uint64_t i = std::max(change.offset, from);
         i < std::min<std::uint64_t>(change.offset + change.size, result->size()); ++i) {
      (*result)[i] = i < before.size() ? before[i] : '\0';
    }
  }
  return result;
}

}  // namespace baton::test
