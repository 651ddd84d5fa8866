// Text in a fixed number of bytes, for structs that live in shared memory.  What does not fit is
// cut at a character of UTF-8, never in its middle.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace baton::core {

template <std::size_t kBytes>
class FixedText {
 public:
  FixedText() = default;

  // Meant to convert: a text in shared memory is assigned like any other.
  template <typename Text>
  requires std::is_convertible_v<const Text&, std::string_view> FixedText(const Text& text) {
    Assign(text);
  }

  std::string_view view() const { return {bytes_, std::char_traits<char>::length(bytes_)}; }
  std::string str() const { return std::string(view()); }
  const char* c_str() const { return bytes_; }
  bool empty() const { return bytes_[0] == '\0'; }

 private:
  void Assign(std::string_view text) {
    std::size_t length = std::min(text.size(), kBytes - 1);
    if (length < text.size()) {
      while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    }
    if (length > 0) std::memmove(bytes_, text.data(), length);
    bytes_[length] = '\0';
  }

  char bytes_[kBytes] = "";
};

}  // namespace baton::core
