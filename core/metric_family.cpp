#include "core/metric_family.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace baton::core {
namespace {

enum class Place { kLabel, kHelp };

std::string Escaped(std::string_view text, Place place) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && place == Place::kLabel)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string LabelsText(MetricFamily::Labels labels) {
  std::string text;
  for (const Label& label : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "{" : ",", label.name,
                        Escaped(label.value, Place::kLabel));
  }
  if (!text.empty()) text += '}';
  return text;
}

std::string SampleText(double number) {
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", number);
}

}  // namespace

MetricFamily::MetricFamily(std::string_view name, std::string_view help)
    : name_(name), help_(Escaped(help, Place::kHelp)) {}

void MetricFamily::Add(Labels labels, std::optional<double> number) {
  if (!number || std::isnan(*number)) return;
  std::string text = LabelsText(labels);
  const auto twin = std::find_if(samples_.begin(), samples_.end(),
                                 [&](const auto& sample) { return sample.first == text; });
  if (twin == samples_.end()) {
    samples_.emplace_back(std::move(text), *number);
  } else {
    twin->second = std::max(twin->second, *number);
  }
}

void MetricFamily::AddBytes(Labels labels, std::optional<std::int64_t> bytes) {
  if (bytes) Add(labels, static_cast<double>(*bytes));
}

void MetricFamily::AddSeconds(Labels labels, std::optional<std::chrono::microseconds> duration) {
  if (duration) Add(labels, std::chrono::duration<double>(*duration).count());
}

std::string MetricFamily::Text() const {
  if (samples_.empty()) return "";
  std::string text = fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name_, help_);
  for (const auto& [labels, number] : samples_) {
    text += fmt::format("{}{} {}\n", name_, labels, SampleText(number));
  }
  return text;
}

}  // namespace baton::core
