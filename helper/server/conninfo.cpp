#include "helper/server/conninfo.hpp"

#include <libpq-fe.h>
#include <memory>

#include "core/error.hpp"

namespace baton::helper {

Parameters ParseConninfo(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(conninfo.c_str(), &message), &PQconninfoFree);
  if (options == nullptr) {
    std::string detail = message == nullptr ? "" : message;
    PQfreemem(message);
    while (!detail.empty() && detail.back() == '\n') detail.pop_back();
    throw core::Error(core::ErrorCode::kUsage, "invalid connection string", detail,
                      "Write it as \"host=10.0.0.1 port=5432\".");
  }
  Parameters parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  return parameters;
}

std::string ConninfoText(const Parameters& parameters) {
  std::string text;
  for (const auto& [keyword, value] : parameters) {
    if (keyword == "password") {
      throw core::Error(core::ErrorCode::kUsage, "a password does not belong into this place", "",
                        "Put it into the password file.");
    }
    if (!text.empty()) text += ' ';
    text += keyword + '=';
    if (!value.empty() && value.find_first_of(" \t\n\v\f\r'\\") == std::string::npos) {
      text += value;
      continue;
    }
    text += '\'';
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  }
  return text;
}

Parameters WithAddressOf(Parameters parameters, const Parameters& there) {
  for (const char* const keyword : {"host", "hostaddr", "port"}) {
    parameters.erase(keyword);
    const auto found = there.find(keyword);
    if (found != there.end()) parameters.insert(*found);
  }
  // Said even if it is the default, since a service or the environment may say otherwise.
  parameters.emplace("port", "5432");
  parameters["target_session_attrs"] = "any";
  return parameters;
}

}  // namespace baton::helper
