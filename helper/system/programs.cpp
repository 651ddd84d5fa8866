#include "helper/system/programs.hpp"

#include <bit>
#include <byteswap.h>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <unistd.h>
#include <vector>

#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

Programs Look(const std::string& bindir) {
  Programs programs;
  const std::string postgres = bindir + "/postgres";
  if (access(postgres.c_str(), X_OK) != 0) return programs;
  programs.architecture = ElfArchitecture(postgres);
  const ProcessResult version = RunProcess({postgres, "--version"});
  if (version.exit_code == 0) {
    programs.major = MajorFrom(version.output).value_or(0);
    programs.version = VersionFrom(version.output);
  }
  programs.bindir = bindir;
  return programs;
}

std::vector<std::string> Candidates(int major) {
  std::vector<std::string> folders = {fmt::format("/usr/lib/postgresql/{}/bin", major)};
  const std::filesystem::path self = OwnProgram();
  if (!self.empty()) folders.push_back(self.parent_path());
  const char* const path = std::getenv("PATH");
  std::istringstream search(path == nullptr ? "" : path);
  for (std::string folder; std::getline(search, folder, ':');) {
    if (!folder.empty()) folders.push_back(folder);
  }
  return folders;
}

}  // namespace

Programs FindPrograms(const std::string& bindir, int major) {
  if (!bindir.empty()) return Look(bindir);
  for (const std::string& folder : Candidates(major)) {
    const Programs programs = Look(folder);
    if (!programs.bindir.empty() && programs.major == major) return programs;
  }
  return {};
}

std::string OwnProgram() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "" : self.string();
}

std::string ElfArchitecture(const std::string& path) {
  Elf64_Ehdr header{};
  std::ifstream file(path, std::ios::binary);
  // Class, byte order and machine stand at the same places in 32 and 64 bits.
  if (!file.read(reinterpret_cast<char*>(&header), sizeof(header))) return "";
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "";
  const bool little = header.e_ident[EI_DATA] == ELFDATA2LSB;
  const bool as_here = little == (std::endian::native == std::endian::little);
  const std::uint16_t machine = as_here ? header.e_machine : bswap_16(header.e_machine);
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_386:
      return "i686";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "arm";
    case EM_PPC64:
      return little ? "powerpc64le" : "powerpc64";
    case EM_S390:
      return "s390x";
    case EM_RISCV:
      return header.e_ident[EI_CLASS] == ELFCLASS64 ? "riscv64" : "riscv32";
    default:
      return fmt::format("machine {}", machine);
  }
}

// A part of every server lies there (src/port/path.c, get_pkglib_path).
std::string LibraryFolder(const Programs& programs) {
  const std::filesystem::path beside = std::filesystem::path(programs.bindir).parent_path();
  for (const char* const folder : {"lib", "lib/postgresql", "lib64/postgresql", "lib64"}) {
    std::error_code error;
    if (std::filesystem::exists(beside / folder / "libpqwalreceiver.so", error)) {
      return beside / folder;
    }
  }
  return "";
}

std::string VersionFrom(const std::string& version_line) {
  const auto begin = version_line.find_first_of("0123456789");
  if (begin == std::string::npos) return "";
  return version_line.substr(begin, version_line.find_first_of(" \n", begin) - begin);
}

std::optional<int> MajorFrom(const std::string& version_line) {
  const auto begin = version_line.find_first_of("0123456789");
  if (begin == std::string::npos) return std::nullopt;
  int major = 0;
  std::from_chars(version_line.data() + begin, version_line.data() + version_line.size(), major);
  return major;
}

}  // namespace baton::helper
