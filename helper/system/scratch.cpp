#include "helper/system/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

#include "core/error.hpp"

namespace baton::helper {

ScratchFolder::ScratchFolder() {
  std::string pattern = fs::temp_directory_path() / "pg_baton_XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not make folder \"{}\": {}",
                                                            pattern, std::strerror(errno)));
  }
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

}  // namespace baton::helper
