#include "helper/output.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "core/secret_text.hpp"
#include "helper/system/log_file.hpp"

namespace baton::helper {
namespace {

const Palette& ErrorPalette() {
  static const Palette palette = Palette::Of(STDERR_FILENO);
  return palette;
}

}  // namespace

void Output::Line(std::string_view text) {
  Log(text);
  if (is_json()) {
    result_["messages"].push_back(text);
    return;
  }
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void Output::Detail(std::string_view text) {
  if (!verbose_) return;
  const std::string shown = core::WithoutSecrets(text);
  Log(shown);
  fmt::print(stderr, "pg_baton: {}\n", shown);
}

void Output::Message(std::string_view severity, Tone tone, std::string_view message,
                     std::string_view detail, std::string_view hint) {
  const Palette& palette = ErrorPalette();
  std::fflush(stdout);
  Log(fmt::format("{} {}", severity, message));
  if (!detail.empty()) Log(fmt::format("detail: {}", detail));
  if (!hint.empty()) Log(fmt::format("hint: {}", hint));
  fmt::print(stderr, "pg_baton: {} {}\n", palette.Paint(severity, tone), message);
  if (!detail.empty()) {
    fmt::print(stderr, "pg_baton: {} {}\n", palette.Paint("detail:", Tone::kNote), detail);
  }
  if (!hint.empty()) {
    fmt::print(stderr, "pg_baton: {} {}\n", palette.Paint("hint:", Tone::kNote), hint);
  }
}

void Output::Warning(std::string_view message, std::string_view detail, std::string_view hint) {
  Message("warning:", Tone::kWarning, message, detail, hint);
}

void Output::Error(std::string_view message, std::string_view detail, std::string_view hint) {
  Message("error:", Tone::kError, message, detail, hint);
}

void Output::PrintResult() {
  if (!is_json()) return;
  fmt::print("{}\n", result_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  std::fflush(stdout);
}

}  // namespace baton::helper
