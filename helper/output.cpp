#include "helper/output.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace baton::helper {
namespace {

// PG_COLOR as src/common/logging.c reads it; never coloured unless asked for.
bool UseColour() {
  const char* const setting = std::getenv("PG_COLOR");
  const std::string_view value = setting == nullptr ? "" : setting;
  return value == "always" || (value == "auto" && isatty(STDERR_FILENO) != 0);
}

std::string Coloured(std::string_view text, std::string_view colour) {
  static const bool kUse = UseColour();
  if (!kUse) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", colour, text);
}

}  // namespace

void Output::Line(std::string_view text) {
  if (is_json()) {
    result_["messages"].push_back(text);
    return;
  }
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void Output::Detail(std::string_view text) {
  if (verbose_) fmt::print(stderr, "pg_baton: {}\n", text);
}

void Output::Message(std::string_view severity, std::string_view colour, std::string_view message,
                     std::string_view detail, std::string_view hint) {
  std::fflush(stdout);
  fmt::print(stderr, "pg_baton: {} {}\n", Coloured(severity, colour), message);
  if (!detail.empty())
    fmt::print(stderr, "pg_baton: {} {}\n", Coloured("detail:", "01;36"), detail);
  if (!hint.empty()) fmt::print(stderr, "pg_baton: {} {}\n", Coloured("hint:", "01;36"), hint);
}

void Output::Warning(std::string_view message, std::string_view detail, std::string_view hint) {
  Message("warning:", "01;35", message, detail, hint);
}

void Output::Error(std::string_view message, std::string_view detail, std::string_view hint) {
  Message("error:", "01;31", message, detail, hint);
}

void Output::Table(const std::vector<std::string>& heading,
                   const std::vector<std::vector<std::string>>& rows) {
  if (is_json()) return;
  std::vector<std::size_t> widths;
  for (const std::string& cell : heading) widths.push_back(cell.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{}{:<{}}", i == 0 ? " " : " | ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  };
  print(heading);
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    rule += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
  }
  fmt::print("{}\n", rule);
  for (const auto& row : rows) print(row);
  std::fflush(stdout);
}

void Output::PrintResult() {
  if (!is_json()) return;
  fmt::print("{}\n", result_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  std::fflush(stdout);
}

}  // namespace baton::helper
