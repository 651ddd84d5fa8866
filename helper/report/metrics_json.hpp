// The metrics of a node as JSON, for those who have no parser of Prometheus' text format.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace baton::helper {

// One object for each family, in their order: name, type, help, and samples with labels and value;
// a value that is no number is null.  What is no line of the format is left out.
nlohmann::json MetricsJson(std::string_view text);

}  // namespace baton::helper
