// What a command says: its steps and its result on standard output, as text or as one JSON object;
// problems on standard error, in the form of PostgreSQL's own client programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "helper/system/colour.hpp"

namespace baton::helper {

enum class Format { kText, kJson };

class Output {
 public:
  void set_format(Format format) { format_ = format; }
  void set_verbose(bool verbose) { verbose_ = verbose; }
  bool is_json() const { return format_ == Format::kJson; }
  // The object printed at the end of a command in JSON; every command puts its result into it.
  nlohmann::json& result() { return result_; }

  void Line(std::string_view text);    // a step or a fact; in JSON an element of "messages"
  void Detail(std::string_view text);  // only with --verbose, to standard error
  void Warning(std::string_view message, std::string_view detail = "", std::string_view hint = "");
  void Error(std::string_view message, std::string_view detail = "", std::string_view hint = "");
  void PrintResult();  // the JSON object, if that is the format

 private:
  void Message(std::string_view severity, Tone tone, std::string_view message,
               std::string_view detail, std::string_view hint);

  Format format_ = Format::kText;
  bool verbose_ = false;
  nlohmann::json result_ = nlohmann::json::object();
};

}  // namespace baton::helper
