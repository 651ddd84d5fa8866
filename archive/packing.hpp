// Files of an archive as streams of bytes, whether they are stored as they are or compressed.
// Neither direction holds more than a few hundred kilobytes, whatever the file's size.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/archive_name.hpp"

namespace baton::archive {

// What is read or written at a time.
inline constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;

class Source {
 public:
  virtual ~Source() = default;
  // Fills the buffer as far as there is anything; returns how many bytes, 0 at the end.  Throws
  // kFailed where the file cannot be read, kRefused where what is in it is damaged or cut short.
  std::size_t Read(char* buffer, std::size_t size);

 private:
  // At least one byte, unless the content has ended.
  virtual std::size_t Some(char* buffer, std::size_t size) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Throws kFailed where the file cannot be written.
  virtual void Write(std::string_view bytes) = 0;
  // Writes what is left; without it the file is cut short.  It is not flushed.
  virtual void Finish() = 0;
};

// Both work on an open file from where it is, which stays the caller's to close; `path` is for
// messages.
std::unique_ptr<Source> Unpack(int descriptor, core::Packing packing, std::string path);
// Of kPackings, all but gzip can be written.
std::unique_ptr<Sink> Pack(int descriptor, core::Packing packing, std::string path);

}  // namespace baton::archive
