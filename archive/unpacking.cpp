#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <lz4frame.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>
#include <zstd.h>

#include "archive/packing.hpp"
#include "core/error.hpp"

namespace baton::archive {
namespace {

constexpr std::string_view kCutShort = "it is cut short";

// What the formats share: the file, read piece by piece.
// What is packed may have left content in a decoder when the file is read to its end, so each of
// them is asked once more before the file counts as cut short.
class PackedSource : public Source {
 public:
  PackedSource(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  PackedSource(const PackedSource&) = delete;
  PackedSource& operator=(const PackedSource&) = delete;

 protected:
  std::size_t FromFile(char* buffer, std::size_t size) const {
    for (;;) {
      const ssize_t count = read(descriptor_, buffer, size);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EINTR) continue;
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("could not read file \"{}\": {}", path_, std::strerror(errno)));
    }
  }
  // Packed bytes that are not taken yet; empty at the end of the file.
  std::string_view Ahead() {
    if (ahead_.empty()) {
      piece_.resize(kPieceBytes);
      ahead_ = {piece_.data(), FromFile(piece_.data(), piece_.size())};
    }
    return ahead_;
  }
  void Take(std::size_t size) { ahead_.remove_prefix(size); }
  [[noreturn]] void Fail(std::string_view reason) const {
    throw core::Error(core::ErrorCode::kRefused, fmt::format("file \"{}\" is damaged", path_),
                      fmt::format("It cannot be unpacked: {}.", reason));
  }

 private:
  int descriptor_;
  std::string path_;
  std::vector<char> piece_;
  std::string_view ahead_;
};

class PlainSource : public PackedSource {
 public:
  using PackedSource::PackedSource;

 private:
  std::size_t Some(char* buffer, std::size_t size) override { return FromFile(buffer, size); }
};

class ZstdSource : public PackedSource {
 public:
  using PackedSource::PackedSource;

 private:
  std::size_t Some(char* buffer, std::size_t size) override {
    for (;;) {
      const std::string_view ahead = Ahead();
      if (ahead.empty() && !is_within_) return 0;
      ZSTD_outBuffer out{buffer, size, 0};
      ZSTD_inBuffer in{ahead.data(), ahead.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(left) != 0) Fail(ZSTD_getErrorName(left));
      is_within_ = left != 0;
      Take(in.pos);
      if (out.pos > 0) return out.pos;
      if (ahead.empty()) Fail(kCutShort);
    }
  }

  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_{ZSTD_createDCtx(),
                                                                   &ZSTD_freeDCtx};
  bool is_within_ = true;  // a frame; an empty file is none
};

class Lz4Source : public PackedSource {
 public:
  Lz4Source(int file, std::string name) : PackedSource(file, std::move(name)) {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) != 0) {
      throw std::bad_alloc();
    }
    context_.reset(context);
  }

 private:
  std::size_t Some(char* buffer, std::size_t size) override {
    for (;;) {
      const std::string_view ahead = Ahead();
      if (ahead.empty() && !is_within_) return 0;
      std::size_t produced = size;
      std::size_t taken = ahead.size();
      const std::size_t left =
          LZ4F_decompress(context_.get(), buffer, &produced, ahead.data(), &taken, nullptr);
      if (LZ4F_isError(left) != 0) Fail(LZ4F_getErrorName(left));
      is_within_ = left != 0;
      Take(taken);
      if (produced > 0) return produced;
      if (ahead.empty()) Fail(kCutShort);
    }
  }

  std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> context_{
      nullptr, &LZ4F_freeDecompressionContext};
  bool is_within_ = true;
};

class GzipSource : public PackedSource {
 public:
  GzipSource(int file, std::string name) : PackedSource(file, std::move(name)) {
    constexpr int kWindowOfGzip = 15 + 16;
    if (inflateInit2(&stream_, kWindowOfGzip) != Z_OK) throw std::bad_alloc();
  }
  ~GzipSource() override { inflateEnd(&stream_); }

 private:
  std::size_t Some(char* buffer, std::size_t size) override {
    for (;;) {
      const std::string_view ahead = Ahead();
      if (ahead.empty() && !is_within_) return 0;
      // A file may have several members, one after the other.
      if (!is_within_) inflateReset(&stream_);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(ahead.data()));
      stream_.avail_in = static_cast<uInt>(ahead.size());
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = static_cast<uInt>(size);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        Fail(stream_.msg == nullptr ? "it is no gzip file" : stream_.msg);
      }
      is_within_ = result != Z_STREAM_END;
      Take(ahead.size() - stream_.avail_in);
      if (stream_.avail_out < size) return size - stream_.avail_out;
      if (ahead.empty()) Fail(kCutShort);
    }
  }

  z_stream stream_{};
  bool is_within_ = true;
};

}  // namespace

std::size_t Source::Read(char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const std::size_t count = Some(buffer + done, size - done);
    if (count == 0) break;
    done += count;
  }
  return done;
}

std::unique_ptr<Source> Unpack(int descriptor, core::Packing packing, std::string path) {
  switch (packing) {
    case core::Packing::kPlain:
      break;
    case core::Packing::kZstd:
      return std::make_unique<ZstdSource>(descriptor, std::move(path));
    case core::Packing::kLz4:
      return std::make_unique<Lz4Source>(descriptor, std::move(path));
    case core::Packing::kGzip:
      return std::make_unique<GzipSource>(descriptor, std::move(path));
  }
  return std::make_unique<PlainSource>(descriptor, std::move(path));
}

}  // namespace baton::archive
