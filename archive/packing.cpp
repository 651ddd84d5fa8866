#include "archive/packing.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <lz4frame.h>
#include <unistd.h>
#include <vector>
#include <zstd.h>

#include "core/error.hpp"

namespace baton::archive {
namespace {

// What the formats share: the file.
class PackedSink : public Sink {
 public:
  PackedSink(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  PackedSink(const PackedSink&) = delete;
  PackedSink& operator=(const PackedSink&) = delete;

 protected:
  void ToFile(std::string_view bytes) const {
    while (!bytes.empty()) {
      errno = 0;
      const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
        continue;
      }
      if (errno == EINTR) continue;
      // As PostgreSQL has it: a short write without a reason is a full disk.
      const int reason = errno == 0 ? ENOSPC : errno;
      throw core::Error(core::ErrorCode::kFailed, fmt::format("could not write file \"{}\": {}",
                                                              path_, std::strerror(reason)));
    }
  }
  [[noreturn]] void Fail(std::string_view reason) const {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not compress file \"{}\": {}", path_, reason));
  }

 private:
  int descriptor_;
  std::string path_;
};

class PlainSink : public PackedSink {
 public:
  using PackedSink::PackedSink;
  void Write(std::string_view bytes) override { ToFile(bytes); }
  void Finish() override {}
};

class ZstdSink : public PackedSink {
 public:
  ZstdSink(int file, std::string name)
      : PackedSink(file, std::move(name)), piece_(ZSTD_CStreamOutSize()) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  void Write(std::string_view bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) Encode(in, ZSTD_e_continue);
  }
  void Finish() override {
    ZSTD_inBuffer in{nullptr, 0, 0};
    while (Encode(in, ZSTD_e_end) != 0) {
    }
  }

 private:
  std::size_t Encode(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
    if (ZSTD_isError(left) != 0) Fail(ZSTD_getErrorName(left));
    ToFile({piece_.data(), out.pos});
    return left;
  }
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_{ZSTD_createCCtx(),
                                                                   &ZSTD_freeCCtx};
  std::vector<char> piece_;
};

class Lz4Sink : public PackedSink {
 public:
  Lz4Sink(int file, std::string name) : PackedSink(file, std::move(name)) {
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)) != 0) {
      throw std::bad_alloc();
    }
    context_.reset(context);
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    piece_.resize(LZ4F_compressBound(kPieceBytes, &preferences_));
    ToFile({piece_.data(), Require(LZ4F_compressBegin(context_.get(), piece_.data(), piece_.size(),
                                                      &preferences_))});
  }
  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kPieceBytes);
      bytes.remove_prefix(part.size());
      ToFile(
          {piece_.data(), Require(LZ4F_compressUpdate(context_.get(), piece_.data(), piece_.size(),
                                                      part.data(), part.size(), nullptr))});
    }
  }
  void Finish() override {
    ToFile({piece_.data(),
            Require(LZ4F_compressEnd(context_.get(), piece_.data(), piece_.size(), nullptr))});
  }

 private:
  std::size_t Require(std::size_t result) const {
    if (LZ4F_isError(result) != 0) Fail(LZ4F_getErrorName(result));
    return result;
  }
  std::unique_ptr<LZ4F_cctx, LZ4F_errorCode_t (*)(LZ4F_cctx*)> context_{
      nullptr, &LZ4F_freeCompressionContext};
  LZ4F_preferences_t preferences_{};
  std::vector<char> piece_;
};

}  // namespace

std::unique_ptr<Sink> Pack(int descriptor, core::Packing packing, std::string path) {
  switch (packing) {
    case core::Packing::kPlain:
      break;
    case core::Packing::kZstd:
      return std::make_unique<ZstdSink>(descriptor, std::move(path));
    case core::Packing::kLz4:
      return std::make_unique<Lz4Sink>(descriptor, std::move(path));
    case core::Packing::kGzip:
      throw core::Error(core::ErrorCode::kUsage, "gzip is read, not written");
  }
  return std::make_unique<PlainSink>(descriptor, std::move(path));
}

}  // namespace baton::archive
