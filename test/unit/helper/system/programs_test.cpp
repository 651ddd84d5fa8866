#include "helper/system/programs.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

TEST(MajorFrom, IsTheFirstNumber) {
  EXPECT_EQ(MajorFrom("postgres (PostgreSQL) 15.4 (Debian 15.4-1.pgdg120+1)\n"), 15);
  EXPECT_EQ(MajorFrom("postgres (PostgreSQL) 18beta1"), 18);
  EXPECT_EQ(MajorFrom("17"), 17);
}

TEST(MajorFrom, IsNoneWhereNoNumberIs) {
  EXPECT_EQ(MajorFrom(""), std::nullopt);
  EXPECT_EQ(MajorFrom("could not execute"), std::nullopt);
}

TEST(VersionFrom, IsTheFirstWordWithANumber) {
  EXPECT_EQ(VersionFrom("postgres (PostgreSQL) 15.4 (Debian 15.4-1.pgdg120+1)\n"), "15.4");
  EXPECT_EQ(VersionFrom("postgres (PostgreSQL) 18beta1\n"), "18beta1");
  EXPECT_EQ(VersionFrom("could not execute"), "");
}

TEST(LibraryFolder, IsEmptyWhereNoServerIs) {
  EXPECT_EQ(LibraryFolder({"/no/such/folder/bin", 15, "15.4", "x86_64"}), "");
}

TEST(Programs, HaveTheirPathsInTheFolder) {
  const Programs programs{"/usr/lib/postgresql/15/bin", 15, "15.4", "x86_64"};

  EXPECT_EQ(programs.Path("pg_ctl"), "/usr/lib/postgresql/15/bin/pg_ctl");
}

// The first bytes of a program, by the rules of elf(5).
std::string ElfHeader(unsigned char elf_class, unsigned char order, unsigned machine) {
  std::string header(sizeof(Elf64_Ehdr), '\0');
  header.replace(0, SELFMAG, ELFMAG);
  header[EI_CLASS] = static_cast<char>(elf_class);
  header[EI_DATA] = static_cast<char>(order);
  const auto low = static_cast<char>(machine & 0xFF);
  const auto high = static_cast<char>(machine >> 8);
  header[18] = order == ELFDATA2LSB ? low : high;
  header[19] = order == ELFDATA2LSB ? high : low;
  return header;
}

class ElfArchitectureTest : public testing::Test {
 protected:
  std::string Of(const std::string& content) const {
    ReplaceFile(directory_ / "program", content);
    return ElfArchitecture(directory_ / "program");
  }

  TemporaryDirectory directory_;
};

TEST_F(ElfArchitectureTest, IsTheNameThatUnameHas) {
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2LSB, EM_X86_64)), "x86_64");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS32, ELFDATA2LSB, EM_386)), "i686");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2LSB, EM_AARCH64)), "aarch64");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS32, ELFDATA2LSB, EM_ARM)), "arm");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2LSB, EM_PPC64)), "powerpc64le");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2LSB, EM_RISCV)), "riscv64");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS32, ELFDATA2LSB, EM_RISCV)), "riscv32");
}

TEST_F(ElfArchitectureTest, IsReadInTheByteOrderOfTheFile) {
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2MSB, EM_PPC64)), "powerpc64");
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2MSB, EM_S390)), "s390x");
}

TEST_F(ElfArchitectureTest, IsANumberIfItHasNoNameHere) {
  EXPECT_EQ(Of(ElfHeader(ELFCLASS64, ELFDATA2LSB, 0x9026)), "machine 36902");
}

TEST_F(ElfArchitectureTest, IsEmptyForWhatIsNoProgram) {
  EXPECT_EQ(Of(""), "");
  EXPECT_EQ(Of("\177ELF"), "");
  EXPECT_EQ(Of("#!/bin/sh\n" + std::string(100, '#')), "");
  EXPECT_EQ(ElfArchitecture(directory_ / "nothing"), "");
}

TEST_F(ElfArchitectureTest, IsKnownOfThisVeryProgram) {
  EXPECT_NE(ElfArchitecture("/proc/self/exe"), "");
}

class FindProgramsTest : public testing::Test {
 protected:
  // A folder with a program that says it is this version.
  std::string FolderWith(const std::string& version) const {
    ReplaceFile(directory_ / "postgres",
                "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n", 0700);
    return directory_.path();
  }

  TemporaryDirectory directory_;
};

TEST_F(FindProgramsTest, TakesTheFolderThatIsGivenWhateverItsVersion) {
  const std::string folder = FolderWith("17.2");

  const Programs programs = FindPrograms(folder, 15);

  EXPECT_EQ(programs.bindir, folder);
  EXPECT_EQ(programs.major, 17);
  EXPECT_EQ(programs.architecture, "");
}

TEST_F(FindProgramsTest, FindsNoneInAFolderWithoutThem) {
  const Programs programs = FindPrograms(directory_.path(), 15);

  EXPECT_EQ(programs.bindir, "");
  EXPECT_EQ(programs.major, 0);
}

TEST_F(FindProgramsTest, FindsNoneOfAVersionThatIsNotThere) {
  EXPECT_EQ(FindPrograms("", 3).bindir, "");
}

}  // namespace
}  // namespace baton::helper
