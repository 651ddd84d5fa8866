#include "core/crc32c.hpp"

#include <array>
#include <cstring>

namespace baton::core {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, its lowest bit first
constexpr std::size_t kStep = 8;
using Table = std::array<std::array<std::uint32_t, 256>, kStep>;

// Row n is what a byte does to the checksum when n more bytes follow it.
constexpr Table MakeTable() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    table[0][byte] = value;
  }
  for (std::size_t row = 1; row < kStep; ++row) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[row - 1][byte];
      table[row][byte] = (before >> 8) ^ table[0][before & 0xFF];
    }
  }
  return table;
}

constexpr Table kTable = MakeTable();

std::uint32_t AddBytes(std::uint32_t state, std::string_view bytes) {
  for (const char c : bytes) {
    state = (state >> 8) ^ kTable[0][(state ^ static_cast<unsigned char>(c)) & 0xFF];
  }
  return state;
}

std::uint32_t AddByTable(std::uint32_t state, std::string_view bytes) {
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), kStep);
    word ^= state;
    state = 0;
    for (std::size_t i = 0; i < kStep; ++i) {
      state ^= kTable[kStep - 1 - i][(word >> (8 * i)) & 0xFF];
    }
  }
  return AddBytes(state, bytes);
}

#ifdef __x86_64__
[[gnu::target("sse4.2")]] std::uint32_t AddByProcessor(std::uint32_t state,
                                                       std::string_view bytes) {
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), kStep);
    state = static_cast<std::uint32_t>(__builtin_ia32_crc32di(state, word));
  }
  return AddBytes(state, bytes);
}
#endif

}  // namespace

void Crc32c::Add(std::string_view bytes) {
#ifdef __x86_64__
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) {
    state_ = AddByProcessor(state_, bytes);
    return;
  }
#endif
  state_ = AddByTable(state_, bytes);
}

}  // namespace baton::core
