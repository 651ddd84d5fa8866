#include "helper/report/table.hpp"

#include <algorithm>

namespace baton::helper {
namespace {

std::string RowLine(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += i == 0 ? " " : " | ";
    line += row[i] + std::string(widths[i] - DisplayWidth(row[i]), ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t DisplayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::string> TableLines(const std::vector<std::string>& heading,
                                    const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& cell : heading) widths.push_back(DisplayWidth(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    rule += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
  }
  std::vector<std::string> lines = {RowLine(heading, widths), rule};
  for (const auto& row : rows) lines.push_back(RowLine(row, widths));
  return lines;
}

}  // namespace baton::helper
