// The functions of stdio.  Inside libc a stream's bytes reach the kernel by calls that nobody can
// stand in for, so each function is watched by what it has done to the file: its position before
// and after, and the bytes between, read back.  Nothing is written earlier or later than without.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <unistd.h>

#include "test/power/recorder.hpp"

namespace baton::test {
namespace {

// Streams that are open for writing, for those calls that write all of them out.
constexpr int kMostStreams = 256;
FILE* streams[kMostStreams];
pthread_mutex_t streams_mutex = PTHREAD_MUTEX_INITIALIZER;

void Keep(FILE* stream, FILE* instead_of) {
  pthread_mutex_lock(&streams_mutex);
  for (FILE*& place : streams) {
    if (place == instead_of) {
      place = stream;
      break;
    }
  }
  pthread_mutex_unlock(&streams_mutex);
}

bool IsForWriting(int descriptor) {
  const KeptError kept;
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

// Where the next byte goes that the kernel gets.
off_t PlaceOf(int descriptor) {
  const KeptError kept;
  if ((fcntl(descriptor, F_GETFL) & O_APPEND) == 0) return lseek(descriptor, 0, SEEK_CUR);
  struct stat status {};
  fstat(descriptor, &status);
  return status.st_size;
}

template <typename Call>
auto OnStream(FILE* stream, const Call& call) {
  const int descriptor = stream == nullptr ? -1 : fileno(stream);
  const OpenFile file(descriptor);
  if (!file.is_recorded || !IsForWriting(descriptor)) return call();
  const Turn turn;
  const off_t before = PlaceOf(descriptor);
  const auto result = call();
  RecordCopied(file, before, PlaceOf(descriptor));
  return result;
}

int FlushOne(FILE* stream) {
  static const auto next = Next<int(FILE*)>("fflush");
  return OnStream(stream, [&] { return next(stream); });
}

void FlushEach() {
  const KeptError kept;
  FlushOne(stdout);
  FlushOne(stderr);
  for (FILE* const stream : streams) {
    if (stream != nullptr) FlushOne(stream);
  }
}

// libc writes out what is left in streams at exit, where nobody sees it.
__attribute__((destructor)) void End() { FlushEach(); }

template <typename Call>
FILE* Open(const char* path, const char* mode, const Call& call) {
  if (*mode == 'r') {
    FILE* const stream = call();
    if (stream != nullptr && strchr(mode, '+') != nullptr) Keep(stream, nullptr);
    return stream;
  }
  const Turn turn;
  struct stat before {};
  const bool was_there = [&] {
    const KeptError kept;
    return path != nullptr && stat(path, &before) == 0;
  }();
  FILE* const stream = call();
  if (stream == nullptr) return stream;
  Keep(stream, nullptr);
  const OpenFile file(fileno(stream));
  if (file.is_recorded) RecordOpened(file, was_there, *mode == 'w' && before.st_size > 0);
  return stream;
}

int Print(FILE* stream, const char* format, va_list arguments) {
  static const auto next = Next<int(FILE*, const char*, va_list)>("vfprintf");
  return OnStream(stream, [&] { return next(stream, format, arguments); });
}

}  // namespace
}  // namespace baton::test

using namespace baton::test;

RECORDED FILE* fopen(const char* path, const char* mode) {
  const auto next = Next<FILE*(const char*, const char*)>("fopen");
  return Open(path, mode, [&] { return next(path, mode); });
}
RECORDED FILE* fopen64(const char* path, const char* mode) { return fopen(path, mode); }
RECORDED FILE* freopen(const char* path, const char* mode, FILE* stream) {
  const auto next = Next<FILE*(const char*, const char*, FILE*)>("freopen");
  FlushOne(stream);
  Keep(nullptr, stream);
  return Open(path, mode, [&] { return next(path, mode, stream); });
}
RECORDED FILE* freopen64(const char* path, const char* mode, FILE* stream) {
  return freopen(path, mode, stream);
}
RECORDED FILE* fdopen(int descriptor, const char* mode) {
  FILE* const stream = Next<FILE*(int, const char*)>("fdopen")(descriptor, mode);
  if (stream != nullptr && IsForWriting(descriptor)) Keep(stream, nullptr);
  return stream;
}
RECORDED int fclose(FILE* stream) {
  const auto next = Next<int(FILE*)>("fclose");
  // After it nobody can read back what it has written.  A stream that only reads is left alone.
  if (IsForWriting(fileno(stream))) FlushOne(stream);
  Keep(nullptr, stream);
  return next(stream);
}
RECORDED int fflush(FILE* stream) {
  if (stream == nullptr) {
    FlushEach();
    return Next<int(FILE*)>("fflush")(nullptr);
  }
  return FlushOne(stream);
}
RECORDED int fflush_unlocked(FILE* stream) { return fflush(stream); }

RECORDED size_t fwrite(const void* data, size_t size, size_t count, FILE* stream) {
  static const auto next = Next<size_t(const void*, size_t, size_t, FILE*)>("fwrite");
  return OnStream(stream, [&] { return next(data, size, count, stream); });
}
RECORDED size_t fwrite_unlocked(const void* data, size_t size, size_t count, FILE* stream) {
  return fwrite(data, size, count, stream);
}
RECORDED int fputs(const char* text, FILE* stream) {
  static const auto next = Next<int(const char*, FILE*)>("fputs");
  return OnStream(stream, [&] { return next(text, stream); });
}
RECORDED int fputs_unlocked(const char* text, FILE* stream) { return fputs(text, stream); }
RECORDED int fputc(int letter, FILE* stream) {
  static const auto next = Next<int(int, FILE*)>("fputc");
  return OnStream(stream, [&] { return next(letter, stream); });
}
#undef putc
RECORDED int putc(int letter, FILE* stream) { return fputc(letter, stream); }
RECORDED int putc_unlocked(int letter, FILE* stream) { return fputc(letter, stream); }
RECORDED int fputc_unlocked(int letter, FILE* stream) { return fputc(letter, stream); }
RECORDED int _IO_putc(int letter, FILE* stream) { return fputc(letter, stream); }
RECORDED int __overflow(FILE* stream, int letter) {
  static const auto next = Next<int(FILE*, int)>("__overflow");
  return OnStream(stream, [&] { return next(stream, letter); });
}
RECORDED int putchar(int letter) { return fputc(letter, stdout); }
RECORDED int puts(const char* text) {
  static const auto next = Next<int(const char*)>("puts");
  return OnStream(stdout, [&] { return next(text); });
}

RECORDED int vfprintf(FILE* stream, const char* format, va_list arguments) {
  return Print(stream, format, arguments);
}
RECORDED int vprintf(const char* format, va_list arguments) {
  return Print(stdout, format, arguments);
}
RECORDED int __vfprintf_chk(FILE* stream, int, const char* format, va_list arguments) {
  return Print(stream, format, arguments);
}

#define PRINTS(DECLARATION, STREAM)                      \
  RECORDED int DECLARATION {                             \
    va_list arguments;                                   \
    va_start(arguments, format);                         \
    const int result = Print(STREAM, format, arguments); \
    va_end(arguments);                                   \
    return result;                                       \
  }
PRINTS(fprintf(FILE* stream, const char* format, ...), stream)
PRINTS(printf(const char* format, ...), stdout)
PRINTS(__fprintf_chk(FILE* stream, int, const char* format, ...), stream)
PRINTS(__printf_chk(int, const char* format, ...), stdout)

RECORDED int fseek(FILE* stream, long offset, int whence) {
  if (IsForWriting(fileno(stream))) FlushOne(stream);
  return Next<int(FILE*, long, int)>("fseek")(stream, offset, whence);
}
RECORDED int fseeko(FILE* stream, off_t offset, int whence) {
  if (IsForWriting(fileno(stream))) FlushOne(stream);
  return Next<int(FILE*, off_t, int)>("fseeko")(stream, offset, whence);
}
RECORDED int fseeko64(FILE* stream, off64_t offset, int whence) {
  return fseeko(stream, offset, whence);
}
RECORDED void rewind(FILE* stream) {
  if (IsForWriting(fileno(stream))) FlushOne(stream);
  Next<void(FILE*)>("rewind")(stream);
}
