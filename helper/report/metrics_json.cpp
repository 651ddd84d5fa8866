#include "helper/report/metrics_json.hpp"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

namespace baton::helper {
namespace {

using nlohmann::json;

// Takes what stands before the separator, which is left out; all of it where there is none.
std::string_view Take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

// What stands in quotes, which `text` begins with, and their escapes; nullopt if they do not end.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      value += text[i] == 'n' ? '\n' : text[i];
    } else {
      value += text[i];
    }
  }
  return std::nullopt;
}

// The labels behind "{", up to "}", which is left out with them.
std::optional<json> TakeLabels(std::string_view& text) {
  json labels = json::object();
  while (!text.starts_with('}')) {
    const std::string name(Take(text, '='));
    if (name.empty() || !text.starts_with('"')) return std::nullopt;
    const auto value = TakeQuoted(text);
    if (!value) return std::nullopt;
    labels[name] = *value;
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  text.remove_prefix(1);
  return labels;
}

json ValueOf(std::string_view text) {
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  return std::isfinite(value) ? json(value) : json(nullptr);
}

// "name{label="..."} value"; nullopt if it is something else.
std::optional<json> Sample(std::string_view line) {
  json labels = json::object();
  const std::size_t brace = line.find('{');
  if (brace != std::string_view::npos) {
    line.remove_prefix(brace + 1);
    const auto found = TakeLabels(line);
    if (!found) return std::nullopt;
    labels = *found;
  } else {
    Take(line, ' ');
  }
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return std::nullopt;
  return json{{"labels", labels}, {"value", ValueOf(line.substr(begin))}};
}

// The family that a line is about; one that begins is added.
json& Family(json& families, std::string_view name) {
  if (families.empty() || families.back()["name"] != name) {
    families.push_back(
        {{"name", name}, {"type", "untyped"}, {"help", ""}, {"samples", json::array()}});
  }
  return families.back();
}

}  // namespace

json MetricsJson(std::string_view text) {
  json families = json::array();
  while (!text.empty()) {
    std::string_view line = Take(text, '\n');
    const bool is_help = line.starts_with("# HELP ");
    const bool is_type = line.starts_with("# TYPE ");
    if (is_help || is_type) {
      line.remove_prefix(7);
      const std::string_view name = Take(line, ' ');
      Family(families, name)[is_help ? "help" : "type"] = line;
    } else if (!line.empty() && line.front() != '#') {
      const std::string_view name = line.substr(0, line.find_first_of("{ "));
      if (const auto sample = Sample(line)) Family(families, name)["samples"].push_back(*sample);
    }
  }
  return families;
}

}  // namespace baton::helper
