// Prometheus' text format, one metric at a time; see "Exposition formats" in Prometheus' manual,
// section "Text-based format".
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::core {

struct Label {
  std::string_view name;
  std::string_view value;  // escaped by the family
};

// One gauge with its samples.
class MetricFamily {
 public:
  using Labels = std::initializer_list<Label>;

  // `help` is one line for people, with its full stop.
  MetricFamily(std::string_view name, std::string_view help);

  // No number, or one that is none (NaN), gives no sample.  Of two samples with the same labels the
  // larger number stays, since a scrape with both is rejected as a whole.
  void Add(Labels labels, std::optional<double> number);
  void AddBytes(Labels labels, std::optional<std::int64_t> bytes);
  void AddSeconds(Labels labels, std::optional<std::chrono::microseconds> duration);

  // All its lines; empty without a sample.
  std::string Text() const;

 private:
  std::string name_;
  std::string help_;
  std::vector<std::pair<std::string, double>> samples_;  // labels as they are printed, number
};

}  // namespace baton::core
