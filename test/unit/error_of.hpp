// The Error that an action throws, so that a test can compare its code and all three parts.
#pragma once

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace baton {

template <typename Action>
core::Error ErrorOf(const Action& action) {
  try {
    action();
  } catch (const core::Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return core::Error(core::ErrorCode::kFailed, "");
}

}  // namespace baton
