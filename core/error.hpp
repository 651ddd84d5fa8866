// The one exception that ends a command or an SQL call, in the three parts that PostgreSQL's own
// messages have.  What the code means to the caller, an exit status or an SQLSTATE, is decided
// where it is caught: in the helper's main and in the extension's guard.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace baton::core {

enum class ErrorCode {
  kFailed,       // it was tried and did not work; nothing was changed
  kUsage,        // the request itself makes no sense
  kRefused,      // a check said no
  kInterrupted,  // stopped half-way; running the command again goes on or starts over
  kInvalidName,  // a value that cannot be what it stands for
  kWrongState,   // right request, wrong server: a standby where a primary is needed, or the reverse
  kBusy,         // somebody else is doing it just now
  kNotFound,
  kReadOnly,  // this server must not write now
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string detail = "", std::string hint = "")
      : code_(code),
        message_(std::move(message)),
        detail_(std::move(detail)),
        hint_(std::move(hint)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string detail_;
  std::string hint_;
};

}  // namespace baton::core
